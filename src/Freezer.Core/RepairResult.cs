namespace Freezer;

/// <summary>What a repair did. What cannot be repaired is not an exception: look at <see cref="IsWhole"/>.</summary>
public sealed record RepairResult
{
    /// <summary>The backups of the repaired chains: by chain, level and timestamp.</summary>
    public required IReadOnlyList<RepairedBackup> Backups { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether the manifest and the index of every backup are sound now, and its archive is there.</summary>
    public bool IsWhole => Backups.All(static backup => backup.Outcome != RepairOutcome.NotRepaired);
}

/// <summary>What became of a backup in a repair.</summary>
public enum RepairOutcome
{
    /// <summary>There was nothing to repair.</summary>
    Sound,

    /// <summary>Its manifest and its index were stored anew.</summary>
    Repaired,

    /// <summary>It needs what cannot be rebuilt.</summary>
    NotRepaired,
}

/// <summary>A backup that a repair looked at.</summary>
public sealed record RepairedBackup
{
    /// <summary>The backup.</summary>
    public required Backup Backup { get; init; }

    /// <summary>What became of it.</summary>
    public required RepairOutcome Outcome { get; init; }

    /// <summary>What was found to be wrong, for people; <see langword="null"/> where nothing was.</summary>
    public string? Problem { get; init; }

    /// <summary>Why it was not repaired, for people; otherwise <see langword="null"/>.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Whether the manifest had to be made from the archive, rather than from what was left of it. It then lacks what an archive does not hold: the next
    /// backup of files stores again what came from there, and what was skipped when the backup was taken is not told any more.</summary>
    public bool IsFromArchive { get; init; }
}
