using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>A defect while it is still being found out what is lost because of it.</summary>
internal sealed class FoundDefect(DefectKind kind, StorageKey key, long? offset, string reason)
{
    private readonly List<LostEntry> _lost = [];
    private readonly HashSet<BackupLocation> _affected = [];
    private long _lostCount;

    internal DefectKind Kind => kind;

    internal StorageKey Key => key;

    internal string Reason => reason;

    /// <summary>Where the damage begins; 0 where it is the whole object, or where nothing tells.</summary>
    internal long Begin => offset ?? 0;

    /// <summary>Where the damage ends.</summary>
    internal long End => Length is { } length ? Begin + length : long.MaxValue;

    /// <summary>How many bytes are damaged, where that is known.</summary>
    internal long? Length { get; set; }

    /// <summary>Whether no restore that needs the object begins at all: what is missing or cut off is noticed before anything is written.</summary>
    internal bool StopsRestore => kind is DefectKind.Commit or DefectKind.Missing or DefectKind.WrongLength;

    internal void Affect(BackupLocation backup) => _affected.Add(backup);

    internal bool Affects(BackupLocation backup) => _affected.Contains(backup);

    internal void AddLost(BackupLocation backup, LostEntry entry)
    {
        Affect(backup);
        _lostCount++;
        if (_lost.Count < BackupResult.ReportLimit)
        {
            _lost.Add(entry);
        }
    }

    internal Defect ToDefect(IReadOnlyList<VerifiedChain> backups) => new()
    {
        Kind = kind,
        Object = key,
        Offset = offset,
        Length = offset is null ? null : Length,
        Reason = reason,
        Affected = [.. backups.Where(backup => Affects(backup.Location)).Select(static backup => backup.Backup)],
        Lost = [.. _lost],
        LostCount = _lostCount,
    };
}
