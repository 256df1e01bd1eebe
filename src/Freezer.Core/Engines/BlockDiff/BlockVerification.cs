using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>Verifies a volume as a restore would read it: every block of the manifest, from the archive that has it, against its digest.</summary>
/// <remarks>What the verified parent has in the same place and with the same digest is not read again. Blocks are read on the thread that reads the
/// archive: that of one level is read while those of others are.</remarks>
internal sealed class BlockVerification
{
    // With the manifests these are as many operations as a backup holds open.
    private const int ArchivesAtOnce = 2;

    // A gap up to this length is read and thrown away; a longer one is worth opening the archive again.
    private const int LargestGap = 8 << 20;

    private readonly VerifyContext _context;
    private readonly BlockManifestReader _manifest;
    private readonly BlockGeometry _geometry;
    private readonly ParentBlocks? _parent;
    private readonly RestoreWindow _window;

    private BlockVerification(VerifyContext context, BlockManifestReader manifest, BlockGeometry geometry, ParentBlocks? parent)
    {
        _context = context;
        _manifest = manifest;
        _geometry = geometry;
        _parent = parent;
        _window = new RestoreWindow(context.Chain);
    }

    /// <summary>Verifies a backup.</summary>
    /// <exception cref="BackupDamagedException">The manifest is damaged: nothing tells what the backup holds.</exception>
    internal static Task RunAsync(VerifyContext context, CancellationToken cancellationToken)
    {
        return context.VerifiedParent is not { } parent
            ? VerifyAsync(null, cancellationToken)
            : ReadAsync(context, parent, (manifest, token) => VerifyAsync(manifest, token), cancellationToken);

        Task VerifyAsync(BlockManifestReader? parentManifest, CancellationToken token) =>
            ReadAsync(context, context.Target, (manifest, manifestToken) => VerifyManifestAsync(context, manifest, parentManifest, manifestToken), token);
    }

    private static Task ReadAsync(VerifyContext context, Backup level, Func<BlockManifestReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        context.ReadManifestAsync(
            level,
            async (reader, token) =>
            {
                try
                {
                    await consume(new BlockManifestReader(reader), token).ConfigureAwait(false);
                }
                catch (BlockManifestException e)
                {
                    throw e.Of(level);
                }
            },
            cancellationToken);

    private static async Task VerifyManifestAsync(VerifyContext context, BlockManifestReader manifest, BlockManifestReader? parentManifest, CancellationToken cancellationToken)
    {
        BlockManifestHeader header = await manifest.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        if (header.SnapshotName != SnapshotName.Of(context.Target.Id))
        {
            throw new BlockManifestException($"It is that of {header.SnapshotName}.");
        }

        ParentBlocks? parent = null;
        if (parentManifest is not null && (await parentManifest.ReadHeaderAsync(cancellationToken).ConfigureAwait(false)).Geometry == header.Geometry)
        {
            parent = new ParentBlocks(parentManifest);
        }

        await new BlockVerification(context, manifest, header.Geometry, parent).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await _manifest.ReadRunAsync(cancellationToken).ConfigureAwait(false))
        {
            await AddUnverifiedAsync(_manifest.Run, cancellationToken).ConfigureAwait(false);
            if (_window.IsFull)
            {
                await VerifyWindowAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await VerifyWindowAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds the blocks of a run that the parent does not vouch for.</summary>
    private async ValueTask AddUnverifiedAsync(BlockRun run, CancellationToken cancellationToken)
    {
        for (long done = 0; done < run.Count;)
        {
            long count = run.Count - done;
            if (_parent is not null)
            {
                count = Math.Min(count, await _parent.PeekAsync(cancellationToken).ConfigureAwait(false));
            }

            if (!run.IsZero && !IsParents(run, (int)done, (int)count))
            {
                long offset = run.ArchiveOffset + (done * _geometry.BlockSize);
                _window.Add(run with { First = run.First + done, Count = count, ArchiveOffset = offset }, _manifest.Digests.Slice((int)done, (int)count));
            }

            _parent?.Advance(count);
            done += count;
        }

        _context.ReportProgress(0, run.Count);
    }

    private bool IsParents(in BlockRun run, int begin, int count)
    {
        if (_parent is null || _parent.IsZero || _parent.BackupId != run.BackupId)
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            long offset = run.ArchiveOffset + ((long)(begin + i) * _geometry.BlockSize);
            if (_parent.ArchiveOffsetOf(i, _geometry.BlockSize) != offset || !_parent.DigestOf(i).Equals(_manifest.Digests[begin + i]))
            {
                return false;
            }
        }

        return true;
    }

    private async Task VerifyWindowAsync(CancellationToken cancellationToken)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ArchivesAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, _context.Chain.Count, parallel, (level, token) => VerifyLevelAsync(level, token)).ConfigureAwait(false);
        _window.Clear();
    }

    private async ValueTask VerifyLevelAsync(int level, CancellationToken cancellationToken)
    {
        var check = new LevelCheck(_context, _context.Chain[level], _geometry, _window, _window.RunsOf(level));
        while (!check.IsComplete)
        {
            long begin = check.ArchiveOffset;
            try
            {
                await _context.ReadArchiveAsync(_context.Chain[level], begin, check.ReadAsync, cancellationToken).ConfigureAwait(false);
            }
            catch (BackupDamagedException exception)
            {
                // What is damaged may lie in front of the block, where nothing is wanted; one block further it may go on.
                if (check.ArchiveOffset == begin)
                {
                    await check.LoseBlockAsync(exception.Message, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        await check.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The blocks of a window that one archive holds, in the order of that archive, and how far they are verified.</summary>
    private sealed class LevelCheck(VerifyContext context, Backup level, BlockGeometry geometry, RestoreWindow window, IReadOnlyList<StoredRun> runs)
    {
        private readonly byte[] _block = new byte[geometry.BlockSize];
        private int _run;
        private int _done;

        // Lost blocks one behind the other are reported together.
        private VolumeExtent _lost;
        private long _lostOffset;
        private string _reason = "";

        internal bool IsComplete => _run == runs.Count;

        /// <summary>Where the next block is in the archive.</summary>
        internal long ArchiveOffset => runs[_run].ArchiveOffset + ((long)_done * geometry.BlockSize);

        private long Block => runs[_run].First + _done;

        /// <summary>Verifies blocks while the next one is near.</summary>
        internal async Task ReadAsync(PipeReader archive, CancellationToken cancellationToken)
        {
            for (long position = ArchiveOffset; !IsComplete && ArchiveOffset - position is >= 0 and <= LargestGap and long gap;)
            {
                await ReadAsync(archive, gap, keep: false, cancellationToken).ConfigureAwait(false);
                int length = (int)geometry.LengthOf(Block, 1);
                await ReadAsync(archive, length, keep: true, cancellationToken).ConfigureAwait(false);
                position = ArchiveOffset + length;
                if (Sha256Digest.Of(_block.AsSpan(0, length)).Equals(window.DigestsOf(runs[_run])[_done]))
                {
                    context.ReportProgress(length, 0);
                    MoveOn();
                }
                else
                {
                    await LoseBlockAsync("it has another SHA-256 than the manifest says", cancellationToken).ConfigureAwait(false);
                }
            }
        }

        internal async ValueTask LoseBlockAsync(string reason, CancellationToken cancellationToken)
        {
            var lost = new VolumeExtent(geometry.OffsetOf(Block), geometry.LengthOf(Block, 1));
            if (_lost.Length > 0 && _lost.End == lost.Offset && _reason == reason)
            {
                _lost = _lost with { Length = _lost.Length + lost.Length };
            }
            else
            {
                await EndAsync(cancellationToken).ConfigureAwait(false);
                (_lost, _lostOffset, _reason) = (lost, ArchiveOffset, reason);
            }

            MoveOn();
        }

        /// <summary>Reports what was lost last.</summary>
        internal async ValueTask EndAsync(CancellationToken cancellationToken)
        {
            if (_lost.Length > 0)
            {
                string reason = $"{_lost.Length} bytes of the volume at byte {_lost.Offset} cannot be restored: {_reason}";
                await context.ReportLostAsync(EntryPath.Root, level, _lostOffset, reason, cancellationToken).ConfigureAwait(false);
                _lost = default;
            }
        }

        private void MoveOn()
        {
            if (++_done == runs[_run].Count)
            {
                _run++;
                _done = 0;
            }
        }

        private async ValueTask ReadAsync(PipeReader archive, long length, bool keep, CancellationToken cancellationToken)
        {
            for (long done = 0; done < length;)
            {
                ReadResult result = await archive.ReadAsync(cancellationToken).ConfigureAwait(false);
                ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, length - done));
                if (keep)
                {
                    part.CopyTo(_block.AsSpan((int)done));
                }

                done += part.Length;
                archive.AdvanceTo(part.End);
                if (done < length && result.IsCompleted)
                {
                    throw new BackupDamagedException($"The archive of {level} ends before the content that the manifest tells of.");
                }
            }
        }
    }
}
