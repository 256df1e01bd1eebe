using Freezer.Engines.BlockDiff;

namespace Freezer.Drivers;

public sealed partial class VolumeBackupDriver
{
    /// <inheritdoc/>
    public async Task<BackupRecord> BackupAsync(
        BackupRecord record, string volume, bool withMetadata = false, IProgress<BackupRecord>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(record);
        ArgumentException.ThrowIfNullOrEmpty(volume);
        if (record.ParentId == record.Id)
        {
            throw new ArgumentException($"The backup {record.Id} cannot build on itself.", nameof(record));
        }

        // What only a backup that exists can have is not taken from the application.
        record = record with { Status = BackupStatus.Creating, Percent = 0, FailReason = null, Service = ServiceName, ServiceMetadata = null };
        progress?.Report(record);
        BackupRecord available;
        try
        {
            Backup? parent = await FindParentAsync(record, cancellationToken).ConfigureAwait(false);
            string? metadata = withMetadata ? await GetMetadataAsync(record.VolumeId, cancellationToken).ConfigureAwait(false) : null;
            BackupOptions options = _options.Backup with { Parent = parent, NoIncremental = parent is null, Facts = StoredRecord.ToFacts(record, metadata) };
            BackupResult result = await EngineFor(volume).BackupAsync(
                record.VolumeId, record.VolumeId, options, Percentage(record, progress), cancellationToken).ConfigureAwait(false);
            available = StoredRecord.Of(result.Backup)!.Record;
        }
        catch (Exception exception)
        {
            progress?.Report(record with { Status = BackupStatus.Error, FailReason = exception.Message });
            throw;
        }

        progress?.Report(available);
        return available;
    }

    /// <inheritdoc/>
    public async Task<BackupRecord> RestoreAsync(
        BackupRecord record, string volumeId, string volume, VolumeRestoreOptions? options = null, IProgress<BackupRecord>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(record);
        CheckVolumeId(volumeId);
        ArgumentException.ThrowIfNullOrEmpty(volume);
        options ??= VolumeRestoreOptions.Default;
        BackupRecord available = record with { Status = BackupStatus.Available, Percent = 100, FailReason = null };
        BackupRecord restoring = record with { Status = BackupStatus.Restoring, Percent = 0, FailReason = null };
        progress?.Report(restoring);
        try
        {
            Backup backup = (await GetAsync(record, cancellationToken).ConfigureAwait(false)).Backup;
            // Metadata that cannot be restored is found before anything is written.
            IVolumeMetadataProvider? provider = null;
            VolumeMetadata? metadata = null;
            if (options.WithMetadata && StoredRecord.MetadataOf(backup) is { } json)
            {
                provider = Metadata;
                metadata = VolumeMetadataDocument.Read(json);
            }

            await RestoreDataAsync(backup, volume, options, Percentage(restoring, progress), cancellationToken).ConfigureAwait(false);
            if (provider is not null)
            {
                await provider.PutAsync(volumeId, metadata!, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            progress?.Report(BeforeOperation(record) with { FailReason = exception.Message });
            throw;
        }

        progress?.Report(available);
        return available;
    }

    /// <inheritdoc/>
    public async Task<BackupRecord> DeleteBackupAsync(BackupRecord record, IProgress<BackupRecord>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        CheckVolumeId(record.VolumeId);
        Backup? place = Locate(record);
        if (place is null)
        {
            CheckId(record);
        }

        progress?.Report(record with { Status = BackupStatus.Deleting, Percent = 0, FailReason = null });
        try
        {
            await RefuseWhereBuiltOnAsync(record, cancellationToken).ConfigureAwait(false);
            Backup? backup = await FindAsync(record, cancellationToken).ConfigureAwait(false);
            RefuseOthers(record, backup);
            backup ??= place;
            if (backup is not null)
            {
                await _catalog.DeleteAsync(backup, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (BackupException exception)
        {
            // It was refused, and nothing has changed.
            progress?.Report(BeforeOperation(record) with { FailReason = exception.Message });
            throw;
        }
        catch (Exception exception)
        {
            progress?.Report(record with { Status = BackupStatus.ErrorDeleting, FailReason = exception.Message });
            throw;
        }

        BackupRecord deleted = record with { Status = BackupStatus.Deleted, Percent = 100, FailReason = null };
        progress?.Report(deleted);
        return deleted;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, string>> ExportRecordAsync(BackupRecord record, CancellationToken cancellationToken = default)
    {
        Check(record);
        if (record.Status != BackupStatus.Available)
        {
            throw new BackupException($"The backup {record.Id} of the volume {record.VolumeId} is not available but {record.Status}: it cannot be exported.");
        }

        Backup backup = (await GetAsync(record, cancellationToken).ConfigureAwait(false)).Backup;
        return new Dictionary<string, string>
        {
            [DriverInfo.Service] = ServiceName,
            [DriverInfo.Url] = RecordDocument.Export(record with { Service = ServiceName, ServiceMetadata = StoredPlace.Format(backup) }),
        };
    }

    /// <inheritdoc/>
    public async Task<BackupRecord> ImportRecordAsync(IReadOnlyDictionary<string, string> driverInfo, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(driverInfo);
        if (!driverInfo.TryGetValue(DriverInfo.Service, out string? service) || !driverInfo.TryGetValue(DriverInfo.Url, out string? text))
        {
            throw new BackupDamagedException($"What is imported must hold '{DriverInfo.Service}' and '{DriverInfo.Url}'.");
        }

        if (service != ServiceName)
        {
            throw new BackupUnsupportedException($"The record was exported by the driver {service}, and this one is {ServiceName}.");
        }

        BackupRecord record = RecordDocument.Import(text);
        try
        {
            Check(record);
            _ = Locate(record);
        }
        catch (ArgumentException exception)
        {
            throw new BackupDamagedException($"The exported record cannot be one of this driver: {exception.Message}", exception);
        }

        StoredRecord stored = await GetAsync(record, cancellationToken).ConfigureAwait(false);
        return StoredRecord.Complete(record with { ParentId = stored.Record.ParentId }, stored.Backup);
    }

    private static void Check(BackupRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        CheckVolumeId(record.VolumeId);
        CheckId(record);
    }

    private static void CheckId(BackupRecord record)
    {
        if (record.Id == Guid.Empty)
        {
            throw new ArgumentException($"The record of a backup of {record.VolumeId} has no identity.", nameof(record));
        }
    }

    private static RecordProgress? Percentage(BackupRecord record, IProgress<BackupRecord>? progress) =>
        progress is null ? null : new RecordProgress(record, progress);

    /// <summary>Finds what a new backup builds on, and makes sure that there is none of its identity.</summary>
    private async Task<Backup?> FindParentAsync(BackupRecord record, CancellationToken cancellationToken)
    {
        Backup? parent = null;
        await foreach (StoredRecord stored in ListStoredAsync(record.VolumeId, cancellationToken).ConfigureAwait(false))
        {
            if (stored.Record.Id == record.Id)
            {
                throw new BackupException($"There is a backup {record.Id} of the volume {record.VolumeId} already, of {stored.Backup.Timestamp:u}. Give the new one an identity of its own.");
            }

            parent = record.ParentId is { } id && stored.Record.Id == id ? stored.Backup : parent;
        }

        return parent is null && record.ParentId is { } missing
            ? throw new BackupNotFoundException($"The parent {missing} of the backup {record.Id} is not among the backups of the volume {record.VolumeId} in this storage.")
            : parent;
    }

    private async Task RestoreDataAsync(Backup backup, string volume, VolumeRestoreOptions options, RecordProgress? progress, CancellationToken cancellationToken)
    {
        var restore = new RestoreOptions
        {
            To = backup.Timestamp,
            Overwrite = options.Overwrite,
            Untrusted = options.Untrusted,
            Limits = options.Limits,
            QueueSize = _options.Backup.QueueSize,
        };
        RestoreResult result = await EngineFor(volume).RestoreAsync(backup.BackupName, volume, restore, progress, cancellationToken).ConfigureAwait(false);
        if (result.Backup.Id != backup.Id)
        {
            throw new BackupNotFoundException($"{backup} was deleted when its restore began: {volume} holds {result.Backup} now.");
        }
    }

    /// <summary>A record as it was before a restore or a deletion that came to nothing, which the application may have noted in it already.</summary>
    private static BackupRecord BeforeOperation(BackupRecord record) =>
        record.Status is BackupStatus.Restoring or BackupStatus.Deleting ? record with { Status = BackupStatus.Available, Percent = 100 } : record;

    /// <summary>A record that was made of another one may still say where that one's backup is. A record without an identity was listed so, and
    /// a backup whose record cannot be read is where its own says.</summary>
    private static void RefuseOthers(BackupRecord record, Backup? backup)
    {
        if (backup is not null && record.Id != Guid.Empty && StoredRecord.Of(backup)?.Record.Id is var owner && owner != record.Id && owner != Guid.Empty)
        {
            throw new BackupException(
                $"The backup {record.Id} is not deleted: its {nameof(BackupRecord.ServiceMetadata)} leads to {backup}, which is that of {owner?.ToString() ?? "no record"}. Set it to null to delete what there is of this record.");
        }
    }

    private async Task RefuseWhereBuiltOnAsync(BackupRecord record, CancellationToken cancellationToken)
    {
        List<string> dependants = [];
        await foreach (StoredRecord stored in ListStoredAsync(record.VolumeId, cancellationToken).ConfigureAwait(false))
        {
            if (stored.Record.ParentId == record.Id)
            {
                dependants.Add(stored.Record.DisplayName is { } name ? $"{stored.Record.Id} ('{name}')" : stored.Record.Id.ToString());
            }
        }

        if (dependants.Count > 0)
        {
            throw new BackupException($"The backup {record.Id} of the volume {record.VolumeId} cannot be deleted: {string.Join(", ", dependants)} build on it. Delete these first.");
        }
    }
}
