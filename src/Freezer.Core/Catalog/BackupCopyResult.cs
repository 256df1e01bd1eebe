using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>What a copy did.</summary>
public sealed record BackupCopyResult
{
    /// <summary>Complete, or complete with a storage of a mirror that lacks the copy: look at it.</summary>
    public required BackupOutcome Outcome { get; init; }

    /// <summary>The backups that are in the other storage now, level 0 first.</summary>
    public required IReadOnlyList<Backup> Backups { get; init; }

    /// <summary>How many objects were copied.</summary>
    public required long Copied { get; init; }

    /// <summary>How many bytes they have.</summary>
    public required long BytesCopied { get; init; }

    /// <summary>How many objects were there already.</summary>
    public required long Kept { get; init; }

    /// <summary>The storages of a mirror that lack the copy or something else; empty as it should be.</summary>
    public required IReadOnlyList<LaggingStorage> Lagging { get; init; }
}
