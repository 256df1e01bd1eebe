using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer;

/// <summary>Takes and restores backups of one kind of resource. An author derives from it and writes two methods; levels,
/// compression, integrity, commit, progress, cancellation and logging come with it.</summary>
/// <remarks>
/// <para>An engine holds no state of an operation: any number of backups and restores may run at the same time, also of the
/// same name and from several processes. The storage is not disposed.</para>
/// </remarks>
public abstract partial class BackupEngine
{
    /// <summary>Makes an engine on a storage.</summary>
    /// <param name="storage">Where backups live. Stays the caller's.</param>
    /// <param name="options">What the engine works with; <see langword="null"/> for the defaults.</param>
    protected BackupEngine(IStorage storage, BackupEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        options ??= new BackupEngineOptions();
        options.Validate();
        Storage = storage;
        EngineOptions = options;
    }

    /// <summary>The engine's name, which is part of where its backups are stored: lower case, one word. Constant.</summary>
    public abstract string Name { get; }

    /// <summary>Where backups live.</summary>
    public IStorage Storage { get; }

    /// <summary>What the engine works with.</summary>
    protected BackupEngineOptions EngineOptions { get; }

    /// <summary>Writes one level: the whole resource at level 0, otherwise what changed since the parent's manifest.</summary>
    /// <param name="context">The resource, the parent's manifest, and where this level's manifest goes.</param>
    /// <param name="archive">Where the archive goes. Flush often, and stop when a flush says that it was completed. Never complete it.</param>
    /// <param name="cancellationToken">Cancelled when the backup is, and when the storage fails.</param>
    protected abstract Task WriteArchiveAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken);

    /// <summary>Applies one level to a destination that holds the level before, or nothing at level 0.</summary>
    /// <param name="context">The destination and the level.</param>
    /// <param name="archive">The archive as <see cref="WriteArchiveAsync"/> wrote it, verified. Read it to its end. Never complete it.</param>
    /// <param name="cancellationToken">Cancelled when the restore is, and when the storage fails.</param>
    protected abstract Task RestoreLevelAsync(RestoreContext context, PipeReader archive, CancellationToken cancellationToken);

    /// <summary>Decides whether a backup builds on the parent that the level rules chose. By default it does.</summary>
    /// <param name="context">The resource, the parent and its manifest.</param>
    /// <param name="cancellationToken">Cancels the backup.</param>
    protected virtual ValueTask<BackupPlan> PlanAsync(BackupPlanContext context, CancellationToken cancellationToken) => new(BackupPlan.Incremental);

    /// <summary>The identity of a resource: a parent with another identity is not built on. By default the resource as it was named.</summary>
    /// <param name="resource">What is backed up.</param>
    protected virtual string IdentifySource(string resource) => resource;

    /// <summary>Prepares the destination, before anything is written: whether it may be written to, and what the restore needs.</summary>
    /// <param name="context">The destination and the options.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    protected virtual Task PrepareDestinationAsync(RestoreContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Restores the whole chain. By default every level's archive is replayed, level 0 first.</summary>
    /// <param name="context">The chain, with ranged access to its archives and manifests.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    protected virtual async Task RestoreChainAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        foreach (Backup level in context.Chain)
        {
            context.Level = level;
            try
            {
                await context.ReadArchiveAsync(level, (archive, token) => RestoreLevelAsync(context, archive, token), cancellationToken).ConfigureAwait(false);
            }
            catch (BackupDamagedException exception) when (context.Options.SkipDamaged)
            {
                context.ReportSkip(new SkippedEntry(EntryPath.Root, SkipKind.Damaged, $"Of level {level.Level} all is missing that stands behind the damage, and perhaps a little that stands in front of it: {exception.Message}"));
            }
        }
    }

    /// <summary>Finishes after the last level: what must come last, such as the times of directories, and making it durable.</summary>
    /// <param name="context">The destination.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    protected virtual Task FinishRestoreAsync(RestoreContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
