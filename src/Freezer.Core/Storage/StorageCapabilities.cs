namespace Freezer.Storage;

/// <summary>The few properties of a storage that change what its callers do.</summary>
public sealed record StorageCapabilities
{
    /// <summary>The largest object in bytes, or <see langword="null"/> (the default) for no limit worth minding.</summary>
    public long? LargestObject { get; init; }

    /// <summary>Up to which length in bytes <see cref="WriteMode.CreateNew"/> has exactly one winner among writers that
    /// race. <see cref="long.MaxValue"/> by default; 0 where the storage can only look and then write.</summary>
    public long AtomicCreateLimit { get; init; } = long.MaxValue;

    /// <summary>How many operations the storage serves at the same time at least; 64 by default. A backup holds
    /// <see cref="OperationsOfABackup"/> open, so a storage that serves fewer cannot take one.</summary>
    public int LeastConcurrency { get; init; } = 64;

    /// <summary>Whether listings are ordered by key; <see langword="true"/> by default.</summary>
    public bool ListsInOrder { get; init; } = true;

    /// <summary>How many operations one backup holds open at the same time.</summary>
    public const int OperationsOfABackup = 4;
}
