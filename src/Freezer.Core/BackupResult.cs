namespace Freezer;

/// <summary>What a backup did.</summary>
public sealed record BackupResult
{
    /// <summary>Complete, complete with skips, or complete with a storage of a mirror that lacks the backup: look at it.</summary>
    public required BackupOutcome Outcome { get; init; }

    /// <summary>The backup as it is now listed.</summary>
    public required Backup Backup { get; init; }

    /// <summary>Why a new chain was begun although an incremental was asked for, or <see langword="null"/>.</summary>
    public string? NewChainReason { get; init; }

    /// <summary>The codec and level in use.</summary>
    public required Compression Compression { get; init; }

    /// <summary>What was skipped: the first <see cref="ReportLimit"/>; <see cref="Backup.Skipped"/> counts all of them, and the manifest names them.</summary>
    public required IReadOnlyList<SkippedEntry> Skips { get; init; }

    /// <summary>What is worth knowing: the first <see cref="ReportLimit"/>.</summary>
    public required IReadOnlyList<Note> Notes { get; init; }

    /// <summary>The storages of a mirror that lack this backup or another one; empty as it should be. See <see cref="Storage.MirrorStorage.SynchronizeAsync"/>.</summary>
    public IReadOnlyList<Storage.LaggingStorage> Lagging { get; init; } = [];

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How many skips and notes a result holds.</summary>
    public const int ReportLimit = 1000;
}
