using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace Freezer.Dataflow;

/// <summary>Joins a producer and a consumer through a pipe, and owns both of its ends.</summary>
/// <remarks>
/// <para>The producer is held while <see cref="TransferOptions.QueueSize"/> bytes wait. Neither side completes the end that it is
/// given; completing it with an exception counts as failing with it.</para>
/// <para>The first failure is the one that is thrown; the other side is cancelled, awaited, and its echo is dropped. A
/// consumer that returns before the producer has ended is a failure. Cancellation by the caller surfaces as an
/// <see cref="OperationCanceledException"/> of the caller's token. When the task ends, neither side is running and every buffer is returned.</para>
/// </remarks>
public static class Transfer
{
    /// <summary>Runs both sides to their end.</summary>
    /// <param name="produce">Writes. Its token is cancelled when the consumer fails.</param>
    /// <param name="consume">Reads to the end. Its token is cancelled when the producer fails.</param>
    /// <param name="options">The queue size; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels both sides.</param>
    /// <returns>How many bytes the producer wrote.</returns>
    /// <exception cref="IOException">The consumer returned before the producer had ended.</exception>
    public static async Task<long> RunAsync(
        Func<PipeWriter, CancellationToken, Task> produce,
        Func<PipeReader, CancellationToken, Task> consume,
        TransferOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(produce);
        ArgumentNullException.ThrowIfNull(consume);
        cancellationToken.ThrowIfCancellationRequested();
        using var run = new Run(options ?? TransferOptions.Default, cancellationToken);
        // Both sides may compute for long before they first wait, so each gets a thread of its own to do so.
        Task producing = Task.Run(() => run.ProduceAsync(produce), CancellationToken.None);
        Task consuming = Task.Run(() => run.ConsumeAsync(consume), CancellationToken.None);
        await Task.WhenAll(producing, consuming).ConfigureAwait(false);
        run.ThrowIfFailed();
        return run.Produced;
    }

    private sealed class Run : IDisposable
    {
        private readonly Pipe _pipe;
        private readonly TransferWriter _writer;
        private readonly TransferReader _reader;
        private readonly CancellationTokenSource _stop;
        private readonly CancellationToken _callerToken;
        private readonly bool _mayEndEarly;
        private readonly Lock _lock = new();
        private ExceptionDispatchInfo? _failure;
        private bool _callerCancelled;
        private bool _endedEarly;

        internal Run(TransferOptions options, CancellationToken callerToken)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.QueueSize, nameof(TransferOptions.QueueSize));
            _pipe = new Pipe(new PipeOptions(
                options.Pool,
                pauseWriterThreshold: options.QueueSize,
                resumeWriterThreshold: Math.Max(options.QueueSize / 2, 1),
                minimumSegmentSize: Math.Min(options.SegmentSize, Math.Max(options.QueueSize, 16)),
                useSynchronizationContext: false));
            _writer = new TransferWriter(_pipe.Writer);
            _reader = new TransferReader(_pipe.Reader);
            _stop = CancellationTokenSource.CreateLinkedTokenSource(callerToken);
            _callerToken = callerToken;
            _mayEndEarly = options.MayEndEarly;
        }

        internal long Produced => _writer.Written;

        internal async Task ProduceAsync(Func<PipeWriter, CancellationToken, Task> produce)
        {
            Exception? failure = null;
            try
            {
                await produce(_writer, _stop.Token).ConfigureAwait(false);
                failure = _writer.Failure;
            }
            catch (Exception exception)
            {
                failure = exception;
            }

            if (failure is not null)
            {
                Fail(failure);
            }

            await _pipe.Writer.CompleteAsync(failure).ConfigureAwait(false);
        }

        internal async Task ConsumeAsync(Func<PipeReader, CancellationToken, Task> consume)
        {
            try
            {
                await consume(_reader, _stop.Token).ConfigureAwait(false);
                if (_reader.Failure is { } failure)
                {
                    Fail(failure);
                }
                else if (!_reader.ReachedEnd)
                {
                    EndEarly();
                }
            }
            catch (Exception exception)
            {
                Fail(exception);
            }

            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }

        internal void ThrowIfFailed()
        {
            if (_callerCancelled)
            {
                throw new OperationCanceledException(_callerToken);
            }

            _failure?.Throw();
        }

        public void Dispose() => _stop.Dispose();

        private void EndEarly()
        {
            if (!_mayEndEarly)
            {
                Fail(new IOException($"The consumer returned after {_reader.Consumed} bytes, before the producer had ended."));
                return;
            }

            lock (_lock)
            {
                _endedEarly = _failure is null;
            }

            _stop.Cancel();
        }

        private void Fail(Exception exception)
        {
            lock (_lock)
            {
                if (_failure is not null || _endedEarly)
                {
                    return;
                }

                _failure = ExceptionDispatchInfo.Capture(exception);
                _callerCancelled = _callerToken.IsCancellationRequested;
            }

            _stop.Cancel();
        }
    }
}
