using System.Globalization;
using System.IO.Pipelines;
using Freezer.Formats.RbdDiff;

namespace Freezer.Engines.BlockDiff;

public sealed partial class BlockDiffEngine
{
    /// <inheritdoc/>
    protected override async Task PrepareDestinationAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Options.Include.Count > 0)
        {
            throw new BackupException("A volume is restored whole: it has no paths that could be chosen.");
        }

        long length = await FindLengthAsync(context, cancellationToken).ConfigureAwait(false);
        EnsureAllowed(context, length);
        VolumeTarget target = await _options.Volumes.OpenTargetAsync(context.Destination, length, context.Options.Overwrite, cancellationToken).ConfigureAwait(false);
        context.State = new VolumeRestore(target);
    }

    /// <inheritdoc/>
    protected override async Task RestoreLevelAsync(RestoreContext context, PipeReader archive, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(archive);
        TargetWriter writer = OpenWriter(context, _options.BlockSize, cancellationToken);
        await using (writer.ConfigureAwait(false))
        {
            try
            {
                await new BlockLevelReplay(context, writer).ReplayAsync(archive, cancellationToken).ConfigureAwait(false);
            }
            catch (RbdDiffFormatException e)
            {
                throw new BackupDamagedException($"{context.Level}: {e.Message}", e);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task RestoreChainAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.HasManifest(context.Target)
            && (!context.Options.SkipDamaged || await IsManifestSoundAsync(context, cancellationToken).ConfigureAwait(false)))
        {
            await ReadManifestAsync(context, (manifest, token) => RestoreAsync(context, manifest, token), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await base.RestoreChainAsync(context, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Task ReadManifestAsync(RestoreContext context, Func<BlockManifestReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        context.ReadManifestAsync(
            context.Target,
            async (reader, token) =>
            {
                try
                {
                    await consume(new BlockManifestReader(reader), token).ConfigureAwait(false);
                }
                catch (BlockManifestException e)
                {
                    throw e.Of(context.Target);
                }
            },
            cancellationToken);

    /// <summary>Whether the manifest of the target can be read to its end. Only asked where damage is expected: otherwise a restore finds out on its way.</summary>
    private static async Task<bool> IsManifestSoundAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        try
        {
            await ReadManifestAsync(context, ReadAsync, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (BackupDamagedException)
        {
            return false;
        }

        async Task ReadAsync(BlockManifestReader manifest, CancellationToken token)
        {
            await ReadHeaderAsync(context, manifest, token).ConfigureAwait(false);
            bool isMore = true;
            while (isMore)
            {
                isMore = await manifest.ReadRunAsync(token).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task FinishRestoreAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await VolumeRestore.Of(context).Target.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task RestoreAsync(RestoreContext context, BlockManifestReader manifest, CancellationToken cancellationToken)
    {
        BlockManifestHeader header = await ReadHeaderAsync(context, manifest, cancellationToken).ConfigureAwait(false);
        EnsureAllowed(context, header.Geometry.VolumeLength);
        TargetWriter writer = OpenWriter(context, header.Geometry.BlockSize, cancellationToken);
        await using (writer.ConfigureAwait(false))
        {
            await new BlockChainRestore(context, header, writer).RestoreAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The length of the volume, so that a destination that is too small is refused before anything is written; 0 where
    /// only the archive tells, whose beginning a replay looks at first.</summary>
    private static async ValueTask<long> FindLengthAsync(RestoreContext context, CancellationToken cancellationToken)
    {
        if (context.Target.EngineFacts.TryGetValue(LengthFact, out string? fact)
            && long.TryParse(fact, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
        {
            return length;
        }

        length = 0;
        if (context.HasManifest(context.Target) && !context.Options.SkipDamaged)
        {
            await context.ReadManifestAsync(
                context.Target,
                async (manifest, token) => length = (await ReadHeaderAsync(context, new BlockManifestReader(manifest), token).ConfigureAwait(false)).Geometry.VolumeLength,
                cancellationToken).ConfigureAwait(false);
        }

        return length;
    }

    /// <exception cref="BackupException">The backup is not trusted, and its volume is longer than such a backup may say.</exception>
    internal static void EnsureAllowed(RestoreContext context, long length)
    {
        if (!context.IsTrusted && length > context.Options.Limits.LargestFile)
        {
            throw new BackupException($"{context.Target} is not trusted, and tells of a volume of {length} bytes, which is beyond {nameof(ReaderLimits)}.{nameof(ReaderLimits.LargestFile)}.");
        }
    }

    private static async ValueTask<BlockManifestHeader> ReadHeaderAsync(RestoreContext context, BlockManifestReader manifest, CancellationToken cancellationToken)
    {
        try
        {
            BlockManifestHeader header = await manifest.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
            return header.SnapshotName == SnapshotName.Of(context.Target.Id)
                ? header
                : throw new BlockManifestException($"It is that of {header.SnapshotName}.");
        }
        catch (BlockManifestException e)
        {
            throw e.Of(context.Target);
        }
    }

    private TargetWriter OpenWriter(RestoreContext context, int blockSize, CancellationToken cancellationToken) =>
        new(context, VolumeRestore.Of(context).Target, blockSize, EngineOptions.Parallelism, _options.Pool, cancellationToken);
}
