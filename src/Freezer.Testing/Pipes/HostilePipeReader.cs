using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Testing;

/// <summary>The reading end of a pipe as a bad day has it: content that comes in crumbs, fails, hangs or is cancelled at a chosen read.
/// It records what is done with it.</summary>
/// <remarks>Give it to what is tested in the place of the pipe's own end. For one user at a time, as every pipe's end.</remarks>
/// <param name="inner">The end that it stands for; stays the caller's.</param>
public sealed class HostilePipeReader(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> _buffer;
    private bool _isEmptyRead;
    private bool _isReleased;

    /// <summary>What happens before a read is served, by its number from 1 on: throw, cancel something, wait. <see langword="null"/> by default.</summary>
    public Func<int, CancellationToken, ValueTask>? BeforeRead { get; init; }

    /// <summary>How many bytes one read shows at most; no limit by default.</summary>
    public int MostBytes { get; init; } = int.MaxValue;

    /// <summary>Whether every second read shows nothing although the content has not ended, as a pipe may. <see langword="false"/> by default.</summary>
    public bool HasEmptyReads { get; init; }

    /// <summary>How many reads were begun.</summary>
    public int Reads { get; private set; }

    /// <summary>How many bytes were advanced over.</summary>
    public long Consumed { get; private set; }

    /// <summary>How often somebody completed this end; who was lent it has no right to.</summary>
    public int Completions { get; private set; }

    /// <summary>How often this end was used after <see cref="Release"/>.</summary>
    public int UsesAfterRelease { get; private set; }

    /// <summary>Says that the call which was lent this end has returned: from now on every use is counted, and refused.</summary>
    public void Release() => _isReleased = true;

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfReleased();
        Reads++;
        if (BeforeRead is not null)
        {
            await BeforeRead(Reads, cancellationToken).ConfigureAwait(false);
        }

        if (HasEmptyReads && Reads % 2 == 1)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _isEmptyRead = true;
            return new ReadResult(ReadOnlySequence<byte>.Empty, isCanceled: false, isCompleted: false);
        }

        return Show(await inner.ReadAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        ThrowIfReleased();
        bool read = inner.TryRead(out result);
        if (read)
        {
            Reads++;
            result = Show(result);
        }

        return read;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        ThrowIfReleased();
        if (_isEmptyRead)
        {
            _isEmptyRead = false;
            return;
        }

        Consumed += _buffer.IsEmpty ? 0 : _buffer.Slice(0, consumed).Length;
        _buffer = default;
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        Completions++;
        ThrowIfReleased();
    }

    private ReadResult Show(in ReadResult read)
    {
        _buffer = read.Buffer.Length > MostBytes ? read.Buffer.Slice(0, MostBytes) : read.Buffer;
        return new ReadResult(_buffer, read.IsCanceled, read.IsCompleted && _buffer.Length == read.Buffer.Length);
    }

    private void ThrowIfReleased()
    {
        if (_isReleased)
        {
            UsesAfterRelease++;
            throw new InvalidOperationException("This end of a pipe is used after the call that it was lent to had returned.");
        }
    }
}
