namespace Freezer;

/// <summary>What a backup that is not trusted may ask of whoever restores it. What goes beyond is an error, or a skip of the entry, that names the limit.</summary>
/// <remarks>They hold where <see cref="RestoreOptions.Untrusted"/> is set, and for every backup that this library did not commit. What this library
/// committed is restored however large it is: its memory is bounded all the same, by the largest directory that was backed up.</remarks>
public sealed record ReaderLimits
{
    /// <summary>The defaults, which an honest backup of less than 16 TiB keeps.</summary>
    public static ReaderLimits Default { get; } = new();

    /// <summary>The longest header of one entry in bytes: its name, attributes, and the listing of a directory. It bounds the memory of the restore, which is a few
    /// times as much. 64 MiB by default, the names of more than a million files in one directory.</summary>
    public int LongestHeader { get; init; } = 64 << 20;

    /// <summary>The longest path of an entry in bytes, and with that how deep a directory can be. 1 MiB by default.</summary>
    public int LongestPath { get; init; } = 1 << 20;

    /// <summary>The most extended attributes of one entry. 16,384 by default.</summary>
    public int MostAttributes { get; init; } = 1 << 14;

    /// <summary>The most stretches of data in one sparse file. 1,048,576 by default.</summary>
    public int MostExtents { get; init; } = 1 << 20;

    /// <summary>The longest file or volume in bytes, its holes counted. A longer file is skipped, and a longer volume refused. 16 TiB by default.</summary>
    public long LargestFile { get; init; } = 1L << 44;

    /// <summary>The most entries of all levels together. 100,000,000 by default.</summary>
    public long MostEntries { get; init; } = 100_000_000;

    /// <summary>The most bytes that are decompressed in one restore. 16 TiB by default.</summary>
    public long MostContent { get; init; } = 1L << 44;

    /// <summary>How many times as many bytes as are stored may be decompressed. The first GiB is free. 1,100 by default, more than gzip can ever make.</summary>
    public int MostExpansion { get; init; } = 1_100;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LongestHeader);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LongestHeader, 1 << 30, nameof(LongestHeader));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LongestPath);
        ArgumentOutOfRangeException.ThrowIfNegative(MostAttributes);
        ArgumentOutOfRangeException.ThrowIfNegative(MostExtents);
        ArgumentOutOfRangeException.ThrowIfNegative(LargestFile);
        ArgumentOutOfRangeException.ThrowIfNegative(MostEntries);
        ArgumentOutOfRangeException.ThrowIfNegative(MostContent);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MostExpansion);
    }
}
