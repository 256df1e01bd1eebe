using System.IO.Pipelines;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Storage;

namespace Freezer;

public abstract partial class BackupEngine
{
    /// <summary>Takes one backup: an incremental on the newest one of the name, or a full one where the options, the level rules or the engine say so.</summary>
    /// <param name="resource">What to back up, as the engine names it: a path, a volume, a database.</param>
    /// <param name="backupName">The name to file the backup under: one segment of a storage key, so without <c>/</c>.</param>
    /// <param name="options">How to take it; <see langword="null"/> for the defaults.</param>
    /// <param name="progress">Hears how far it is, a few times a second at most, on a thread of the backup.</param>
    /// <param name="cancellationToken">Cancels the backup. Nothing is listed then, or the whole backup, where its commit was already on its way.</param>
    /// <returns>What was done. Look at its outcome: a backup with skips is not an exception.</returns>
    /// <exception cref="ArgumentException">The name or an option is not valid.</exception>
    /// <exception cref="BackupKeyException">The repository is encrypted, and the engine has no keys. Nothing was written.</exception>
    /// <exception cref="BackupException">The backup failed for a reason of its own.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    public async Task<BackupResult> BackupAsync(
        string resource,
        string backupName,
        BackupOptions? options = null,
        IProgress<BackupProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(resource);
        CheckName(backupName);
        CheckEngineName();
        options ??= BackupOptions.Default;
        options.Validate();
        CheckParent(options.Parent, backupName);
        var codecs = new CodecSet(EngineOptions.Codecs);
        return await ObserveAsync(Operation.Backup, backupName, progress, RunAsync, cancellationToken).ConfigureAwait(false);

        async Task<(BackupResult Result, string Outcome)> RunAsync(OperationReport report)
        {
            var operation = new BackupOperation(this, resource, backupName, options, codecs, report);
            BackupResult result = await operation.RunAsync(cancellationToken).ConfigureAwait(false);
            return (result, CommittedBackup.NameOf(result.Outcome));
        }
    }

    /// <summary>What is stored under a name that is no segment is never found again.</summary>
    private void CheckEngineName()
    {
        if (BackupLocation.CheckName(Name) is { } reason)
        {
            throw new InvalidOperationException($"'{StoragePath.Printable(Name)}' cannot name an engine: {reason}.");
        }
    }

    private void CheckParent(Backup? parent, string backupName)
    {
        if (parent is not null && (parent.EngineName != Name || parent.BackupName != backupName))
        {
            throw new ArgumentException($"A backup of the name '{backupName}' by the engine {Name} cannot build on {parent}.", nameof(parent));
        }
    }

    private static void CheckName(string backupName)
    {
        ArgumentNullException.ThrowIfNull(backupName);
        if (BackupLocation.CheckName(backupName) is { } reason)
        {
            throw new ArgumentException($"'{StoragePath.Printable(backupName)}' cannot name a backup: {reason}. Choose a name that is one segment of a storage key.", nameof(backupName));
        }
    }
}
