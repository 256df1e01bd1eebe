using System.Runtime.CompilerServices;
using Freezer.Catalog;
using Freezer.Engines.BlockDiff;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Drivers;

/// <summary>The reference driver: backs up volumes with the <see cref="BlockDiffEngine"/> to any storage.</summary>
/// <remarks>
/// <para>A volume's backups are filed under its identity. Everything that a record needs is stored with its backup, so that the
/// records can be listed from the storage alone. Backups are also seen by a <see cref="BackupCatalog"/>, and are restored by a <see cref="BlockDiffEngine"/>.</para>
/// <para>Holds no state of an operation and no records. The storage is not disposed.</para>
/// </remarks>
public sealed partial class VolumeBackupDriver : IBackupDriver
{
    /// <summary>The name of this driver in records and exports.</summary>
    public const string ServiceName = "freezer.volume";

    /// <summary>Stands for the host in the identity of a source: a volume is the same one on every host.</summary>
    private const string AnyHost = "any";

    private readonly IStorage _storage;
    private readonly VolumeBackupDriverOptions _options;
    private readonly BackupCatalog _catalog;

    /// <summary>Makes a driver on a storage.</summary>
    /// <param name="storage">Where backups live. Stays the caller's.</param>
    /// <param name="options">What the driver works with; <see langword="null"/> for the defaults.</param>
    public VolumeBackupDriver(IStorage storage, VolumeBackupDriverOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        options ??= new VolumeBackupDriverOptions();
        options.Validate();
        _storage = storage;
        _options = options;
        _catalog = new BackupCatalog(storage, options.Engine.Logger, options.Engine.Keys);
    }

    /// <summary>Lists the records of what is in the storage, made from the storage alone, by volume and time.</summary>
    /// <param name="volumeId">Only this volume's; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>Records as <see cref="BackupAsync"/> returned them. A backup whose document cannot be used is listed without its
    /// identity, as <see cref="BackupStatus.Error"/> and with the reason; such a record can be deleted.</returns>
    /// <exception cref="StorageException">The storage failed.</exception>
    public async IAsyncEnumerable<BackupRecord> ListRecordsAsync(string? volumeId = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (volumeId is not null)
        {
            CheckVolumeId(volumeId);
        }

        await foreach (StoredRecord stored in ListStoredAsync(volumeId, cancellationToken).ConfigureAwait(false))
        {
            yield return stored.Record;
        }
    }

    /// <inheritdoc/>
    public async Task<string> GetMetadataAsync(string volumeId, CancellationToken cancellationToken = default)
    {
        CheckVolumeId(volumeId);
        return VolumeMetadataDocument.Write(await Metadata.GetAsync(volumeId, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public Task PutMetadataAsync(string volumeId, string json, CancellationToken cancellationToken = default)
    {
        CheckVolumeId(volumeId);
        ArgumentNullException.ThrowIfNull(json);
        return Metadata.PutAsync(volumeId, VolumeMetadataDocument.Read(json), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task CheckForSetupErrorAsync(CancellationToken cancellationToken = default)
    {
        await new SetupProbe(_storage).RunAsync(cancellationToken).ConfigureAwait(false);
        await KeyRing.ChooseDataKeyAsync(_storage, _options.Engine.Keys, null, cancellationToken).ConfigureAwait(false);
    }

    private IVolumeMetadataProvider Metadata => _options.Metadata
        ?? throw new InvalidOperationException($"The driver has no access to the metadata of volumes: set {nameof(VolumeBackupDriverOptions)}.{nameof(VolumeBackupDriverOptions.Metadata)}, or leave metadata out.");

    private static void CheckVolumeId(string volumeId)
    {
        ArgumentNullException.ThrowIfNull(volumeId);
        if (BackupLocation.CheckName(volumeId) is { } reason)
        {
            throw new ArgumentException($"'{StoragePath.Printable(volumeId)}' cannot name a volume: {reason}. Choose a name that is one segment of a storage key.", nameof(volumeId));
        }
    }

    /// <summary>An engine for one operation, that knows the volume by its identity wherever it is just now.</summary>
    private BlockDiffEngine EngineFor(string volume) => new(
        _storage,
        _options.Block with { Volumes = new NamedVolume(_options.Block.Volumes, volume) },
        _options.Engine with { SourceHost = AnyHost });

    private async IAsyncEnumerable<StoredRecord> ListStoredAsync(string? volumeId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Backup backup in _catalog.ListAsync(BlockDiffEngine.EngineName, volumeId, cancellationToken).ConfigureAwait(false))
        {
            if (StoredRecord.Of(backup) is { } stored)
            {
                yield return stored;
            }
        }
    }

    /// <summary>Finds the backup of a record, which must be there and sound as far as its document tells.</summary>
    private async Task<StoredRecord> GetAsync(BackupRecord record, CancellationToken cancellationToken)
    {
        Backup? backup = await FindAsync(record, cancellationToken).ConfigureAwait(false);
        if (backup?.Problem is { } problem)
        {
            throw new BackupDamagedException($"The metadata document of {backup} cannot be used: {problem}.");
        }

        StoredRecord? stored = backup is null ? null : StoredRecord.Read(backup);
        return stored is not null && stored.Record.Id == record.Id ? stored
            : throw new BackupNotFoundException($"The backup {record.Id} of the volume {record.VolumeId} is not in this storage.");
    }

    /// <summary>Finds the backup of a record: where the record says that it is, otherwise by its identity.</summary>
    private async Task<Backup?> FindAsync(BackupRecord record, CancellationToken cancellationToken)
    {
        if (Locate(record) is { } place)
        {
            CommittedBackup? commit = await _catalog.FindAsync(BackupLocation.Of(place), cancellationToken).ConfigureAwait(false);
            Backup? there = commit?.ToBackup();
            return there is null || there.Problem is not null || there.Id == place.Id ? there : null;
        }

        Backup? found = null;
        await foreach (StoredRecord stored in ListStoredAsync(record.VolumeId, cancellationToken).ConfigureAwait(false))
        {
            found = stored.Record.Id == record.Id ? stored.Backup : found;
        }

        return found;
    }

    /// <summary>What the record itself says of where its backup is, or <see langword="null"/> where it says nothing.</summary>
    private static Backup? Locate(BackupRecord record)
    {
        if (record.ServiceMetadata is not { } place)
        {
            return null;
        }

        return StoredPlace.TryParse(place, out Backup? backup)
            && backup.EngineName == BlockDiffEngine.EngineName && backup.BackupName == record.VolumeId
            ? backup
            : throw new ArgumentException($"'{StoragePath.Printable(place)}' is not where a backup of the volume {record.VolumeId} can be.", nameof(record));
    }
}
