namespace Freezer.Testing;

/// <summary>How checks are run. The defaults suit a storage on this machine and one behind a network alike.</summary>
public sealed record CheckOptions
{
    /// <summary>The defaults.</summary>
    public static CheckOptions Default { get; } = new();

    /// <summary>How long one check may take in all before it fails as one that hangs; 30 seconds by default, of real time.
    /// Give a slow network more.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The length in bytes of the largest object that checks write; 16 MiB by default. Choose it above the size
    /// of a part, a block or a buffer of your storage, so that more than one of them is met.</summary>
    public int LargeObject { get; init; } = 16 << 20;

    /// <summary>How many objects the checks of long listings write; 1,001 by default, which is one more than the page of most
    /// object stores.</summary>
    public int ManyObjects { get; init; } = 1_001;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Deadline, TimeSpan.Zero, nameof(Deadline));
        ArgumentOutOfRangeException.ThrowIfLessThan(LargeObject, 1 << 20, nameof(LargeObject));
        ArgumentOutOfRangeException.ThrowIfLessThan(ManyObjects, 10, nameof(ManyObjects));
    }
}
