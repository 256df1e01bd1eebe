using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Formats.RbdDiff;

namespace Freezer.Engines.BlockDiff;

/// <summary>Makes the manifest of a level of its archive: the blocks that are in it are hashed, all others are the parent's.</summary>
internal sealed class BlockManifestRebuild(RepairContext context, int blockSize, ParentBlocks parent)
{
    private const int ManifestFlush = 64 << 10;

    /// <summary>Reads the archive, and writes the manifest.</summary>
    /// <param name="archive">The level's.</param>
    /// <param name="parentHeader">What the parent's manifest says of the volume; <see langword="null"/> at level 0.</param>
    /// <param name="cancellationToken">Cancels the repair.</param>
    /// <exception cref="BackupDamagedException">The archive is that of another backup, or has extents that are not blocks.</exception>
    internal async Task RunAsync(PipeReader archive, BlockManifestHeader? parentHeader, CancellationToken cancellationToken)
    {
        var reader = new RbdDiffReader(archive);
        RbdDiffHeader header = await reader.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        if (header.ToSnapshot != SnapshotName.Of(context.Target.Id) || header.FromSnapshot != parentHeader?.SnapshotName
            || (parentHeader is not null && parentHeader.Geometry.VolumeLength != header.Size))
        {
            throw new BackupDamagedException($"The archive of {context.Target} is of another volume or level: it leads from {header.FromSnapshot ?? "nothing"} to {header.ToSnapshot ?? "nothing"}.");
        }

        var geometry = new BlockGeometry(header.Size, blockSize);
        var manifest = new BlockManifestWriter(context.Manifest, new BlockManifestHeader(geometry, SnapshotName.Of(context.Target.Id)));
        manifest.WriteHeader();
        while (await reader.ReadExtentAsync(cancellationToken).ConfigureAwait(false) is { } extent)
        {
            (long first, long end) = BlocksOf(extent, geometry);
            await KeepAsync(manifest, first, cancellationToken).ConfigureAwait(false);
            if (extent.IsZero)
            {
                manifest.AddZeros(end - first);
            }
            else
            {
                await HashAsync(reader, manifest, geometry, end, cancellationToken).ConfigureAwait(false);
            }

            await SkipParentAsync(end - first, cancellationToken).ConfigureAwait(false);
            context.ReportProgress(extent.IsZero ? 0 : extent.Length, end - first);
            await FlushAsync(manifest, ManifestFlush, cancellationToken).ConfigureAwait(false);
        }

        await KeepAsync(manifest, geometry.BlockCount, cancellationToken).ConfigureAwait(false);
        await parent.EndAsync(cancellationToken).ConfigureAwait(false);
        manifest.WriteEnd();
        await FlushAsync(manifest, 0, cancellationToken).ConfigureAwait(false);
    }

    private (long First, long End) BlocksOf(RbdDiffExtent extent, BlockGeometry geometry)
    {
        (long first, long end) = geometry.BlocksOf(new VolumeExtent(extent.Offset, extent.Length));
        return geometry.OffsetOf(first) == extent.Offset && geometry.LengthOf(first, end - first) == extent.Length ? (first, end)
            : throw new BackupDamagedException($"The archive of {context.Target} has {extent.Length} bytes at {extent.Offset}, which are no blocks of {blockSize}.");
    }

    /// <summary>Blocks up to one that are as they were in the parent.</summary>
    private async ValueTask KeepAsync(BlockManifestWriter manifest, long end, CancellationToken cancellationToken)
    {
        while (manifest.NextBlock < end)
        {
            long count = Math.Min(end - manifest.NextBlock, await parent.PeekAsync(cancellationToken).ConfigureAwait(false));
            if (parent.IsZero)
            {
                manifest.AddZeros(count);
            }

            for (long i = 0; !parent.IsZero && i < count; i++)
            {
                manifest.Add(parent.BackupId, parent.ArchiveOffsetOf(i, blockSize), parent.DigestOf(i));
            }

            parent.Advance(count);
            await FlushAsync(manifest, ManifestFlush, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask SkipParentAsync(long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            long skipped = Math.Min(count, await parent.PeekAsync(cancellationToken).ConfigureAwait(false));
            parent.Advance(skipped);
            count -= skipped;
        }
    }

    private async ValueTask HashAsync(RbdDiffReader reader, BlockManifestWriter manifest, BlockGeometry geometry, long end, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (manifest.NextBlock < end)
        {
            long position = reader.Position;
            for (long left = geometry.LengthOf(manifest.NextBlock, 1); left > 0;)
            {
                ReadOnlySequence<byte> content = await reader.ReadContentAsync(cancellationToken).ConfigureAwait(false);
                content = content.Slice(0, Math.Min(content.Length, left));
                foreach (ReadOnlyMemory<byte> segment in content)
                {
                    hash.AppendData(segment.Span);
                }

                left -= content.Length;
                reader.AdvanceContent(content.End, content.Length);
            }

            Sha256Digest digest = default;
            hash.GetHashAndReset(digest);
            manifest.Add(context.Target.Id, position, digest);
        }
    }

    private async ValueTask FlushAsync(BlockManifestWriter manifest, int limit, CancellationToken cancellationToken)
    {
        if (manifest.Unflushed > limit)
        {
            manifest.Unflushed = 0;
            await context.Manifest.FlushOrThrowAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
