using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>Where a backup's objects are: the layout of OpenStack Freezer, one object for each thing.</summary>
/// <param name="EngineName">The engine.</param>
/// <param name="BackupName">The name of the backups.</param>
/// <param name="ChainTime">The timestamp of level 0, in seconds since 1970.</param>
/// <param name="Level">The level.</param>
/// <param name="Time">The backup's own timestamp, in seconds since 1970.</param>
internal sealed record BackupLocation(string EngineName, string BackupName, long ChainTime, int Level, long Time)
{
    internal const string MetadataRoot = "metadata";
    internal const string DataRoot = "data";
    internal const string CommitRole = "metadata";
    internal const string ClaimRole = "claim";

    /// <summary>The document of a repair.</summary>
    internal const string RepairRole = "repair";

    private const string RepairPrefix = RepairRole + "-";

    /// <summary>The repair whose manifest and index stand in for those of the commit; 0 for none. It tells which objects are meant, and not
    /// which backup: two places that differ in nothing else are equal.</summary>
    internal int Repair { get; init; }

    /// <summary>The commit: written last, create-only.</summary>
    internal StorageKey Metadata => Key(MetadataRoot, CommitRole);

    /// <summary>What makes the repair's manifest and index those of the backup: written last, create-only.</summary>
    internal StorageKey RepairDocument => Key(MetadataRoot, RepairFolder);

    /// <summary>The document without which what lies here counts for nothing.</summary>
    internal StorageKey Document => Repair == 0 ? Metadata : RepairDocument;

    internal StorageKey Archive => Key(DataRoot, "data");

    internal StorageKey Manifest => Key(DataRoot, OfRepair("engine_metadata"));

    internal StorageKey Index => Key(DataRoot, OfRepair("index"));

    /// <summary>Says that a backup is being written here.</summary>
    internal StorageKey Claim => Key(DataRoot, ClaimRole);

    /// <summary>The level's folder, the same below both roots.</summary>
    internal string Folder => string.Create(CultureInfo.InvariantCulture, $"{EngineName}/{BackupName}/{ChainTime}/{Level}_{Time}");

    /// <summary>Where the data, the manifest, the index and the claim are, and what repairs wrote.</summary>
    internal StoragePrefix DataFolder => StoragePrefix.Parse($"{DataRoot}/{Folder}");

    /// <summary>Where the commit and the documents of repairs are.</summary>
    internal StoragePrefix MetadataFolder => StoragePrefix.Parse($"{MetadataRoot}/{Folder}");

    private string RepairFolder => string.Create(CultureInfo.InvariantCulture, $"{RepairPrefix}{Repair}");

    public bool Equals(BackupLocation? other) =>
        other is not null && EngineName == other.EngineName && BackupName == other.BackupName
        && ChainTime == other.ChainTime && Level == other.Level && Time == other.Time;

    public override int GetHashCode() => HashCode.Combine(EngineName, BackupName, ChainTime, Level, Time);

    internal static BackupLocation Of(Backup backup) => new(
        backup.EngineName, backup.BackupName, backup.ChainTimestamp.ToUnixTimeSeconds(), backup.Level, backup.Timestamp.ToUnixTimeSeconds());

    internal static StoragePrefix MetadataOf(string? engineName, string? backupName) => PrefixOf(MetadataRoot, engineName, backupName);

    internal static StoragePrefix DataOf(string? engineName, string? backupName) => PrefixOf(DataRoot, engineName, backupName);

    /// <summary>Takes a level's folder apart.</summary>
    internal static bool TryParse(string folder, [NotNullWhen(true)] out BackupLocation? location)
    {
        location = null;
        return StorageKey.TryParse($"{MetadataRoot}/{folder}/{MetadataRoot}", out StorageKey key) && TryParse(key, out location, out _);
    }

    /// <summary>What a place alone tells of a backup.</summary>
    internal Backup ToBackup() => new()
    {
        EngineName = EngineName,
        BackupName = BackupName,
        ChainTimestamp = DateTimeOffset.FromUnixTimeSeconds(ChainTime),
        Timestamp = DateTimeOffset.FromUnixTimeSeconds(Time),
        Level = Level,
    };

    /// <summary>Takes a key below <c>metadata/</c> or <c>data/</c> apart.</summary>
    /// <param name="key">A key of the storage.</param>
    /// <param name="location">The backup that the object belongs to, and the repair.</param>
    /// <param name="role">What it is: <see cref="CommitRole"/>, <see cref="RepairRole"/>, or the last segment of another one.</param>
    internal static bool TryParse(StorageKey key, [NotNullWhen(true)] out BackupLocation? location, [NotNullWhen(true)] out string? role)
    {
        location = null;
        role = null;
        string[] segments = key.Value.Split('/');
        if (segments.Length is not (6 or 7) || segments[0] is not (MetadataRoot or DataRoot))
        {
            return false;
        }

        // What a repair wrote has its number below the backup's folder; its document has nothing below that.
        bool isOfRepair = TryParseRepair(segments[5], out int repair) && segments.Length == (segments[0] == DataRoot ? 7 : 6);
        if (segments.Length == 7 && !isOfRepair)
        {
            return false;
        }

        string[] level = segments[4].Split('_');
        if (level.Length != 2
            || !long.TryParse(segments[3], NumberStyles.None, CultureInfo.InvariantCulture, out long chainTime)
            || !int.TryParse(level[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || !long.TryParse(level[1], NumberStyles.None, CultureInfo.InvariantCulture, out long time)
            || Math.Max(chainTime, time) > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return false;
        }

        location = new BackupLocation(segments[1], segments[2], chainTime, number, time) { Repair = isOfRepair ? repair : 0 };
        role = isOfRepair && segments.Length == 6 ? RepairRole : segments[^1];
        return true;
    }

    /// <summary>Says what is wrong with a name that would become one segment of a key, or <see langword="null"/>.</summary>
    internal static string? CheckName(string name) =>
        name.Contains('/', StringComparison.Ordinal) ? "it holds a '/'" : StoragePath.Check(name);

    private static StoragePrefix PrefixOf(string root, string? engineName, string? backupName) => StoragePrefix.Parse(
        engineName is null ? root : backupName is null ? $"{root}/{engineName}" : $"{root}/{engineName}/{backupName}");

    /// <summary>Only the one way in which numbers are written names a repair: no two keys may name the same.</summary>
    private static bool TryParseRepair(string segment, out int repair)
    {
        repair = 0;
        return segment.StartsWith(RepairPrefix, StringComparison.Ordinal)
            && segment.Length > RepairPrefix.Length
            && segment[RepairPrefix.Length] is >= '1' and <= '9'
            && int.TryParse(segment.AsSpan(RepairPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out repair);
    }

    private string OfRepair(string role) => Repair == 0 ? role : $"{RepairFolder}/{role}";

    private StorageKey Key(string root, string role) => StorageKey.Parse($"{root}/{Folder}/{role}");
}
