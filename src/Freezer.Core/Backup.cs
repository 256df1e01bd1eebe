namespace Freezer;

/// <summary>A committed backup: one level of a chain.</summary>
public sealed record Backup
{
    /// <summary>The engine that made it, for example <c>tar</c>.</summary>
    public required string EngineName { get; init; }

    /// <summary>The name that the application gave to the backups of this resource.</summary>
    public required string BackupName { get; init; }

    /// <summary>The timestamp of the chain's level 0, in whole seconds.</summary>
    public required DateTimeOffset ChainTimestamp { get; init; }

    /// <summary>The backup's own timestamp, in whole seconds; no two backups of a name share one.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>0 for a full backup; a level n holds what changed since its parent of level n − 1.</summary>
    public required int Level { get; init; }

    /// <summary>The backup's identity; empty for one that another program committed, and for one whose document is damaged.</summary>
    public Guid Id { get; init; }

    /// <summary>The backup that this one builds on; <see langword="null"/> for level 0.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>The codec that its archive is compressed with.</summary>
    public string Compression { get; init; } = "";

    /// <summary>Whether it is complete or has skips.</summary>
    public BackupOutcome Outcome { get; init; }

    /// <summary>How many entries (or blocks) the resource had.</summary>
    public long Entries { get; init; }

    /// <summary>How many entries were skipped.</summary>
    public long Skipped { get; init; }

    /// <summary>Bytes that were read from the resource.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes that the backup's objects take in the storage.</summary>
    public long BytesStored { get; init; }

    /// <summary>The machine that it was taken on.</summary>
    public string SourceHost { get; init; } = "";

    /// <summary>The resource that was backed up.</summary>
    public string SourcePath { get; init; } = "";

    /// <summary>What the engine has to say of this backup.</summary>
    public IReadOnlyDictionary<string, string> EngineFacts { get; init; } = new Dictionary<string, string>();

    /// <summary>What the application had to say of this backup: <see cref="BackupOptions.Facts"/>.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it is encrypted.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>Why the backup's document cannot be used, or <see langword="null"/> (as it should be).</summary>
    public string? Problem { get; init; }

    /// <summary>Whether another program (a Freezer agent) committed it.</summary>
    public bool IsForeign { get; init; }

    /// <summary>For example <c>tar/home level 2 of 2026-03-01 12:00:00Z</c>.</summary>
    public override string ToString() => $"{EngineName}/{BackupName} level {Level} of {Timestamp.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";
}
