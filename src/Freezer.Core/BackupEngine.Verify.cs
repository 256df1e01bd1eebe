using System.IO.Pipelines;
using Freezer.Catalog;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Storage;

namespace Freezer;

public abstract partial class BackupEngine
{
    /// <summary>Verifies backups: that they are there, are what was stored, and hold what their manifests say. Writes nothing.</summary>
    /// <param name="backupName">The name that they were filed under.</param>
    /// <param name="options">Which ones, and how deeply; <see langword="null"/> for every stored byte of what the newest one needs.</param>
    /// <param name="progress">Hears how far it is, a few times a second at most, on a thread of the verification.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    /// <returns>What was found. Look at <see cref="VerifyResult.IsSound"/>: a defect is not an exception, and the verification goes on behind it.</returns>
    /// <exception cref="BackupNotFoundException">There is no such backup, nor anything left of one.</exception>
    /// <exception cref="BackupKeyException">The content of an encrypted backup was to be verified, and the engine has no keys.</exception>
    /// <exception cref="StorageException">The storage cannot be reached.</exception>
    public async Task<VerifyResult> VerifyAsync(
        string backupName, VerifyOptions? options = null, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        CheckName(backupName);
        options ??= VerifyOptions.Default;
        options.Validate();
        return await ObserveAsync(Operation.Verify, backupName, progress, RunAsync, cancellationToken).ConfigureAwait(false);

        async Task<(VerifyResult Result, string Outcome)> RunAsync(OperationReport report)
        {
            var catalog = new BackupCatalog(Storage, EngineOptions.Logger, EngineOptions.Keys);
            var verification = new Verification(catalog, options, EngineOptions.Parallelism, report, EngineOptions.Logger);
            VerifyResult result = await verification.RunAsync(
                Name, backupName, new CodecSet(EngineOptions.Codecs), VerifyContentAsync, cancellationToken).ConfigureAwait(false);
            return (result with { Duration = report.Elapsed }, result.IsSound ? "complete" : "defective");
        }
    }

    /// <summary>Verifies the content of a backup as a restore would need it, without writing anything. By default every archive of the chain
    /// is decrypted, decompressed and read to its end.</summary>
    /// <param name="context">The chain, and where to report what is lost.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    protected virtual async Task VerifyContentAsync(VerifyContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (Backup level in context.VerifiedParent is null ? context.Chain : [context.Target])
        {
            try
            {
                await context.ReadArchiveAsync(level, (archive, token) => CountAsync(context, archive, token), cancellationToken).ConfigureAwait(false);
            }
            catch (BackupDamagedException exception)
            {
                await context.ReportLostAsync(EntryPath.Root, level, 0, exception.Message, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task CountAsync(VerifyContext context, PipeReader archive, CancellationToken cancellationToken)
    {
        ReadResult read;
        do
        {
            read = await archive.ReadAsync(cancellationToken).ConfigureAwait(false);
            context.ReportProgress(read.Buffer.Length, 0);
            archive.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }
}
