using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>An object as a stream: a read of the storage fills a pipe, and the stream is the pipe's other end.</summary>
internal sealed class StorageReadStream : Stream
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, useSynchronizationContext: false));
    private readonly CancellationTokenSource _disposed = new();
    private readonly Stream _content;
    private readonly Task _filling;
    private bool _isDisposed;

    internal StorageReadStream(IStorage storage, StorageKey key, ReadOptions options)
    {
        _content = _pipe.Reader.AsStream(leaveOpen: true);
        _filling = FillAsync(storage, key, options);
    }

    public override bool CanRead => !_isDisposed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => _content.Read(buffer, offset, count);

    public override int Read(Span<byte> buffer) => _content.Read(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _content.ReadAsync(buffer, offset, count, cancellationToken);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _content.ReadAsync(buffer, cancellationToken);

    public override void Flush()
    {
        // There is nothing to flush in a stream that is only read.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Waits until the storage has delivered something, has reached the end, or has failed.</summary>
    internal async Task WaitForContentAsync(CancellationToken cancellationToken)
    {
        ReadResult read = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        _pipe.Reader.AdvanceTo(read.Buffer.Start);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            EndAsync().GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private async Task EndAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _filling.ConfigureAwait(false);
        await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        _disposed.Dispose();
    }

    /// <summary>Never fails: a failure goes to the reader of the pipe.</summary>
    private async Task FillAsync(IStorage storage, StorageKey key, ReadOptions options)
    {
        Exception? failure = null;
        try
        {
            await storage.ReadAsync(key, _pipe.Writer, options, _disposed.Token).ConfigureAwait(false);
        }
        catch (Exception caught)
        {
            failure = caught;
        }

        await _pipe.Writer.CompleteAsync(failure).ConfigureAwait(false);
    }
}
