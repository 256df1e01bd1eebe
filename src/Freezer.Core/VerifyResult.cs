using Freezer.Storage;

namespace Freezer;

/// <summary>What a verification found. A defect is not an exception: look at <see cref="IsSound"/>.</summary>
public sealed record VerifyResult
{
    /// <summary>How deeply was looked.</summary>
    public required VerifyDepth Depth { get; init; }

    /// <summary>The backups that were asked for, by engine, name and timestamp, and whether each restores.</summary>
    public required IReadOnlyList<VerifiedBackup> Backups { get; init; }

    /// <summary>What is wrong: the first <see cref="BackupResult.ReportLimit"/>.</summary>
    public required IReadOnlyList<Defect> Defects { get; init; }

    /// <summary>How many defects there are.</summary>
    public required long DefectCount { get; init; }

    /// <summary>Objects that belong to no backup: a sweep removes what was never committed. No defect, unless a backup is missed:
    /// of one whose commit was taken away this is what is left.</summary>
    public required IReadOnlyList<OrphanedObject> Orphans { get; init; }

    /// <summary>Bytes that were read from the storage to compare digests.</summary>
    public required long BytesVerified { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether no defect was found.</summary>
    public bool IsSound => DefectCount == 0;
}

/// <summary>A backup that was verified.</summary>
/// <param name="Backup">The backup.</param>
/// <param name="Restores">Whether it restores whole, as far as the depth tells. Below <see cref="VerifyDepth.Content"/> any damage in its
/// chain says that it does not; at that depth only damage in what it needs.</param>
public sealed record VerifiedBackup(Backup Backup, bool Restores);

/// <summary>What kind of thing is wrong.</summary>
public enum DefectKind
{
    /// <summary>A metadata document is missing, cannot be used, or does not fit into its chain.</summary>
    Commit,

    /// <summary>An object is not there.</summary>
    Missing,

    /// <summary>An object is shorter or longer than what was stored.</summary>
    WrongLength,

    /// <summary>The bytes of an object are not those that were stored.</summary>
    Altered,

    /// <summary>The storage has the object, and cannot deliver it.</summary>
    Unreadable,

    /// <summary>The bytes are those that were stored, and do not hold what the manifest says.</summary>
    Content,
}

/// <summary>Something that is wrong with one object.</summary>
public sealed record Defect
{
    /// <summary>What kind of thing is wrong.</summary>
    public required DefectKind Kind { get; init; }

    /// <summary>The object.</summary>
    public required StorageKey Object { get; init; }

    /// <summary>Where in the object the damage begins, to the mebibyte; for <see cref="DefectKind.Content"/> the byte of the archive as the engine
    /// wrote it. <see langword="null"/> where it is the object as a whole, or where nothing tells.</summary>
    public long? Offset { get; init; }

    /// <summary>How many bytes from there on are affected, where that is known.</summary>
    public long? Length { get; init; }

    /// <summary>What is wrong, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>The backups, of those that were asked for, that do not restore whole because of it.</summary>
    public required IReadOnlyList<Backup> Affected { get; init; }

    /// <summary>What is lost because of it, where <see cref="VerifyDepth.Content"/> tells: the first <see cref="BackupResult.ReportLimit"/> entries.</summary>
    public required IReadOnlyList<LostEntry> Lost { get; init; }

    /// <summary>How many entries are lost, each counted in every backup.</summary>
    public required long LostCount { get; init; }
}

/// <summary>An entry that a backup has, and that cannot be restored from it.</summary>
/// <param name="Backup">The backup.</param>
/// <param name="Path">The entry; the root where it is the whole backup, or a volume.</param>
/// <param name="Reason">What is lost, or why, for people.</param>
public sealed record LostEntry(Backup Backup, EntryPath Path, string Reason);

/// <summary>An object that belongs to no backup.</summary>
/// <param name="Object">The object.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="IsClaimed">Whether a claim says that somebody is writing there, or was when the process ended.</param>
public sealed record OrphanedObject(StorageKey Object, long Length, bool IsClaimed);
