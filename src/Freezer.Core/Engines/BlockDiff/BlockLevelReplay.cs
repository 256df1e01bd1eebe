using System.Buffers;
using System.IO.Pipelines;
using Freezer.Formats.RbdDiff;

namespace Freezer.Engines.BlockDiff;

/// <summary>Applies the archive of one level to a target that holds the level before.</summary>
internal sealed class BlockLevelReplay(RestoreContext context, TargetWriter writer)
{
    private readonly VolumeRestore _restore = VolumeRestore.Of(context);

    internal async Task ReplayAsync(PipeReader archive, CancellationToken cancellationToken)
    {
        var reader = new RbdDiffReader(archive);
        RbdDiffHeader header = await reader.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        EnsureFollows(header);
        BlockDiffEngine.EnsureAllowed(context, header.Size);
        VolumeTarget target = _restore.Target;
        await target.SetLengthAsync(header.Size, cancellationToken).ConfigureAwait(false);

        // Up to here the target holds what it should, and from here on what it held before; there, what no extent covers is zeroed.
        long known = target.IsZeroed ? header.Size : Math.Min(_restore.Length, header.Size);
        while (await reader.ReadExtentAsync(cancellationToken).ConfigureAwait(false) is { } extent)
        {
            await ZeroAsync(known, extent.Offset, cancellationToken).ConfigureAwait(false);
            known = Math.Max(known, extent.End);
            if (extent.IsZero)
            {
                await ZeroAsync(extent.Offset, extent.End, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await CopyAsync(reader, extent, cancellationToken).ConfigureAwait(false);
            }
        }

        await ZeroAsync(known, header.Size, cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
        _restore.Length = header.Size;
        _restore.Snapshot = header.ToSnapshot;
    }

    private void EnsureFollows(RbdDiffHeader header)
    {
        bool isFirst = context.Level == context.Chain[0];
        if (isFirst && header.FromSnapshot is not null)
        {
            throw new BackupDamagedException($"{context.Level} builds on {header.FromSnapshot}, which is not in the chain.");
        }

        if (!isFirst && header.FromSnapshot != _restore.Snapshot)
        {
            throw new BackupDamagedException($"{context.Level} builds on {header.FromSnapshot ?? "nothing"}, and the level before leads to {_restore.Snapshot ?? "nothing"}.");
        }
    }

    private async ValueTask CopyAsync(RbdDiffReader reader, RbdDiffExtent extent, CancellationToken cancellationToken)
    {
        for (long offset = extent.Offset; offset < extent.End;)
        {
            int length = (int)Math.Min(extent.End - offset, writer.PieceSize);
            TargetPiece piece = await writer.RentAsync(cancellationToken).ConfigureAwait(false);
            piece.Begin(offset, length, digests: []);
            for (Memory<byte> left = piece.Content; !left.IsEmpty;)
            {
                ReadOnlySequence<byte> content = await reader.ReadContentAsync(cancellationToken).ConfigureAwait(false);
                content = content.Slice(0, Math.Min(content.Length, left.Length));
                content.CopyTo(left.Span);
                left = left[(int)content.Length..];
                reader.AdvanceContent(content.End, content.Length);
            }

            writer.Write(piece);
            offset += length;
        }
    }

    private ValueTask ZeroAsync(long offset, long end, CancellationToken cancellationToken) =>
        offset < end ? _restore.Target.ZeroAsync(offset, end - offset, cancellationToken) : ValueTask.CompletedTask;
}
