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
        if (context.Options.SkipDamaged)
        {
            await RestoreWhatIsSoundAsync(context.Chain[level], runs, cancellationToken).ConfigureAwait(false);
            return;
        }

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
        }

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

    /// <summary>Restores each run for itself, and of one that is damaged those parts that are not.</summary>
    private async ValueTask RestoreWhatIsSoundAsync(Backup level, IReadOnlyList<StoredRun> runs, CancellationToken cancellationToken)
    {
        var rest = new Stack<StoredRun>();
        VolumeExtent lost = default;
        string reason = "";
        foreach (StoredRun whole in runs)
        {
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
                    var block = new VolumeExtent(_geometry.OffsetOf(run.First), _geometry.LengthOf(run.First, 1));
                    if (lost.Length == 0 || lost.End != block.Offset || reason != exception.Message)
                    {
                        await ReportLostAsync(lost, reason, cancellationToken).ConfigureAwait(false);
                        (lost, reason) = (block with { Length = 0 }, exception.Message);
                    }

                    lost = lost with { Length = lost.Length + block.Length };
                }
            }
        }

        await ReportLostAsync(lost, reason, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What is lost reads as zeros, whatever was there before.</summary>
    private async ValueTask ReportLostAsync(VolumeExtent lost, string reason, CancellationToken cancellationToken)
    {
        if (lost.Length > 0)
        {
            await _target.ZeroAsync(lost.Offset, lost.Length, cancellationToken).ConfigureAwait(false);
            context.ReportSkip(new SkippedEntry(EntryPath.Root, SkipKind.Damaged, $"{lost.Length} bytes of the volume at byte {lost.Offset} are lost, and are zero now: {reason}"));
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
}
