using System.Buffers;
using System.IO.Pipelines;
using Freezer.Formats.RbdDiff;

namespace Freezer.Engines.BlockDiff;

/// <summary>Applies the archive of one level to a target that holds the level before.</summary>
internal sealed class BlockLevelReplay(RestoreContext context, TargetWriter writer)
{
    private readonly VolumeRestore _restore = VolumeRestore.Of(context);

    // Up to here the target holds what it should, and from here on what it held before; there, what no extent covers is zeroed.
    private long _known;

    internal async Task ReplayAsync(PipeReader archive, CancellationToken cancellationToken)
    {
        var reader = new RbdDiffReader(archive);
        RbdDiffHeader header = await reader.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        EnsureFollows(header);
        BlockDiffEngine.EnsureAllowed(context, header.Size);
        VolumeTarget target = _restore.Target;
        await target.SetLengthAsync(header.Size, cancellationToken).ConfigureAwait(false);

        _known = target.IsZeroed ? header.Size : Math.Min(_restore.Length, header.Size);
        try
        {
            await ApplyAsync(reader, cancellationToken).ConfigureAwait(false);
        }
        catch when (context.Options.SkipDamaged && !cancellationToken.IsCancellationRequested)
        {
            // What was read so far counts, and the next level goes on from there.
            await EndAsync(header, cancellationToken).ConfigureAwait(false);
            throw;
        }

        await EndAsync(header, cancellationToken).ConfigureAwait(false);
    }

    private async Task ApplyAsync(RbdDiffReader reader, CancellationToken cancellationToken)
    {
        while (await reader.ReadExtentAsync(cancellationToken).ConfigureAwait(false) is { } extent)
        {
            await ZeroAsync(_known, extent.Offset, cancellationToken).ConfigureAwait(false);
            _known = Math.Max(_known, extent.Offset);
            if (extent.IsZero)
            {
                await ZeroAsync(extent.Offset, extent.End, cancellationToken).ConfigureAwait(false);
                _known = Math.Max(_known, extent.End);
            }
            else
            {
                await CopyAsync(reader, extent, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task EndAsync(RbdDiffHeader header, CancellationToken cancellationToken)
    {
        await ZeroAsync(_known, header.Size, cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
        _restore.Length = header.Size;
        _restore.Snapshot = header.ToSnapshot;
        _restore.Level = context.Level;
    }

    private void EnsureFollows(RbdDiffHeader header)
    {
        Backup? before = context.Chain.TakeWhile(level => level != context.Level).LastOrDefault();
        if (before is null && header.FromSnapshot is not null)
        {
            throw new BackupDamagedException($"{context.Level} builds on {header.FromSnapshot}, which is not in the chain.");
        }

        // Of a level whose archive cannot even be begun the name is known all the same.
        string? leadsTo = before is null || before == _restore.Level ? _restore.Snapshot : SnapshotName.Of(before.Id);
        if (before is not null && header.FromSnapshot != leadsTo)
        {
            throw new BackupDamagedException($"{context.Level} builds on {header.FromSnapshot ?? "nothing"}, and the level before leads to {leadsTo ?? "nothing"}.");
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
            _known = Math.Max(_known, offset);
        }
    }

    private ValueTask ZeroAsync(long offset, long end, CancellationToken cancellationToken) =>
        offset < end ? _restore.Target.ZeroAsync(offset, end - offset, cancellationToken) : ValueTask.CompletedTask;
}
