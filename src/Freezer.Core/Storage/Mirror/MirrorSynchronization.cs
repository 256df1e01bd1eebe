namespace Freezer.Storage;

/// <summary>What a synchronisation of a mirror did.</summary>
public sealed record MirrorSynchronization
{
    /// <summary>The storages that are in again, by name.</summary>
    public required IReadOnlyList<string> Synchronized { get; init; }

    /// <summary>How many objects were copied, each verified.</summary>
    public required long Copied { get; init; }

    /// <summary>How many bytes they have.</summary>
    public required long BytesCopied { get; init; }

    /// <summary>How many objects were deleted that the others had deleted before.</summary>
    public required long Deleted { get; init; }

    /// <summary>The storages that are still out; empty as it should be.</summary>
    public required IReadOnlyList<LaggingStorage> Lagging { get; init; }
}
