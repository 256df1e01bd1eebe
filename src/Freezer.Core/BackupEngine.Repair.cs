using Freezer.Catalog;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Storage;

namespace Freezer;

public abstract partial class BackupEngine
{
    /// <summary>Makes chains whole again whose manifests or indexes are lost or damaged and whose archives are sound. What is stored stays as it is, as evidence: new
    /// objects take the place of the damaged ones.</summary>
    /// <param name="backupName">The name that the backups were filed under.</param>
    /// <param name="options">Which chains; <see langword="null"/> for that of the newest backup.</param>
    /// <param name="progress">Hears how far it is, a few times a second at most, on a thread of the repair.</param>
    /// <param name="cancellationToken">Cancels the repair. Each backup is then either repaired or as it was; the next repair goes on.</param>
    /// <returns>What was done. Look at <see cref="RepairResult.IsWhole"/>: a backup that cannot be repaired is not an exception, and the repair goes on behind it.</returns>
    /// <exception cref="BackupNotFoundException">There is no such backup.</exception>
    /// <exception cref="BackupKeyException">It is encrypted and the engine has no keys, or the other way round.</exception>
    /// <exception cref="BackupException">Somebody else is at work on a backup that is to be repaired.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    /// <remarks>A damaged archive is not repaired: restore what is sound of it with <see cref="RestoreOptions.SkipDamaged"/>. A damaged archive whose manifest and index
    /// are sound is not noticed here; <see cref="VerifyAsync"/> notices it.</remarks>
    public async Task<RepairResult> RepairAsync(
        string backupName, RepairOptions? options = null, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        CheckName(backupName);
        options ??= RepairOptions.Default;
        options.Validate();
        return await ObserveAsync(Operation.Repair, backupName, progress, RunAsync, cancellationToken).ConfigureAwait(false);

        async Task<(RepairResult Result, string Outcome)> RunAsync(OperationReport report)
        {
            var catalog = new BackupCatalog(Storage, EngineOptions.Logger, EngineOptions.Keys);
            var repair = new ChainRepair(catalog, options, new CodecSet(EngineOptions.Codecs), EngineOptions, report, RebuildManifestAsync);
            IReadOnlyList<RepairedBackup> backups = await repair.RunAsync(Name, backupName, cancellationToken).ConfigureAwait(false);
            var result = new RepairResult { Backups = backups, Duration = report.Elapsed };
            return (result, result.IsWhole ? "complete" : "defective");
        }
    }

    /// <summary>Rebuilds a manifest that is lost from the archive of its level and the manifest of the parent. By default an engine cannot.</summary>
    /// <param name="context">The chain, and where the manifest goes.</param>
    /// <param name="cancellationToken">Cancels the repair.</param>
    /// <exception cref="BackupUnsupportedException">The engine cannot rebuild a manifest.</exception>
    /// <exception cref="BackupDamagedException">The archive or the parent's manifest is damaged too.</exception>
    protected virtual Task RebuildManifestAsync(RepairContext context, CancellationToken cancellationToken) =>
        throw new BackupUnsupportedException($"The engine {Name} cannot make a manifest from an archive.");
}
