using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow.Compression;
using Freezer.Formats.StreamingAead;

namespace Freezer.Dataflow;

/// <summary>Reads what <see cref="StoredStreamWriter"/> stored: verifies and decrypts the leaves on all cores, cuts them into frames,
/// decompresses those on all cores, and delivers the content in order.</summary>
/// <remarks>
/// <para>Nothing of a leaf is used before the leaf is verified, and nothing of a frame is delivered before the frame is
/// decompressed whole and has the expected length. The pipes are never completed here.</para>
/// <para>The first error in the order of the stored bytes is the one that surfaces, after all that comes before it was
/// delivered. An <see cref="InvalidDataException"/> names the leaf or frame and where it is stored.</para>
/// </remarks>
internal sealed partial class StoredStreamReader : IAsyncDisposable
{
    private const int LeafSize = StoredStreamOptions.LeafSize;

    private readonly PipeReader _stored;
    private readonly PipeWriter _content;
    private readonly StoredRange? _range;
    private readonly ObjectSeal? _seal;
    private readonly ArrayPool<byte> _pool;
    private readonly OrderedStage<LeafItem> _leaves;
    private readonly OrderedStage<FrameItem> _frames;
    private readonly CancellationTokenSource _stop;
    private LeafItem? _leaf;
    private int _position;

    private StoredStreamReader(
        PipeReader stored, PipeWriter content, ICompressionCodec codec, StoredRange? range, ObjectSeal? seal, int parallelism, ArrayPool<byte> pool, CancellationToken cancellationToken)
    {
        _stored = stored;
        _content = content;
        _range = range;
        _seal = seal;
        _pool = pool;
        _leaves = new OrderedStage<LeafItem>(parallelism, parallelism, () => new LeafVerification(seal, pool));
        _frames = new OrderedStage<FrameItem>(parallelism, (2 * parallelism) - 1, () => new FrameDecompression(codec, pool));
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    private long FirstOffset => _range?.FirstLeafOffset ?? 0;

    /// <summary>Where the first byte that is used of the first leaf is, counted without encryption as frames are.</summary>
    private long FirstFrameOffset => _seal is { } seal ? seal.Stream.Parameters.ContentOffsetOf(FirstOffset / LeafSize) : FirstOffset;

    /// <summary>Reads a whole stream.</summary>
    /// <param name="stored">The stored bytes, from the first to the last.</param>
    /// <param name="content">Where the content goes.</param>
    /// <param name="codec">What the frames were compressed with.</param>
    /// <param name="frames">All frames; the stored bytes must be theirs and no more.</param>
    /// <param name="leaves">The SHA-256 of all leaves.</param>
    /// <param name="seal">How to decrypt the leaves, or <see langword="null"/> where they are not encrypted.</param>
    /// <param name="parallelism">How many cores verify and decompress.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="InvalidDataException">The stored bytes are damaged, are fewer or more than the frames and leaves
    /// say, or the frames cannot be true.</exception>
    /// <exception cref="IOException">The reader of the content has stopped before the end.</exception>
    internal static Task ReadAsync(
        PipeReader stored,
        PipeWriter content,
        ICompressionCodec codec,
        IAsyncEnumerable<StoredFrame> frames,
        IAsyncEnumerable<Sha256Digest> leaves,
        ObjectSeal? seal,
        int parallelism,
        CancellationToken cancellationToken) =>
        ReadAsync(stored, content, codec, frames, leaves, range: null, seal, parallelism, pool: null, cancellationToken);

    /// <summary>Reads some frames of a stream.</summary>
    /// <param name="stored">The leaves that hold the frames, whole.</param>
    /// <param name="content">Where the content goes.</param>
    /// <param name="codec">What the frames were compressed with.</param>
    /// <param name="frames">The wanted frames, which lie one after another. Stored bytes may follow the last one up to the
    /// end of the leaf that it ends in.</param>
    /// <param name="leaves">The SHA-256 of the leaves.</param>
    /// <param name="range">Where the leaves begin in the object, and the frames in the leaves.</param>
    /// <param name="seal">How to decrypt the leaves, or <see langword="null"/> where they are not encrypted.</param>
    /// <param name="parallelism">How many cores verify and decompress.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="InvalidDataException">As for a whole stream.</exception>
    /// <exception cref="IOException">The reader of the content has stopped before the end.</exception>
    internal static Task ReadRangeAsync(
        PipeReader stored,
        PipeWriter content,
        ICompressionCodec codec,
        IAsyncEnumerable<StoredFrame> frames,
        IAsyncEnumerable<Sha256Digest> leaves,
        StoredRange range,
        ObjectSeal? seal,
        int parallelism,
        CancellationToken cancellationToken) =>
        ReadAsync(stored, content, codec, frames, leaves, range, seal, parallelism, pool: null, cancellationToken);

    internal static async Task ReadAsync(
        PipeReader stored,
        PipeWriter content,
        ICompressionCodec codec,
        IAsyncEnumerable<StoredFrame> frames,
        IAsyncEnumerable<Sha256Digest> leaves,
        StoredRange? range,
        ObjectSeal? seal,
        int parallelism,
        ArrayPool<byte>? pool,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(parallelism);
        if (range is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(given.FirstLeafOffset, nameof(range));
            ArgumentOutOfRangeException.ThrowIfNotEqual(given.FirstLeafOffset % LeafSize, 0, nameof(range));
            ArgumentOutOfRangeException.ThrowIfNegative(given.SkipBeforeFirstFrame, nameof(range));
        }

        var reader = new StoredStreamReader(stored, content, codec, range, seal, parallelism, pool ?? StoredStreamOptions.CreatePool(parallelism), cancellationToken);
        await using (reader.ConfigureAwait(false))
        {
            await reader.RunAsync(frames, leaves, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaves.DisposeAsync().ConfigureAwait(false);
        await _frames.DisposeAsync().ConfigureAwait(false);
        _leaf?.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(IAsyncEnumerable<StoredFrame> frames, IAsyncEnumerable<Sha256Digest> leaves, CancellationToken cancellationToken)
    {
        Task reading = ReadLeavesAsync(leaves, _stop.Token);
        Task cutting = CutFramesAsync(frames, _stop.Token);
        try
        {
            // Failures of the other two come through the stages, each in its place.
            await DeliverFramesAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            await cutting.ConfigureAwait(false);
        }
    }

    /// <summary>Reads the stored bytes leaf by leaf. Its failure comes out of the leaves' stage.</summary>
    private async Task ReadLeavesAsync(IAsyncEnumerable<Sha256Digest> leaves, CancellationToken cancellationToken)
    {
        try
        {
            long offset = FirstOffset;
            bool isEnded = false;
            await foreach (Sha256Digest digest in leaves.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                var bytes = new FrameBuffer(_pool, LeafSize);
                try
                {
                    isEnded = isEnded || await _stored.FillAsync(bytes, LeafSize, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    bytes.Dispose();
                    throw;
                }

                int length = bytes.Length;
                var leaf = new LeafItem(bytes) { Digest = digest, Offset = offset };
                if (length == 0)
                {
                    leaf.Dispose();
                    throw new InvalidDataException($"The stored data ends at byte {offset}, where leaf {offset / LeafSize} should begin.");
                }

                await _leaves.EnqueueAsync(leaf, cancellationToken).ConfigureAwait(false);
                offset += length;
            }

            while (!isEnded)
            {
                ReadResult read = await _stored.ReadOrThrowAsync(cancellationToken).ConfigureAwait(false);
                bool isEmpty = read.Buffer.IsEmpty;
                isEnded = read.IsCompleted;
                _stored.AdvanceTo(read.Buffer.Start);
                if (!isEmpty)
                {
                    throw new InvalidDataException($"The stored data goes on at byte {offset}, after its last leaf.");
                }
            }

            _leaves.Complete();
        }
        catch (Exception failure)
        {
            _leaves.Complete(failure);
        }
    }

    /// <summary>Takes verified leaves, and cuts them into frames. Its failure, as that of the leaves, comes out of the frames' stage.</summary>
    private async Task CutFramesAsync(IAsyncEnumerable<StoredFrame> frames, CancellationToken cancellationToken)
    {
        try
        {
            int skip = _range?.SkipBeforeFirstFrame ?? 0;
            long offset = FirstFrameOffset;
            await SkipAsync(skip, offset, cancellationToken).ConfigureAwait(false);
            offset += skip;
            long index = 0;
            await foreach (StoredFrame frame in frames.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (frame.ContentLength is < 0 or > StoredStreamOptions.LargestFrame || frame.StoredLength is < 0 or > StoredStreamOptions.LargestStoredFrame)
                {
                    throw new InvalidDataException(
                        $"Frame {index} at stored byte {offset} cannot have {frame.ContentLength} bytes of content in {frame.StoredLength} stored bytes.");
                }

                FrameBuffer stored = await TakeAsync(frame.StoredLength, index, offset, cancellationToken).ConfigureAwait(false);
                var item = new FrameItem { Stored = stored, ContentLength = frame.ContentLength, Index = index, StoredOffset = offset };
                await _frames.EnqueueAsync(item, cancellationToken).ConfigureAwait(false);
                offset += frame.StoredLength;
                index++;
            }

            if (_range is not null)
            {
                // The rest of the last leaf belongs to frames that were not asked for.
                DropLeaf();
            }

            if (await HasLeafAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new InvalidDataException($"The stored data goes on at byte {offset}, after its last frame.");
            }

            _frames.Complete();
        }
        catch (Exception failure)
        {
            _frames.Complete(failure);
        }
    }

    /// <summary>Takes decompressed frames in order, and delivers their content.</summary>
    private async Task DeliverFramesAsync(CancellationToken cancellationToken)
    {
        while (await _frames.DequeueAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            using (frame)
            {
                ReadOnlyMemory<byte> rest = frame.Content!.WrittenMemory;
                while (!rest.IsEmpty)
                {
                    int count = Math.Min(rest.Length, LeafSize);
                    rest.Span[..count].CopyTo(_content.GetSpan(count));
                    _content.Advance(count);
                    rest = rest[count..];
                    await _content.FlushOrThrowAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async ValueTask SkipAsync(int count, long offset, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (!await HasLeafAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new InvalidDataException($"The stored data from byte {offset} on ends before the first frame begins.");
            }

            count -= TakeFromLeaf(count).Length;
        }
    }

    /// <summary>Takes the stored form of a frame out of the leaves.</summary>
    private async ValueTask<FrameBuffer> TakeAsync(int length, long index, long offset, CancellationToken cancellationToken)
    {
        var frame = new FrameBuffer(_pool, length);
        try
        {
            while (frame.Length < length)
            {
                if (!await HasLeafAsync(cancellationToken).ConfigureAwait(false))
                {
                    throw new InvalidDataException($"The stored data ends at byte {offset + frame.Length}, within frame {index}, which begins at byte {offset}.");
                }

                if (_position == 0 && frame.Length == 0 && _leaf!.Bytes!.Length == length)
                {
                    // A frame that is a leaf, as every one of content that is not compressed, is not copied.
                    return _leaf.TakeBytes();
                }

                frame.Write(TakeFromLeaf(length - frame.Length));
            }

            return frame;
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that there is a leaf with bytes left; false where all leaves are used up.</summary>
    private async ValueTask<bool> HasLeafAsync(CancellationToken cancellationToken)
    {
        // The leaf of an encrypted object without content is empty once it is decrypted.
        while (_leaf?.Bytes is not { } bytes || _position >= bytes.Length)
        {
            DropLeaf();
            _leaf = await _leaves.DequeueAsync(cancellationToken).ConfigureAwait(false);
            if (_leaf is null)
            {
                return false;
            }
        }

        return true;
    }

    private ReadOnlySpan<byte> TakeFromLeaf(int limit)
    {
        ReadOnlySpan<byte> rest = _leaf!.Bytes!.WrittenSpan[_position..];
        ReadOnlySpan<byte> taken = rest[..Math.Min(limit, rest.Length)];
        _position += taken.Length;
        return taken;
    }

    private void DropLeaf()
    {
        _leaf?.Dispose();
        _leaf = null;
        _position = 0;
    }

    /// <summary>Compares a leaf with the digest that is expected of it, and decrypts it where it is encrypted.</summary>
    private sealed class LeafVerification(ObjectSeal? seal, ArrayPool<byte> pool) : IStageWorker<LeafItem>
    {
        private readonly SegmentCipher? _cipher = seal?.Stream.CreateCipher();

        public void Process(LeafItem item)
        {
            if (!Sha256Digest.Of(item.Bytes!.WrittenSpan).Equals(item.Digest))
            {
                throw new InvalidDataException(
                    $"The stored data is damaged: leaf {item.Offset / LeafSize}, the {item.Bytes.Length} bytes at byte {item.Offset}, does not have the SHA-256 that was recorded.");
            }

            if (_cipher is not null)
            {
                Open(item, _cipher);
            }
        }

        public void Dispose() => _cipher?.Dispose();

        private void Open(LeafItem item, SegmentCipher cipher)
        {
            bool isLast = item.Offset + item.Bytes!.Length == seal!.StoredLength;
            ReadOnlySpan<byte> stored = item.Bytes.WrittenSpan[(item.Number == 0 ? Math.Min(seal.Stream.Parameters.HeaderSize, item.Bytes.Length) : 0)..];
            var content = new FrameBuffer(pool, LeafSize);
            try
            {
                cipher.Open(item.Number, isLast, stored, content.GetSpan(stored.Length));
                content.Advance(Math.Max(0, stored.Length - AeadParameters.TagSize));
            }
            catch
            {
                content.Dispose();
                throw;
            }

            item.Replace(content);
        }
    }

    /// <summary>Turns the stored form of a frame into its content.</summary>
    private sealed class FrameDecompression(ICompressionCodec codec, ArrayPool<byte> pool) : IStageWorker<FrameItem>
    {
        private readonly IFrameDecompressor? _decompressor = codec is NoneCodec ? null : codec.CreateDecompressor();

        public void Process(FrameItem item)
        {
            try
            {
                Decompress(item);
            }
            catch (InvalidDataException cause)
            {
                throw new InvalidDataException($"Frame {item.Index} at stored byte {item.StoredOffset} is damaged: {cause.Message}", cause);
            }
        }

        public void Dispose() => _decompressor?.Dispose();

        private void Decompress(FrameItem item)
        {
            if (_decompressor is not null)
            {
                item.Content = new FrameBuffer(pool, item.ContentLength);
                _decompressor.Decompress(item.Stored!.WrittenMemory, item.Content.GetMemory(item.ContentLength)[..item.ContentLength]);
                item.Content.Advance(item.ContentLength);
                item.TakeStored().Dispose();
            }
            else if (item.Stored!.Length == item.ContentLength)
            {
                item.Content = item.TakeStored();
            }
            else
            {
                throw new InvalidDataException($"It holds {item.Stored.Length} bytes of content instead of {item.ContentLength}.");
            }
        }
    }
}
