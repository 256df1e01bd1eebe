using System.IO.Pipelines;

namespace Freezer.Dataflow;

/// <summary>The producer's end of a transfer: counts, and is completed by nobody but the transfer.</summary>
internal sealed class TransferWriter(PipeWriter inner) : PipeWriter
{
    private long _written;

    internal long Written => Interlocked.Read(ref _written);

    /// <summary>What a producer completed its end with, although it is not the producer's to complete.</summary>
    internal Exception? Failure { get; private set; }

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override void Advance(int bytes)
    {
        inner.Advance(bytes);
        Interlocked.Add(ref _written, bytes);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Interlocked.Add(ref _written, source.Length);
        return inner.WriteAsync(source, cancellationToken);
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => Failure ??= exception;
}
