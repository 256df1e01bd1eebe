using Freezer.Storage;

namespace Freezer.Drivers;

/// <summary>Backs up volumes, one record a backup: the interface of OpenStack Cinder's backup drivers.</summary>
/// <remarks>
/// <para>A driver keeps no records. It takes one, tells how it changes, and returns it as it is in the end; the application keeps it.
/// A failure is an exception, and the last record that was told of says so too.</para>
/// <para>All members may be called at the same time from any number of threads, also for one volume.</para>
/// </remarks>
public interface IBackupDriver
{
    /// <summary>Backs up a volume: all of it, or what has changed since the record's parent.</summary>
    /// <param name="record">A new record, with an identity of its own. Where it has a parent of which the volume has another size,
    /// or that cannot be built on for another reason, the backup is a full one and the record comes back without a parent.</param>
    /// <param name="volume">What is read, as the driver opens it: the path of an image or a device.</param>
    /// <param name="withMetadata">Whether the volume's metadata is backed up too.</param>
    /// <param name="progress">Hears the record as it changes, on a thread of the backup.</param>
    /// <param name="cancellationToken">Cancels the backup, of which nothing stays then.</param>
    /// <returns>The record of a backup that is <see cref="BackupStatus.Available"/>.</returns>
    /// <exception cref="ArgumentException">The record cannot be one of a backup.</exception>
    /// <exception cref="BackupNotFoundException">The parent is not in the storage.</exception>
    /// <exception cref="BackupException">There is a backup of this identity already, or the backup failed for another reason of its own.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    Task<BackupRecord> BackupAsync(
        BackupRecord record, string volume, bool withMetadata = false, IProgress<BackupRecord>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Restores a backup to a volume.</summary>
    /// <param name="record">The backup.</param>
    /// <param name="volumeId">The volume that is restored to, as the application names it: the same one, or another. It gets the metadata.</param>
    /// <param name="volume">What is written to, as the driver opens it: the path of an image or a device.</param>
    /// <param name="options">What is restored, and how; <see langword="null"/> for everything, to a volume that is new.</param>
    /// <param name="progress">Hears the record as it changes, on a thread of the restore.</param>
    /// <param name="cancellationToken">Cancels the restore, which leaves the volume in between.</param>
    /// <returns>The record, <see cref="BackupStatus.Available"/> again.</returns>
    /// <exception cref="BackupNotFoundException">The backup is not in the storage.</exception>
    /// <exception cref="BackupDamagedException">What is stored of it is damaged or incomplete.</exception>
    /// <exception cref="BackupException">The restore failed for another reason of its own. The backup itself stays available.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    Task<BackupRecord> RestoreAsync(
        BackupRecord record, string volumeId, string volume, VolumeRestoreOptions? options = null, IProgress<BackupRecord>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Deletes a backup. One that is not in the storage, or only in part, is deleted then.</summary>
    /// <param name="record">The backup.</param>
    /// <param name="progress">Hears the record as it changes.</param>
    /// <param name="cancellationToken">Cancels the deletion; delete again to finish it.</param>
    /// <returns>The record, <see cref="BackupStatus.Deleted"/>.</returns>
    /// <exception cref="BackupException">Other backups build on it, and the message names them; or the record leads to the backup of another one.
    /// It is unchanged.</exception>
    /// <exception cref="StorageException">The storage failed; delete again to finish it.</exception>
    Task<BackupRecord> DeleteBackupAsync(BackupRecord record, IProgress<BackupRecord>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Exports a record, so that another installation can import it and restore the backup from the same storage.</summary>
    /// <param name="record">A backup that is available.</param>
    /// <param name="cancellationToken">Cancels the export.</param>
    /// <returns>The driver's information: which driver it is, and one text that only the driver understands. <see cref="DriverInfo"/> has the names.</returns>
    /// <exception cref="BackupException">The backup is not available, or not in the storage.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    Task<IReadOnlyDictionary<string, string>> ExportRecordAsync(BackupRecord record, CancellationToken cancellationToken = default);

    /// <summary>Imports a record that another installation exported.</summary>
    /// <param name="driverInfo">What <see cref="ExportRecordAsync"/> returned there.</param>
    /// <param name="cancellationToken">Cancels the import.</param>
    /// <returns>The record of a backup that is <see cref="BackupStatus.Available"/>. What the storage tells of the backup (its size, its parent, its times) is
    /// taken from there, and what the application called it from the export.</returns>
    /// <exception cref="BackupDamagedException">It is incomplete, or was altered.</exception>
    /// <exception cref="BackupUnsupportedException">It is from another driver, or from a newer version of this one.</exception>
    /// <exception cref="BackupNotFoundException">The backup is not in the storage that this driver uses.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    Task<BackupRecord> ImportRecordAsync(IReadOnlyDictionary<string, string> driverInfo, CancellationToken cancellationToken = default);

    /// <summary>Gets all metadata of a volume as one JSON document. Its version decides what is restored of it.</summary>
    /// <param name="volumeId">The volume, as the application names it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="InvalidOperationException">The application gave the driver no access to metadata.</exception>
    Task<string> GetMetadataAsync(string volumeId, CancellationToken cancellationToken = default);

    /// <summary>Puts to a volume what a JSON document of <see cref="GetMetadataAsync"/> has to restore.</summary>
    /// <param name="volumeId">The volume, as the application names it.</param>
    /// <param name="json">The document.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="BackupDamagedException">It is not such a document.</exception>
    /// <exception cref="BackupUnsupportedException">Its version is a newer one.</exception>
    /// <exception cref="InvalidOperationException">The application gave the driver no access to metadata.</exception>
    Task PutMetadataAsync(string volumeId, string json, CancellationToken cancellationToken = default);

    /// <summary>Tries whether backups can be taken: the storage can be reached, read and written, and can do what a backup needs.</summary>
    /// <param name="cancellationToken">Cancels the trial.</param>
    /// <exception cref="BackupUnsupportedException">The storage cannot do what a backup needs.</exception>
    /// <exception cref="BackupKeyException">The repository is encrypted, and its key is missing, is another one's, or cannot be used.</exception>
    /// <exception cref="StorageException">The storage cannot be reached, read or written, or does not hold what was written.</exception>
    Task CheckForSetupErrorAsync(CancellationToken cancellationToken = default);
}
