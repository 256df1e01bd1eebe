using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Freezer.Dataflow.Compression;
using Freezer.Formats.StreamingAead;

namespace Freezer.Dataflow;

/// <summary>Compresses frames of content on all cores, cuts the stored bytes into leaves, encrypts (where that is wanted) and hashes
/// those on all cores, and sends them toward the storage, in order.</summary>
/// <remarks>
/// <para>Frames are handed in by one caller, one after another. The first failure, wherever it is, surfaces from whichever
/// call comes next. The storage's pipe is flushed and never completed.</para>
/// <para>Disposing ends everything that is in flight, gives back every buffer and leaves no task behind; after
/// <see cref="CompleteAsync"/> has returned there is nothing left to end.</para>
/// <para>In flight are twice as many frames as cores at most, and as many leaves as cores and one.</para>
/// </remarks>
internal sealed class StoredStreamWriter : IAsyncDisposable
{
    private const int LeafSize = StoredStreamOptions.LeafSize;

    private readonly PipeWriter _stored;
    private readonly StoredStreamOptions _options;
    private readonly IStoredStreamObserver _observer;
    private readonly ArrayPool<byte> _pool;
    private readonly OrderedStage<FrameItem> _frames;
    private readonly OrderedStage<LeafItem> _leaves;
    private readonly SemaphoreSlim _observing = new(1, 1);
    private readonly IncrementalHash _root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _cutting;
    private readonly Task _sending;
    private bool _hasFrame;
    private bool _isDisposed;
    private long _contentLength;
    private long _storedLength;

    /// <param name="stored">Where the stored bytes go. Never completed here.</param>
    /// <param name="options">How the stream is stored.</param>
    /// <param name="observer">Hears of frames and leaves; of a frame before the last leaf that it reaches into.</param>
    /// <param name="pool">Where buffers come from.</param>
    internal StoredStreamWriter(PipeWriter stored, StoredStreamOptions options, IStoredStreamObserver observer, ArrayPool<byte>? pool = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.FrameSize, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.FrameSize, StoredStreamOptions.LargestFrame, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Parallelism, nameof(options));
        _stored = stored;
        _options = options;
        _observer = observer;
        _pool = pool ?? StoredStreamOptions.CreatePool(options.Parallelism);
        // One frame more is with the task that cuts, one leaf more with the task that sends.
        _frames = new OrderedStage<FrameItem>(options.Parallelism, (2 * options.Parallelism) - 1, () => new FrameCompression(options, _pool));
        _leaves = new OrderedStage<LeafItem>(options.Parallelism, options.Parallelism, () => new LeafHashing(options.Seal, _pool));
        _cutting = CutFramesAsync(_stop.Token);
        _sending = SendLeavesAsync(_stop.Token);
    }

    /// <summary>Cuts content into frames and writes them. Content that is empty makes an empty file of the codec's kind.</summary>
    /// <param name="content">Drained to the end, never completed.</param>
    /// <param name="stored">Flushed, never completed.</param>
    /// <param name="options">How the stream is stored.</param>
    /// <param name="observer">Hears of frames and leaves.</param>
    /// <param name="cancellationToken">Cancels everything.</param>
    internal static Task<StoredStreamSummary> WriteAllAsync(
        PipeReader content, PipeWriter stored, StoredStreamOptions options, IStoredStreamObserver observer, CancellationToken cancellationToken) =>
        WriteAllAsync(content, stored, options, observer, pool: null, cancellationToken);

    internal static async Task<StoredStreamSummary> WriteAllAsync(
        PipeReader content, PipeWriter stored, StoredStreamOptions options, IStoredStreamObserver observer, ArrayPool<byte>? pool, CancellationToken cancellationToken)
    {
        var writer = new StoredStreamWriter(stored, options, observer, pool);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteContentAsync(content, cancellationToken).ConfigureAwait(false);
            return await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Rents a buffer for the content of a frame. The caller fills it and hands it over, or disposes it.</summary>
    internal FrameBuffer RentFrame() => new(_pool, _options.FrameSize);

    /// <summary>Takes a frame, also where it throws, and compresses it in the background. Waits while too many are in flight.</summary>
    internal ValueTask WriteFrameAsync(FrameBuffer frame, CancellationToken cancellationToken)
    {
        if (frame.Length > StoredStreamOptions.LargestFrame)
        {
            int length = frame.Length;
            frame.Dispose();
            throw new ArgumentException($"A frame holds at most {StoredStreamOptions.LargestFrame} bytes, not {length}.", nameof(frame));
        }

        _hasFrame = true;
        return _frames.EnqueueAsync(new FrameItem { Content = frame, ContentLength = frame.Length }, cancellationToken);
    }

    /// <summary>Sends what is left and flushes. No frame may follow.</summary>
    internal async Task<StoredStreamSummary> CompleteAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);
        try
        {
            if (!_hasFrame)
            {
                // Even of no content there is a valid file; where it has no bytes, it has no frame either.
                await _frames.EnqueueAsync(new FrameItem { Content = RentFrame(), ContentLength = 0 }, cancellationToken).ConfigureAwait(false);
            }

            _frames.Complete();
            await _sending.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        return new StoredStreamSummary(_contentLength, _storedLength, Sha256Digest.From(_root.GetCurrentHash()));
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _frames.Complete(new ObjectDisposedException(nameof(StoredStreamWriter)));
        await _stop.CancelAsync().ConfigureAwait(false);
        // Their failures have surfaced already, or nobody waits for them any more.
        await _cutting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _frames.DisposeAsync().ConfigureAwait(false);
        await _leaves.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
        _observing.Dispose();
        _root.Dispose();
    }

    private async Task WriteContentAsync(PipeReader content, CancellationToken cancellationToken)
    {
        // A failure behind the frames must not wait for content that comes late, or never.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            bool isEnded = false;
            while (!isEnded)
            {
                FrameBuffer frame = RentFrame();
                try
                {
                    isEnded = await content.FillAsync(frame, _options.FrameSize, either.Token).ConfigureAwait(false);
                }
                catch
                {
                    frame.Dispose();
                    throw;
                }

                if (frame.Length == 0)
                {
                    frame.Dispose();
                    break;
                }

                await WriteFrameAsync(frame, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _sending.ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes compressed frames in order, and cuts them into leaves: the last one is known only when no frame follows.</summary>
    private async Task CutFramesAsync(CancellationToken cancellationToken)
    {
        FrameBuffer? leaf = null;
        long count = 0;
        int capacity = CapacityOf(0);
        try
        {
            while (await _frames.DequeueAsync(cancellationToken).ConfigureAwait(false) is { } frame)
            {
                using (frame)
                {
                    int length = frame.Stored!.Length;
                    if (length == 0 && !_hasFrame)
                    {
                        continue;
                    }

                    await TellFrameAsync(new StoredFrame(frame.ContentLength, length), cancellationToken).ConfigureAwait(false);
                    _contentLength += frame.ContentLength;
                    for (int position = 0; position < length;)
                    {
                        if (leaf?.Length == capacity)
                        {
                            var full = new LeafItem(leaf) { Offset = count++ * LeafSize };
                            leaf = null;
                            await _leaves.EnqueueAsync(full, cancellationToken).ConfigureAwait(false);
                            capacity = CapacityOf(count);
                        }

                        if (leaf is null && position == 0 && length == capacity)
                        {
                            // A frame that is a leaf, as every one of content that is not compressed, is not copied.
                            leaf = frame.TakeStored();
                            break;
                        }

                        leaf ??= new FrameBuffer(_pool, LeafSize);
                        int taken = Math.Min(length - position, capacity - leaf.Length);
                        leaf.Write(frame.Stored.WrittenSpan.Slice(position, taken));
                        position += taken;
                    }
                }
            }

            if (_options.Seal is not null)
            {
                // Encrypted, even nothing has a segment: what is missing would otherwise pass for what was empty.
                leaf ??= new FrameBuffer(_pool, LeafSize);
            }

            if (leaf is not null)
            {
                var last = new LeafItem(leaf) { Offset = count * LeafSize, IsLast = true };
                leaf = null;
                await _leaves.EnqueueAsync(last, cancellationToken).ConfigureAwait(false);
            }

            _leaves.Complete();
        }
        catch (Exception failure)
        {
            leaf?.Dispose();
            _leaves.Complete(failure);
        }
    }

    /// <summary>Takes hashed leaves in order, and sends them. Every failure of the background ends here and is its outcome.</summary>
    private async Task SendLeavesAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _leaves.DequeueAsync(cancellationToken).ConfigureAwait(false) is { } leaf)
            {
                using (leaf)
                {
                    Sha256Digest digest = leaf.Digest;
                    await TellLeafAsync(digest, cancellationToken).ConfigureAwait(false);
                    _root.AppendData(digest);
                    ReadOnlySpan<byte> bytes = leaf.Bytes!.WrittenSpan;
                    _storedLength += bytes.Length;
                    bytes.CopyTo(_stored.GetSpan(bytes.Length));
                    _stored.Advance(bytes.Length);
                }

                await _stored.FlushOrThrowAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception failure)
        {
            _frames.Complete(failure);
            await _stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>How many bytes a full leaf takes before it is encrypted.</summary>
    private int CapacityOf(long leaf) => _options.Seal?.Parameters.ContentOf(leaf) ?? LeafSize;

    private async ValueTask TellFrameAsync(StoredFrame frame, CancellationToken cancellationToken)
    {
        await _observing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _observer.OnFrameAsync(frame, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _observing.Release();
        }
    }

    private async ValueTask TellLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken)
    {
        await _observing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _observer.OnLeafAsync(leaf, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _observing.Release();
        }
    }

    /// <summary>Turns content into its stored form.</summary>
    private sealed class FrameCompression(StoredStreamOptions options, ArrayPool<byte> pool) : IStageWorker<FrameItem>
    {
        private readonly IFrameCompressor? _compressor =
            options.Codec is NoneCodec ? null : options.Codec.CreateCompressor(options.Level);

        // A compressor wants room for content that does not compress, which most does: frames that wait take no more than they need.
        private readonly FrameBuffer _scratch = new(pool, options.FrameSize);

        public void Process(FrameItem item)
        {
            if (_compressor is null)
            {
                item.Stored = item.TakeContent();
                return;
            }

            _scratch.Clear();
            _compressor.Compress(item.Content!.WrittenSpan, _scratch);
            item.TakeContent().Dispose();
            if (_scratch.Length > StoredStreamOptions.LargestStoredFrame)
            {
                throw new InvalidOperationException($"The codec {options.Codec.Name} made {_scratch.Length} bytes of {item.ContentLength}, too many to be read back.");
            }

            item.Stored = new FrameBuffer(pool, _scratch.Length);
            item.Stored.Write(_scratch.WrittenSpan);
        }

        public void Dispose()
        {
            _compressor?.Dispose();
            _scratch.Dispose();
        }
    }

    /// <summary>Turns a leaf into what is stored of it.</summary>
    private sealed class LeafHashing(AeadStream? seal, ArrayPool<byte> pool) : IStageWorker<LeafItem>
    {
        private readonly SegmentCipher? _cipher = seal?.CreateCipher();

        public void Process(LeafItem item)
        {
            if (_cipher is not null)
            {
                Seal(item, _cipher);
            }

            item.Digest = Sha256Digest.Of(item.Bytes!.WrittenSpan);
        }

        public void Dispose() => _cipher?.Dispose();

        private void Seal(LeafItem item, SegmentCipher cipher)
        {
            var stored = new FrameBuffer(pool, LeafSize);
            ReadOnlySpan<byte> content = item.Bytes!.WrittenSpan;
            if (item.Number == 0)
            {
                int headerSize = seal!.Parameters.HeaderSize;
                seal.WriteHeader(stored.GetSpan(headerSize));
                stored.Advance(headerSize);
            }

            int length = content.Length + AeadParameters.TagSize;
            cipher.Seal(item.Number, item.IsLast, content, stored.GetSpan(length));
            stored.Advance(length);
            item.Replace(stored);
        }
    }
}
