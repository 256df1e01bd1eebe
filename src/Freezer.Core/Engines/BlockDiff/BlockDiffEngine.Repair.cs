using System.Globalization;
using System.IO.Pipelines;
using Freezer.Formats.RbdDiff;

namespace Freezer.Engines.BlockDiff;

public sealed partial class BlockDiffEngine
{
    /// <summary>Hashes the blocks of the archive, and takes all others from the parent's manifest: nothing is lost.</summary>
    /// <param name="context">The chain, and where the manifest goes.</param>
    /// <param name="cancellationToken">Cancels the repair.</param>
    protected override Task RebuildManifestAsync(RepairContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Parent is not { } parent
            ? RebuildAsync(context, null, cancellationToken)
            : context.ReadManifestAsync(
                parent,
                async (manifest, token) =>
                {
                    try
                    {
                        await RebuildAsync(context, new BlockManifestReader(manifest), token).ConfigureAwait(false);
                    }
                    catch (BlockManifestException e)
                    {
                        throw e.Of(parent);
                    }
                },
                cancellationToken);
    }

    private static async Task RebuildAsync(RepairContext context, BlockManifestReader? parent, CancellationToken cancellationToken)
    {
        BlockManifestHeader? header = parent is null ? null : await parent.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        if (header is not null && header.SnapshotName != SnapshotName.Of(context.Parent!.Id))
        {
            throw new BlockManifestException($"It is that of {header.SnapshotName}.");
        }

        int blockSize = header?.Geometry.BlockSize ?? BlockSizeOf(context.Target);
        await context.ReadArchiveAsync(context.Target, ReadAsync, cancellationToken).ConfigureAwait(false);

        async Task ReadAsync(PipeReader archive, CancellationToken token)
        {
            try
            {
                await new BlockManifestRebuild(context, blockSize, new ParentBlocks(parent)).RunAsync(archive, header, token).ConfigureAwait(false);
            }
            catch (RbdDiffFormatException e)
            {
                throw new BackupDamagedException($"{context.Target}: {e.Message}", e);
            }
        }
    }

    /// <summary>The size of the blocks as the backup's document has it: the archive does not tell.</summary>
    private static int BlockSizeOf(Backup backup) =>
        backup.EngineFacts.TryGetValue(BlockSizeFact, out string? fact)
        && int.TryParse(fact, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && BlockGeometry.IsBlockSize(size) ? size
            : throw new BackupDamagedException($"The metadata document of {backup} does not say how large its blocks are.");
}
