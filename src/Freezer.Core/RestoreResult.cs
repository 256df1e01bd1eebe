namespace Freezer;

/// <summary>What a restore did.</summary>
public sealed record RestoreResult
{
    /// <summary>Complete, or complete with skips: look at it.</summary>
    public required BackupOutcome Outcome { get; init; }

    /// <summary>The backup that was restored.</summary>
    public required Backup Backup { get; init; }

    /// <summary>How many entries (or blocks) were restored.</summary>
    public required long Entries { get; init; }

    /// <summary>Bytes that were written to the destination.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>How many entries were skipped.</summary>
    public required long Skipped { get; init; }

    /// <summary>What was skipped: the first <see cref="BackupResult.ReportLimit"/>.</summary>
    public required IReadOnlyList<SkippedEntry> Skips { get; init; }

    /// <summary>What is worth knowing: the first <see cref="BackupResult.ReportLimit"/>.</summary>
    public required IReadOnlyList<Note> Notes { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }
}
