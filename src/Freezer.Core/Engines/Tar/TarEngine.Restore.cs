using System.IO.Pipelines;
using Freezer.Engines.Tar.Restore;

namespace Freezer.Engines.Tar;

/// <content>The restoring half. The destination is a directory that is absent or empty; see <see cref="RestoreOptions.Overwrite"/> otherwise.</content>
public sealed partial class TarEngine
{
    /// <summary>Opens the destination, or makes it. A link that names it is followed; no link below it ever is.</summary>
    /// <param name="context">The destination and the options.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    /// <exception cref="BackupException">The destination is no directory, or is not empty and not to be written over.</exception>
    protected override Task PrepareDestinationAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.State = Destination.Open(context, _tree);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task RestoreLevelAsync(RestoreContext context, PipeReader archive, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(archive);
        return LevelReplay.RunAsync(Destination.Of(context), context.Level, archive, cancellationToken);
    }

    /// <summary>Writes each file once, from the level that has its content, where every level has a manifest; otherwise replays level by level.</summary>
    /// <param name="context">The chain.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    protected override async Task RestoreChainAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        Destination destination = Destination.Of(context);
        if (ChainRestore.IsPossible(context)
            && (!context.Options.SkipDamaged || await ChainRestore.IsManifestSoundAsync(destination, context, cancellationToken).ConfigureAwait(false)))
        {
            await ChainRestore.RunAsync(destination, context, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await base.RestoreChainAsync(context, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Looks that every path that was asked for was in the backup.</summary>
    /// <param name="context">The destination and the options.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    /// <exception cref="BackupException">One was not.</exception>
    protected override Task FinishRestoreAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        Destination.Of(context).Include.ThrowIfMissing(context.Target);
        return Task.CompletedTask;
    }
}
