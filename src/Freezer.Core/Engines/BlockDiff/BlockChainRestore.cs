using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Engines.BlockDiff;

/// <summary>Restores a chain in one pass: the target's manifest says in which archive each block is, and what it must hash to.</summary>
internal sealed class BlockChainRestore(RestoreContext context, BlockManifestHeader header, TargetWriter writer)
{
    // With the manifest these are as many operations as a backup holds open.
    private const int ArchivesAtOnce = 3;

    // A gap up to this length is read and thrown away; a longer one is worth opening the archive again.
    private const int LargestGap = 8 << 20;

    private readonly VolumeTarget _target = VolumeRestore.Of(context).Target;
    private readonly BlockGeometry _geometry = header.Geometry;
    private readonly RestoreWindow _window = new(context.Chain);
    private long _bytesToWrite = header.Geometry.VolumeLength;

    /// <summary>Restores everything that the manifest lists.</summary>
    /// <param name="manifest">The target's, behind its header.</param>
    /// <param name="cancellationToken">Cancels the restore.</param>
    internal async Task RestoreAsync(BlockManifestReader manifest, CancellationToken cancellationToken)
    {
        await _target.SetLengthAsync(_geometry.VolumeLength, cancellationToken).ConfigureAwait(false);
        context.ReportTotal(_bytesToWrite);
        while (await manifest.ReadRunAsync(cancellationToken).ConfigureAwait(false))
        {
            if (manifest.Run.IsZero)
            {
                await ZeroAsync(manifest.Run, cancellationToken).ConfigureAwait(false);
                continue;
            }

            _window.Add(manifest.Run, manifest.Digests);
            if (_window.IsFull)
            {
                await RestoreWindowAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await RestoreWindowAsync(cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
    }

    private async ValueTask ZeroAsync(BlockRun run, CancellationToken cancellationToken)
    {
        long length = _geometry.LengthOf(run.First, run.Count);
        if (!_target.IsZeroed)
        {
            await _target.ZeroAsync(_geometry.OffsetOf(run.First), length, cancellationToken).ConfigureAwait(false);
        }

        // Zeros do not count as written; the total comes down instead.
        _bytesToWrite -= length;
        context.ReportTotal(_bytesToWrite);
        context.ReportProgress(0, run.Count);
    }

    private async Task RestoreWindowAsync(CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ArchivesAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, context.Chain.Count, parallel, (level, token) => RestoreLevelAsync(level, token)).ConfigureAwait(false);
        _window.Clear();
    }

    private async ValueTask RestoreLevelAsync(int level, CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredRun> runs = _window.RunsOf(level);
        var losses = new Losses(context, _target);
        int next = 0;
        while (next < runs.Count)
        {
            int first = next;
            try
            {
                await context.ReadArchiveAsync(context.Chain[level], runs[first].ArchiveOffset, ReadRunsAsync, cancellationToken).ConfigureAwait(false);
            }
            catch (BackupDamagedException) when (next > first)
            {
                // What is damaged may lie between the runs, where nothing is wanted; the next one is read for itself.
            }
            catch (BackupDamagedException) when (context.Options.SkipDamaged)
            {
                await RestoreWhatIsSoundAsync(context.Chain[level], runs[next++], losses, cancellationToken).ConfigureAwait(false);
            }
        }

        await losses.EndAsync(cancellationToken).ConfigureAwait(false);

        // Reads runs while the next one is near.
        async Task ReadRunsAsync(PipeReader archive, CancellationToken token)
        {
            long position = runs[next].ArchiveOffset;
            do
            {
                StoredRun run = runs[next];
                await SkipAsync(context.Chain[level], archive, run.ArchiveOffset - position, token).ConfigureAwait(false);
                await CopyAsync(context.Chain[level], archive, run, token).ConfigureAwait(false);
                position = run.ArchiveOffset + _geometry.LengthOf(run.First, run.Count);
                next++;
            }
            while (next < runs.Count && runs[next].ArchiveOffset >= position && runs[next].ArchiveOffset - position <= LargestGap);
        }
    }

    /// <summary>Restores a run that is damaged, or has damage in front of it, in ever smaller parts.</summary>
    private async ValueTask RestoreWhatIsSoundAsync(Backup level, StoredRun whole, Losses losses, CancellationToken cancellationToken)
    {
        var rest = new Stack<StoredRun>();
        rest.Push(whole);
        while (rest.TryPop(out StoredRun run))
        {
            try
            {
                await context.ReadArchiveAsync(
                    level, run.ArchiveOffset, async (archive, token) => await CopyAsync(level, archive, run, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            }
            catch (BackupDamagedException) when (run.Count > 1)
            {
                (StoredRun first, StoredRun second) = run.Halve(_geometry.BlockSize);
                rest.Push(second);
                rest.Push(first);
            }
            catch (BackupDamagedException exception)
            {
                await losses.AddAsync(new VolumeExtent(_geometry.OffsetOf(run.First), _geometry.LengthOf(run.First, 1)), exception.Message, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask CopyAsync(Backup level, PipeReader archive, StoredRun run, CancellationToken cancellationToken)
    {
        int pieceBlocks = writer.PieceSize / _geometry.BlockSize;
        for (int done = 0; done < run.Count; done += pieceBlocks)
        {
            int count = Math.Min(run.Count - done, pieceBlocks);
            long first = run.First + done;
            TargetPiece piece = await writer.RentAsync(cancellationToken).ConfigureAwait(false);
            piece.Begin(_geometry.OffsetOf(first), (int)_geometry.LengthOf(first, count), _window.DigestsOf(run).Slice(done, count));
            bool isFilled = false;
            try
            {
                for (Memory<byte> left = piece.Content; !left.IsEmpty;)
                {
                    ReadOnlySequence<byte> content = await ReadAsync(level, archive, left.Length, cancellationToken).ConfigureAwait(false);
                    content.CopyTo(left.Span);
                    left = left[(int)content.Length..];
                    archive.AdvanceTo(content.End);
                }

                if (context.Options.SkipDamaged)
                {
                    // Here the block can be told from its neighbours; whoever writes it can only fail.
                    writer.Verify(piece);
                }

                isFilled = true;
            }
            finally
            {
                if (!isFilled)
                {
                    writer.Return(piece);
                }
            }

            writer.Write(piece);
        }
    }

    private static async ValueTask SkipAsync(Backup level, PipeReader archive, long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            ReadOnlySequence<byte> content = await ReadAsync(level, archive, length, cancellationToken).ConfigureAwait(false);
            length -= content.Length;
            archive.AdvanceTo(content.End);
        }
    }

    /// <summary>The next bytes of an archive: some, and at most as many as asked for.</summary>
    private static async ValueTask<ReadOnlySequence<byte>> ReadAsync(Backup level, PipeReader archive, long length, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await archive.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!result.Buffer.IsEmpty)
            {
                return result.Buffer.Slice(0, Math.Min(result.Buffer.Length, length));
            }

            archive.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                throw new BackupDamagedException($"The archive of {level} ends before the content that the manifest tells of.");
            }
        }
    }

    /// <summary>The blocks of one level that are lost. Those one behind the other are reported together.</summary>
    private sealed class Losses(RestoreContext context, VolumeTarget target)
    {
        private VolumeExtent _lost;
        private string _reason = "";

        internal async ValueTask AddAsync(VolumeExtent block, string reason, CancellationToken cancellationToken)
        {
            if (_lost.Length == 0 || _lost.End != block.Offset || _reason != reason)
            {
                await EndAsync(cancellationToken).ConfigureAwait(false);
                (_lost, _reason) = (block with { Length = 0 }, reason);
            }

            _lost = _lost with { Length = _lost.Length + block.Length };
        }

        /// <summary>What is lost reads as zeros, whatever was there before.</summary>
        internal async ValueTask EndAsync(CancellationToken cancellationToken)
        {
            if (_lost.Length > 0)
            {
                await target.ZeroAsync(_lost.Offset, _lost.Length, cancellationToken).ConfigureAwait(false);
                context.ReportSkip(new SkippedEntry(EntryPath.Root, SkipKind.Damaged, $"{_lost.Length} bytes of the volume at byte {_lost.Offset} are lost, and are zero now: {_reason}"));
                _lost = default;
            }
        }
    }
}
