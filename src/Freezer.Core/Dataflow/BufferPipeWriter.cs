using System.IO.Pipelines;

namespace Freezer.Dataflow;

/// <summary>A pipe's end that collects what is written to it, for objects and parts of objects that fit in memory.</summary>
/// <remarks>Flushing never waits. The buffer stays its owner's.</remarks>
/// <param name="buffer">Takes the bytes.</param>
/// <param name="limit">How many bytes it may take; more fail the flush.</param>
internal sealed class BufferPipeWriter(FrameBuffer buffer, int limit) : PipeWriter
{
    private Exception? _failure;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => 0;

    /// <summary>Fails when the writer was completed with an exception, or more was written than there may be.</summary>
    internal void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new IOException("The stream was ended with an error: " + _failure.Message, _failure);
        }

        if (buffer.Length > limit)
        {
            throw new InvalidDataException($"More was delivered than the {limit} bytes that there may be.");
        }
    }

    public override void Advance(int bytes) => buffer.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => buffer.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => buffer.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfFailed();
        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: false));
    }

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null) => _failure ??= exception;
}
