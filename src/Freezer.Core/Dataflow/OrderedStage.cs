using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using System.Threading.Tasks.Sources;

namespace Freezer.Dataflow;

/// <summary>Something that an <see cref="OrderedStage{TItem}"/> works on. Whoever holds it last disposes it.</summary>
internal abstract class StageItem : IValueTaskSource, IDisposable
{
    private ManualResetValueTaskSourceCore<bool> _done = new() { RunContinuationsAsynchronously = true };

    /// <summary>Ends when the work is done, or fails as it did. Awaited once.</summary>
    internal ValueTask Done => new(this, _done.Version);

    internal void SetDone() => _done.SetResult(true);

    internal void SetFailed(Exception failure) => _done.SetException(failure);

    public abstract void Dispose();

    void IValueTaskSource.GetResult(short token) => _done.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _done.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _done.OnCompleted(continuation, state, token, flags);
}

/// <summary>The work of one thread of a stage.</summary>
internal interface IStageWorker<in TItem> : IDisposable
{
    void Process(TItem item);
}

/// <summary>Items go in one after another, are worked on by several cores, and come out in the order in which they went in.</summary>
/// <remarks>
/// <para>One task enqueues, one dequeues. How many items are inside is bounded: enqueueing waits for a place.</para>
/// <para>The work is done on threads of the stage's own, started as they are needed: the thread pool, which pipes and
/// storages run on, would stand still behind frames that take seconds to compress.</para>
/// <para>Failures come out in their place: what went in before one comes out first, whether the failure is that of an item
/// or the one that <see cref="Complete"/> was told of.</para>
/// </remarks>
internal sealed class OrderedStage<TItem> : IAsyncDisposable
    where TItem : StageItem
{
    private readonly int _parallelism;
    private readonly Func<IStageWorker<TItem>> _createWorker;
    private readonly Channel<TItem> _inOrder;
    private readonly BlockingCollection<TItem> _work = [];
    private readonly List<Task> _workers = [];
    private int _unfinished;
    private volatile bool _isAbandoned;

    /// <param name="parallelism">How many threads may work at the same time.</param>
    /// <param name="capacity">How many items may wait to be dequeued, done or not.</param>
    /// <param name="createWorker">Makes the worker of a thread, on that thread.</param>
    internal OrderedStage(int parallelism, int capacity, Func<IStageWorker<TItem>> createWorker)
    {
        _parallelism = parallelism;
        _createWorker = createWorker;
        _inOrder = Channel.CreateBounded<TItem>(new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });
    }

    /// <summary>Takes an item, also where it throws.</summary>
    /// <exception cref="Exception">What <see cref="Complete"/> was told of.</exception>
    internal async ValueTask EnqueueAsync(TItem item, CancellationToken cancellationToken)
    {
        try
        {
            // A thread that cannot be started fails the item before anybody waits for it.
            StartWorkerWhereAllAreBusy();
            await _inOrder.Writer.WriteAsync(item, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed)
        {
            item.Dispose();
            if (closed.InnerException is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            throw;
        }
        catch
        {
            item.Dispose();
            throw;
        }

        Interlocked.Increment(ref _unfinished);
        _work.Add(item, CancellationToken.None);
    }

    /// <summary>Says that nothing more comes, because of a failure where one is given. Only the first call counts.</summary>
    internal void Complete(Exception? failure = null) => _inOrder.Writer.TryComplete(failure);

    /// <summary>Gives the next item to the caller once it is done, or <see langword="null"/> where no more come.</summary>
    /// <exception cref="Exception">The work failed, or what <see cref="Complete"/> was told of.</exception>
    internal async ValueTask<TItem?> DequeueAsync(CancellationToken cancellationToken)
    {
        while (await _inOrder.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_inOrder.Reader.TryRead(out TItem? item))
            {
                try
                {
                    await item.Done.ConfigureAwait(false);
                    return item;
                }
                catch
                {
                    item.Dispose();
                    throw;
                }
            }
        }

        return null;
    }

    /// <summary>Lets go of all items that are inside, and returns when no thread works any more. Nobody may be enqueueing or dequeueing.</summary>
    public async ValueTask DisposeAsync()
    {
        _isAbandoned = true;
        Complete();
        _work.CompleteAdding();
        await Task.WhenAll(_workers).ConfigureAwait(false);
        while (_inOrder.Reader.TryRead(out TItem? item))
        {
            item.Dispose();
        }

        _work.Dispose();
    }

    private void StartWorkerWhereAllAreBusy()
    {
        if (_workers.Count < _parallelism && Volatile.Read(ref _unfinished) >= _workers.Count)
        {
            _workers.Add(Task.Factory.StartNew(
                static stage => ((OrderedStage<TItem>)stage!).Work(), this, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }
    }

    private void Work()
    {
        IStageWorker<TItem>? worker = null;
        try
        {
            foreach (TItem item in _work.GetConsumingEnumerable())
            {
                try
                {
                    ObjectDisposedException.ThrowIf(_isAbandoned, this);
                    worker ??= _createWorker();
                    worker.Process(item);
                }
                catch (Exception failure)
                {
                    Interlocked.Decrement(ref _unfinished);
                    item.SetFailed(failure);
                    continue;
                }

                Interlocked.Decrement(ref _unfinished);
                item.SetDone();
            }
        }
        finally
        {
            worker?.Dispose();
        }
    }
}
