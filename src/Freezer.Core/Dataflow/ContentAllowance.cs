using System.IO.Pipelines;

namespace Freezer.Dataflow;

/// <summary>How much one restore may decompress, over all that it reads. Safe from any thread.</summary>
internal sealed class ContentAllowance
{
    /// <summary>What is allowed however little is stored: a small backup of a large empty file is nothing unusual.</summary>
    private const long Free = 1L << 30;

    private readonly long _most;
    private readonly string _limit;
    private long _taken;

    /// <param name="limits">The limits.</param>
    /// <param name="stored">How many bytes are stored of everything that the restore may read.</param>
    internal ContentAllowance(ReaderLimits limits, long stored)
    {
        long expanded = stored > long.MaxValue / limits.MostExpansion ? long.MaxValue : Math.Max(Free, stored * limits.MostExpansion);
        (_most, _limit) = expanded < limits.MostContent
            ? (expanded, nameof(ReaderLimits.MostExpansion))
            : (limits.MostContent, nameof(ReaderLimits.MostContent));
    }

    /// <summary>Counts what goes into a pipe.</summary>
    internal PipeWriter Meter(PipeWriter content) => new MeteredWriter(content, this);

    /// <exception cref="BackupException">More was taken than is allowed.</exception>
    private void Take(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) > _most)
        {
            throw new BackupException($"The backup is not trusted, and more than {_most} bytes come out of it, which is beyond {nameof(ReaderLimits)}.{_limit}. "
                + $"Where you know it to be honest, raise the limit in {nameof(RestoreOptions)}.{nameof(RestoreOptions.Limits)}.");
        }
    }

    private sealed class MeteredWriter(PipeWriter inner, ContentAllowance allowance) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            allowance.Take(bytes);
            inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            allowance.Take(source.Length);
            return inner.WriteAsync(source, cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }
}
