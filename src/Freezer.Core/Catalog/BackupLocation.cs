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
    internal const string ClaimRole = "claim";

    /// <summary>The commit: written last, create-only.</summary>
    internal StorageKey Metadata => Key(MetadataRoot, "metadata");

    internal StorageKey Archive => Key(DataRoot, "data");

    internal StorageKey Manifest => Key(DataRoot, "engine_metadata");

    internal StorageKey Index => Key(DataRoot, "index");

    /// <summary>Says that a backup is being written here.</summary>
    internal StorageKey Claim => Key(DataRoot, ClaimRole);

    /// <summary>The level's folder, the same below both roots.</summary>
    internal string Folder => string.Create(CultureInfo.InvariantCulture, $"{EngineName}/{BackupName}/{ChainTime}/{Level}_{Time}");

    /// <summary>Where the data, the manifest, the index and the claim are.</summary>
    internal StoragePrefix DataFolder => StoragePrefix.Parse($"{DataRoot}/{Folder}");

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
    /// <param name="location">The backup that the object belongs to.</param>
    /// <param name="role">The last segment: <c>metadata</c>, <c>data</c>, <c>claim</c> …</param>
    internal static bool TryParse(StorageKey key, [NotNullWhen(true)] out BackupLocation? location, [NotNullWhen(true)] out string? role)
    {
        location = null;
        role = null;
        string[] segments = key.Value.Split('/');
        if (segments.Length != 6 || segments[0] is not (MetadataRoot or DataRoot))
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

        location = new BackupLocation(segments[1], segments[2], chainTime, number, time);
        role = segments[5];
        return true;
    }

    /// <summary>Says what is wrong with a name that would become one segment of a key, or <see langword="null"/>.</summary>
    internal static string? CheckName(string name) =>
        name.Contains('/', StringComparison.Ordinal) ? "it holds a '/'" : StoragePath.Check(name);

    private static StoragePrefix PrefixOf(string root, string? engineName, string? backupName) => StoragePrefix.Parse(
        engineName is null ? root : backupName is null ? $"{root}/{engineName}" : $"{root}/{engineName}/{backupName}");

    private StorageKey Key(string root, string role) => StorageKey.Parse($"{root}/{Folder}/{role}");
}
