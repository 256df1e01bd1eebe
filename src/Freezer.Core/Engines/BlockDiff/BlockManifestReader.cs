using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>Reads the manifest of a level, run by run, in constant memory.</summary>
internal sealed class BlockManifestReader(PipeReader source)
{
    private readonly Sha256Digest[] _digests = new Sha256Digest[BlockManifestFormat.GroupBlocks];
    private long _blockCount;
    private long _nextBlock;

    /// <summary>The current run.</summary>
    internal BlockRun Run { get; private set; }

    /// <summary>The digests of the current run's blocks; none where they are zero. Valid until the next run is read.</summary>
    internal ReadOnlySpan<Sha256Digest> Digests => _digests.AsSpan(0, Run.IsZero ? 0 : (int)Run.Count);

    /// <summary>Reads what the manifest begins with. Called once, first.</summary>
    internal async ValueTask<BlockManifestHeader> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (TakeHeader(result.Buffer) is { } header)
            {
                _blockCount = header.Geometry.BlockCount;
                return header;
            }

            EnsureMore(result);
        }
    }

    /// <summary>Moves to the next run.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="BlockManifestException">The manifest is malformed or ends too early.</exception>
    internal async ValueTask<bool> ReadRunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (!TakeRun(result.Buffer, out byte tag, out BlockRun run))
            {
                EnsureMore(result);
                continue;
            }

            if (tag == BlockManifestFormat.End)
            {
                await ReadEndAsync(run.Count, cancellationToken).ConfigureAwait(false);
                return false;
            }

            EnsurePlausible(run);
            Run = run;
            _nextBlock = run.First + run.Count;
            if (!run.IsZero)
            {
                await ReadDigestsAsync((int)run.Count, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }
    }

    private async ValueTask ReadDigestsAsync(int count, CancellationToken cancellationToken)
    {
        int wanted = count * Sha256Digest.Size;
        for (int filled = 0; filled < wanted;)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, wanted - filled));
            part.CopyTo(MemoryMarshal.AsBytes(_digests.AsSpan())[filled..]);
            filled += (int)part.Length;
            source.AdvanceTo(part.End);
            if (filled < wanted)
            {
                EnsureMore(result);
            }
        }
    }

    private async ValueTask ReadEndAsync(long count, CancellationToken cancellationToken)
    {
        if (count != _blockCount || _nextBlock != _blockCount)
        {
            throw new BlockManifestException($"It has {_nextBlock} blocks; there should be {_blockCount}, and its end tells of {count}.");
        }

        bool isCompleted = false;
        while (!isCompleted)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            bool isEmpty = result.Buffer.IsEmpty;
            isCompleted = result.IsCompleted;
            source.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (!isEmpty)
            {
                throw new BlockManifestException("Something follows its end.");
            }
        }
    }

    private void EnsurePlausible(in BlockRun run)
    {
        long inGroup = BlockManifestFormat.GroupBlocks - (run.First % BlockManifestFormat.GroupBlocks);
        if (run.Count <= 0 || run.Count > _blockCount - run.First || (!run.IsZero && (run.Count > inGroup || run.ArchiveOffset < 0)))
        {
            throw new BlockManifestException($"It has an impossible run of {run.Count} blocks at block {run.First} of {_blockCount}.");
        }
    }

    private BlockManifestHeader? TakeHeader(ReadOnlySequence<byte> buffer)
    {
        var input = new SequenceReader<byte>(buffer);
        bool found = BlockManifestParser.TryReadHeader(ref input, out BlockManifestHeader? header);
        source.AdvanceTo(input.Position, found ? input.Position : buffer.End);
        return header;
    }

    private bool TakeRun(ReadOnlySequence<byte> buffer, out byte tag, out BlockRun run)
    {
        var input = new SequenceReader<byte>(buffer);
        bool found = BlockManifestParser.TryReadRun(ref input, _nextBlock, out tag, out run);
        source.AdvanceTo(input.Position, found ? input.Position : buffer.End);
        return found;
    }

    private static void EnsureMore(in ReadResult result)
    {
        if (result.IsCompleted)
        {
            throw new BlockManifestException("It ends too early.");
        }
    }
}
