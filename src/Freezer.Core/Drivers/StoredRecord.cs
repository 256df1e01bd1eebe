using System.Globalization;
using System.Text;
using Freezer.Engines.BlockDiff;

namespace Freezer.Drivers;

/// <summary>A backup in the storage and the record that is made of it alone: what the application asked for is among its facts.</summary>
/// <param name="Backup">The backup.</param>
/// <param name="Record">Its record.</param>
internal sealed record StoredRecord(Backup Backup, BackupRecord Record)
{
    private const string RecordFact = "volume_backup_record";
    private const string MetadataFact = "volume_metadata";

    /// <summary>Archive, manifest, index and metadata document.</summary>
    private const int ObjectsOfABackup = 4;

    /// <summary>The facts of a backup that is about to be taken.</summary>
    internal static Dictionary<string, string> ToFacts(BackupRecord record, string? metadata)
    {
        Dictionary<string, string> facts = new() { [RecordFact] = RecordDocument.Write(record) };
        if (metadata is not null)
        {
            facts.Add(MetadataFact, metadata);
        }

        int length = facts.Sum(static fact => Encoding.UTF8.GetByteCount(fact.Key) + Encoding.UTF8.GetByteCount(fact.Value));
        return length <= BackupOptions.LongestFacts ? facts
            : throw new ArgumentException(
                $"The record {record.Id} and the metadata of the volume {record.VolumeId} have {length} bytes, and {BackupOptions.LongestFacts} can be stored with a backup: shorten the record, or leave the metadata out.", nameof(record));
    }

    /// <summary>Makes the record of a backup. One that is damaged has a record too, which says so; one that no driver took has none.</summary>
    internal static StoredRecord? Of(Backup backup)
    {
        if (backup.Problem is not null)
        {
            return new StoredRecord(backup, Unusable(backup, backup.Problem));
        }

        try
        {
            return Read(backup);
        }
        catch (Exception exception) when (exception is BackupDamagedException or BackupUnsupportedException)
        {
            return new StoredRecord(backup, Unusable(backup, exception.Message));
        }
    }

    /// <summary>Reads the record of a backup whose document is sound. One that no driver took has none.</summary>
    /// <exception cref="BackupDamagedException">It is not a record, or that of another volume.</exception>
    /// <exception cref="BackupUnsupportedException">Its version is a newer one.</exception>
    internal static StoredRecord? Read(Backup backup) =>
        backup.Facts.GetValueOrDefault(RecordFact) is { } json ? new StoredRecord(backup, Complete(RecordDocument.Read(json), backup)) : null;

    /// <summary>What an application knows of a backup, and what only the storage can tell of it.</summary>
    internal static BackupRecord Complete(BackupRecord asked, Backup backup) => asked.VolumeId != backup.BackupName
        ? throw new BackupDamagedException($"The record beside {backup} is that of a backup of the volume {asked.VolumeId}.")
        : asked with
    {
        // A full backup was taken in the place of an incremental one where the parent could not be built on.
        ParentId = backup.Level == 0 ? null : asked.ParentId,
        Status = BackupStatus.Available,
        Percent = 100,
        FailReason = null,
        Size = LengthOf(backup),
        DataTimestamp = asked.DataTimestamp ?? backup.Timestamp,
        CreatedAt = backup.Timestamp,
        Service = VolumeBackupDriver.ServiceName,
        ServiceMetadata = StoredPlace.Format(backup),
        ObjectCount = ObjectsOfABackup,
        HasMetadata = MetadataOf(backup) is not null,
    };

    /// <summary>The metadata of the volume that was backed up with it, or <see langword="null"/>.</summary>
    internal static string? MetadataOf(Backup backup) => backup.Facts.GetValueOrDefault(MetadataFact);

    private static long LengthOf(Backup backup) =>
        backup.EngineFacts.TryGetValue(BlockDiffEngine.LengthFact, out string? fact)
        && long.TryParse(fact, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            ? length
            : throw new BackupDamagedException($"{backup} does not say how long the volume is.");

    private static BackupRecord Unusable(Backup backup, string problem) => new()
    {
        Id = Guid.Empty,
        VolumeId = backup.BackupName,
        Status = BackupStatus.Error,
        Percent = 100,
        FailReason = problem,
        CreatedAt = backup.Timestamp,
        Service = VolumeBackupDriver.ServiceName,
        ServiceMetadata = StoredPlace.Format(backup),
    };
}
