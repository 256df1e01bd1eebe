using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Storage;

namespace Freezer;

public abstract partial class BackupEngine
{
    /// <summary>Restores a backup and all that it builds on.</summary>
    /// <param name="backupName">The name that it was filed under.</param>
    /// <param name="destination">Where to restore to, as the engine names it: a directory, a volume.</param>
    /// <param name="options">What to restore, and how; <see langword="null"/> for the newest one into an empty destination.</param>
    /// <param name="progress">Hears how far it is, a few times a second at most, on a thread of the restore.</param>
    /// <param name="cancellationToken">Cancels the restore; what was restored so far stays.</param>
    /// <returns>What was done. Look at its outcome: a restore with skips is not an exception.</returns>
    /// <exception cref="BackupNotFoundException">There is no such backup.</exception>
    /// <exception cref="BackupDamagedException">The chain has a gap, which is found before anything is written, or what is stored is damaged.</exception>
    /// <exception cref="BackupKeyException">It is encrypted and the engine has no keys, or the other way round. Nothing was written.</exception>
    /// <exception cref="BackupException">The restore failed for another reason of its own.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    public async Task<RestoreResult> RestoreAsync(
        string backupName,
        string destination,
        RestoreOptions? options = null,
        IProgress<BackupProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        CheckName(backupName);
        ArgumentException.ThrowIfNullOrEmpty(destination);
        options ??= RestoreOptions.Default;
        options.Validate();
        return await ObserveAsync(Operation.Restore, backupName, progress, RunAsync, cancellationToken).ConfigureAwait(false);

        async Task<(RestoreResult Result, string Outcome)> RunAsync(OperationReport report)
        {
            Backup restored = await RunRestoreAsync(backupName, destination, options, report, cancellationToken).ConfigureAwait(false);
            var result = new RestoreResult
            {
                Outcome = report.Outcome,
                Backup = restored,
                Entries = report.Entries,
                BytesWritten = report.Bytes,
                Skipped = report.Skipped,
                Skips = report.Skips,
                Notes = report.Notes,
                Duration = report.Elapsed,
            };
            return (result, CommittedBackup.NameOf(result.Outcome));
        }
    }

    private async Task<Backup> RunRestoreAsync(
        string backupName, string destination, RestoreOptions options, OperationReport report, CancellationToken cancellationToken)
    {
        var catalog = new BackupCatalog(Storage, EngineOptions.Logger, EngineOptions.Keys);
        List<CommittedBackup> chain = await catalog.FindChainAsync(Name, backupName, options.To, cancellationToken).ConfigureAwait(false);
        using var reader = new ChainReader(Storage, chain, new CodecSet(EngineOptions.Codecs), EngineOptions.Parallelism, options.QueueSize, report);
        reader.CountsFailuresAsDamage = reader.ReadsWithoutIndex = options.SkipDamaged;
        var context = new RestoreContext(report, reader) { Destination = destination, Options = options, Logger = EngineOptions.Logger };
        long stored = await reader.CheckObjectsAsync(cancellationToken).ConfigureAwait(false);
        reader.Allowance = context.IsTrusted ? null : new ContentAllowance(options.Limits, stored);
        Log.RestoreBegins(EngineOptions.Logger, context.Target.ToString(), destination);
        try
        {
            await PrepareDestinationAsync(context, cancellationToken).ConfigureAwait(false);
            await RestoreChainAsync(context, cancellationToken).ConfigureAwait(false);
            await FinishRestoreAsync(context, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await DisposeStateAsync(context).ConfigureAwait(false);
        }

        Log.RestoreEnded(EngineOptions.Logger, context.Target.ToString(), report.Entries, report.Bytes);
        if (report.Skipped > 0)
        {
            Log.RestoreHasSkips(EngineOptions.Logger, context.Target.ToString(), report.Skipped);
        }

        return context.Target;
    }

    private static async ValueTask DisposeStateAsync(RestoreContext context)
    {
        switch (context.State)
        {
            case IAsyncDisposable state:
                await state.DisposeAsync().ConfigureAwait(false);
                break;
            case IDisposable state:
                state.Dispose();
                break;
        }
    }
}
