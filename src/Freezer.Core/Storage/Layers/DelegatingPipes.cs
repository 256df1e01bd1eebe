using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>A pipe's writing end as a layer hands it on, overriding what it has to see.</summary>
/// <remarks><see cref="PipeWriter.WriteAsync"/> is left to the base class, which goes through <see cref="Advance"/> and
/// <see cref="FlushAsync"/>: so what was advanced is what is in the pipe, also where the flush is cancelled.</remarks>
internal abstract class DelegatingPipeWriter(PipeWriter inner) : PipeWriter
{
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}

/// <summary>A pipe's reading end as a layer hands it on, overriding what it has to see.</summary>
internal abstract class DelegatingPipeReader(PipeReader inner) : PipeReader
{
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => inner.ReadAsync(cancellationToken);

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}

/// <summary>Knows how much went into the pipe.</summary>
internal sealed class CountingPipeWriter(PipeWriter inner) : DelegatingPipeWriter(inner)
{
    internal long Written { get; private set; }

    public override void Advance(int bytes)
    {
        base.Advance(bytes);
        Written += bytes;
    }
}
