using System.Buffers;
using System.IO.Pipelines;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Freezer.Dataflow;

/// <summary>Cuts a manifest into frames at content-defined borders, and stores only those that the parent's manifest does not have.</summary>
/// <remarks>
/// Whether a frame ends behind a block depends on that block alone, so that a change moves the borders only around itself.
/// The chance that a block ends a frame is proportional to its length, which makes frames about <see cref="UsualFrame"/> long
/// whatever the blocks are. The engine's thread writes and flushes; frames come back, compressed, on others.
/// </remarks>
internal sealed class FramedManifestWriter : ManifestWriter, IStoredStreamObserver, IAsyncDisposable
{
    internal const int SmallestFrame = 32 << 10;
    internal const int UsualFrame = 256 << 10;
    internal const int LargestFrame = 1 << 20;

    private readonly StoredStreamWriter _stream;
    private readonly LevelIndexWriter _index;
    private readonly FrameOwner _self;
    private readonly ManifestFrameSet? _parentFrames;
    private readonly Queue<CutFrame> _cut = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Queue<PendingFrame> _pending = new();
    private FrameBuffer _frame;
    private int _blockStart;
    private bool _startsBlock = true;
    private long _contentLength;
    private long _storedOffset;

    internal FramedManifestWriter(
        PipeWriter stored, StoredStreamOptions options, LevelIndexWriter index, FrameOwner self, ManifestFrameSet? parentFrames)
    {
        _stream = new StoredStreamWriter(stored, options with { FrameSize = LargestFrame }, this);
        _index = index;
        _self = self;
        _parentFrames = parentFrames;
        _frame = _stream.RentFrame();
    }

    /// <summary>How long the manifest is, with the frames that other levels hold.</summary>
    internal long ContentLength => _contentLength + _frame.Length;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _frame.Length + _cut.Sum(static frame => (long)frame.Content.Length);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        CutBefore(sizeHint);
        // A pool lends more than was asked for where it has nothing else at hand, and a frame that is too long is never read back.
        Memory<byte> memory = _frame.GetMemory(sizeHint);
        return memory[..Math.Min(memory.Length, Math.Max(sizeHint, LargestFrame - _frame.Length))];
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        _frame.Advance(bytes);
        if (_frame.Length > LargestFrame)
        {
            Split();
        }
    }

    public override void EndBlock()
    {
        ReadOnlySpan<byte> block = _frame.WrittenSpan[_blockStart..];
        if (_frame.Length >= SmallestFrame && EndsFrame(block))
        {
            Cut(startsBlock: true);
        }

        _blockStart = _frame.Length;
    }

    /// <summary>Begins a frame. What is stored a second time keeps the borders that it had, since blocks do not show in it any more.</summary>
    internal void BeginFrame(bool startsBlock)
    {
        if (_frame.Length > 0)
        {
            Cut(startsBlock);
        }

        _startsBlock = startsBlock;
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        while (_cut.TryDequeue(out CutFrame? frame))
        {
            await WriteFrameAsync(frame, cancellationToken).ConfigureAwait(false);
        }

        return new FlushResult(isCanceled: false, isCompleted: false);
    }

    public override void CancelPendingFlush()
    {
    }

    /// <summary>Only the workflow ends a manifest, with <see cref="EndAsync"/>.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Writes what is left, and waits until all of it has gone to the storage.</summary>
    internal async Task<StoredStreamSummary> EndAsync(CancellationToken cancellationToken)
    {
        if (_frame.Length > 0)
        {
            Cut(startsBlock: true);
        }

        await FlushAsync(cancellationToken).ConfigureAwait(false);
        StoredStreamSummary summary = await _stream.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return summary with { ContentLength = _contentLength };
    }

    async ValueTask IStoredStreamObserver.OnFrameAsync(StoredFrame frame, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_pending.TryDequeue(out PendingFrame? own))
            {
                // A manifest without a frame of its own is stored as an empty file of its codec, which holds no content.
                return;
            }

            var stored = new ManifestFrame(frame, _self, _storedOffset, own.Digest, own.StartsBlock);
            _storedOffset += frame.StoredLength;
            await _index.AddManifestFrameAsync(stored, cancellationToken).ConfigureAwait(false);
            // References that were waiting for this frame, so that the index keeps the order of the content.
            while (_pending.TryPeek(out PendingFrame? next) && next.Reference is { } reference)
            {
                _pending.Dequeue();
                await _index.AddManifestFrameAsync(reference, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    ValueTask IStoredStreamObserver.OnLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken) =>
        _index.AddManifestLeafAsync(leaf, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _frame.Dispose();
        while (_cut.TryDequeue(out CutFrame? frame))
        {
            frame.Content.Dispose();
        }

        await _stream.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    /// <summary>A block ends a frame with a chance proportional to its length, drawn from its own bytes.</summary>
    private static bool EndsFrame(ReadOnlySpan<byte> block)
    {
        uint hash = 0;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(block);
        foreach (ulong word in words)
        {
            hash = BitOperations.Crc32C(hash, word);
        }

        foreach (byte value in block[(words.Length * sizeof(ulong))..])
        {
            hash = BitOperations.Crc32C(hash, value);
        }

        return hash < (ulong)block.Length * (uint.MaxValue / UsualFrame);
    }

    private void CutBefore(int sizeHint)
    {
        if (_frame.Length > 0 && _frame.Length + Math.Max(sizeHint, 1) > LargestFrame)
        {
            Cut(startsBlock: _blockStart == _frame.Length);
            _blockStart = 0;
        }
    }

    /// <summary>Makes several frames of what was asked for at once, and is more than one may hold.</summary>
    private void Split()
    {
        using FrameBuffer whole = _frame;
        ReadOnlySpan<byte> rest = whole.WrittenSpan;
        _frame = _stream.RentFrame();
        while (rest.Length > LargestFrame)
        {
            _frame.Write(rest[..LargestFrame]);
            rest = rest[LargestFrame..];
            Cut(startsBlock: false);
        }

        _frame.Write(rest);
        _blockStart = 0;
    }

    private void Cut(bool startsBlock)
    {
        _cut.Enqueue(new CutFrame(_frame, _startsBlock));
        _contentLength += _frame.Length;
        _startsBlock = startsBlock;
        _frame = _stream.RentFrame();
        _blockStart = 0;
    }

    private async ValueTask WriteFrameAsync(CutFrame frame, CancellationToken cancellationToken)
    {
        Sha256Digest digest = Sha256Digest.Of(frame.Content.WrittenSpan);
        if (_parentFrames?.Find(digest, frame.Content.Length) is { } reference)
        {
            frame.Content.Dispose();
            await ReferAsync(reference with { StartsBlock = frame.StartsBlock }, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        _pending.Enqueue(new PendingFrame(digest, frame.StartsBlock, null));
        _turn.Release();
        await _stream.WriteFrameAsync(frame.Content, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask ReferAsync(ManifestFrame reference, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_pending.Count > 0)
            {
                _pending.Enqueue(new PendingFrame(reference.Digest, reference.StartsBlock, reference));
            }
            else
            {
                await _index.AddManifestFrameAsync(reference, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private sealed record CutFrame(FrameBuffer Content, bool StartsBlock);

    /// <summary>A frame that is not in the index yet: one of this level's that is being compressed, or a reference behind such a one.</summary>
    private sealed record PendingFrame(Sha256Digest Digest, bool StartsBlock, ManifestFrame? Reference);
}
