using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Dataflow;

/// <summary>The consumer's end of a transfer: knows how far it was read, and is completed by nobody but the transfer.</summary>
internal sealed class TransferReader(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private bool _sawEnd;

    internal long Consumed { get; private set; }

    /// <summary>Whether the producer's end was seen and everything before it was consumed.</summary>
    internal bool ReachedEnd { get; private set; }

    /// <summary>What a consumer completed its end with, although it is not the consumer's to complete.</summary>
    internal Exception? Failure { get; private set; }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        See(await inner.ReadAsync(cancellationToken).ConfigureAwait(false));

    public override bool TryRead(out ReadResult result)
    {
        bool read = inner.TryRead(out result);
        if (read)
        {
            See(result);
        }

        return read;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        long length = _buffer.IsEmpty ? 0 : _buffer.Slice(0, consumed).Length;
        Consumed += length;
        ReachedEnd = _sawEnd && length == _buffer.Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => Failure ??= exception;

    private ReadResult See(in ReadResult result)
    {
        _buffer = result.Buffer;
        _sawEnd = result.IsCompleted;
        // A consumer may return on an empty last read without advancing over nothing.
        ReachedEnd = _sawEnd && _buffer.IsEmpty;
        return result;
    }
}
