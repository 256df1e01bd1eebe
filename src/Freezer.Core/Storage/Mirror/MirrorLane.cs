using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>One storage's part in a write: its own pipe, and the write at its other end.</summary>
internal sealed class MirrorLane : IDisposable
{
    private readonly Pipe _pipe;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<StorageEntry> _writing;

    internal MirrorLane(MirrorSeat seat, StorageKey key, WriteOptions options, int queueSize)
    {
        Seat = seat;
        _pipe = new Pipe(new PipeOptions(
            pauseWriterThreshold: queueSize,
            resumeWriterThreshold: Math.Max(queueSize / 2, 1),
            minimumSegmentSize: Math.Min(64 << 10, Math.Max(queueSize, 16)),
            useSynchronizationContext: false));
        _writing = WriteAsync(key, options);
    }

    internal MirrorSeat Seat { get; }

    /// <summary>The object as this write has published it; <see langword="null"/> before.</summary>
    internal StorageEntry? Written { get; private set; }

    /// <summary>Whether the storage holds the whole content.</summary>
    internal bool Took => Written is not null && Failure is null;

    /// <summary>Why the storage is out of the write.</summary>
    internal Exception? Failure { get; private set; }

    /// <summary>Whether the content's end was given, so that the object may be there whatever the storage said.</summary>
    internal bool MayHavePublished { get; private set; }

    /// <summary>Queues some of the content.</summary>
    internal void Queue(in ReadOnlySequence<byte> content)
    {
        foreach (ReadOnlyMemory<byte> segment in content)
        {
            _pipe.Writer.Write(segment.Span);
        }
    }

    /// <summary>Waits for a place in the queue.</summary>
    /// <returns>False where the storage has failed meanwhile.</returns>
    internal async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        FlushResult flushed = await _pipe.Writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (!flushed.IsCompleted)
        {
            return true;
        }

        await EndAsync().ConfigureAwait(false);
        Failure ??= new IOException("the storage returned before the end of the content");
        return false;
    }

    /// <summary>Gives the end of the content, and waits for the object to be published.</summary>
    /// <param name="length">How many bytes the content had.</param>
    /// <returns>Whether the storage took it.</returns>
    internal async Task<bool> PublishAsync(long length)
    {
        MayHavePublished = true;
        await _pipe.Writer.CompleteAsync().ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
        if (Written is { } entry && entry.Length != length)
        {
            Failure ??= new StorageException(StorageErrorKind.Corrupt, entry.Key.Value, $"{length} bytes were written, and the storage holds {entry.Length}");
        }

        return Took;
    }

    /// <summary>Ends the write without publishing anything.</summary>
    internal async Task AbandonAsync(Exception reason)
    {
        if (_writing.IsCompleted)
        {
            // What the storage said of its own accord is what it fails with.
            await EndAsync().ConfigureAwait(false);
        }

        Failure ??= reason;
        await _pipe.Writer.CompleteAsync(reason).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Cancels the storage's call.</summary>
    internal void Stop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();

    /// <summary>Waits for the storage, and keeps what it said.</summary>
    private async Task EndAsync()
    {
        try
        {
            Written = await _writing.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Failure ??= exception;
        }
    }

    private async Task<StorageEntry> WriteAsync(StorageKey key, WriteOptions options)
    {
        try
        {
            return await Seat.Storage.WriteAsync(key, _pipe.Reader, options, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }
}
