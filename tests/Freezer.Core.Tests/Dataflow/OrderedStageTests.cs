using System.Collections.Concurrent;
using Freezer.Dataflow;

namespace Freezer.Tests.Dataflow;

public sealed class OrderedStageTests
{
    [Fact]
    public async Task Items_come_out_in_the_order_in_which_they_went_in()
    {
        const int Count = 500;
        var random = new ThreadLocal<Random>(() => new Random(5));
        await using var stage = new OrderedStage<Number>(3, 4, () => new Worker(item => Thread.SpinWait(random.Value!.Next(2000))));
        Task entering = Task.Run(async () =>
        {
            for (int i = 0; i < Count; i++)
            {
                await stage.EnqueueAsync(new Number(i), CancellationToken.None);
            }

            stage.Complete();
        });

        for (int i = 0; i < Count; i++)
        {
            (await stage.DequeueAsync(CancellationToken.None))!.Value.Should().Be(i);
        }

        (await stage.DequeueAsync(CancellationToken.None)).Should().BeNull();
        await entering;
    }

    [Fact]
    public async Task As_many_items_as_threads_are_worked_on_at_the_same_time()
    {
        using var both = new Barrier(2);
        await using var stage = new OrderedStage<Number>(2, 2, () => new Worker(_ => both.SignalAndWait()));

        await stage.EnqueueAsync(new Number(1), CancellationToken.None);
        await stage.EnqueueAsync(new Number(2), CancellationToken.None);

        (await stage.DequeueAsync(CancellationToken.None))!.Value.Should().Be(1);
        (await stage.DequeueAsync(CancellationToken.None))!.Value.Should().Be(2);
    }

    [Fact]
    public async Task Enqueueing_waits_for_a_place_and_lets_go_of_the_item_when_it_is_cancelled()
    {
        await using var stage = new OrderedStage<Number>(1, 1, () => new Worker(_ => { }));
        await stage.EnqueueAsync(new Number(1), CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var waiting = new Number(2);

        ValueTask enqueueing = stage.EnqueueAsync(waiting, cancellation.Token);
        enqueueing.IsCompleted.Should().BeFalse();
        await cancellation.CancelAsync();

        await FluentActions.Awaiting(enqueueing.AsTask).Should().ThrowAsync<OperationCanceledException>();
        waiting.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task A_failure_comes_out_in_its_place()
    {
        await using var stage = new OrderedStage<Number>(2, 4, () => new Worker(item => throw (item.Value == 2 ? new TimeoutException() : new NotSupportedException()), from: 2));
        var failing = new Number(2);
        await stage.EnqueueAsync(new Number(1), CancellationToken.None);
        await stage.EnqueueAsync(failing, CancellationToken.None);
        await stage.EnqueueAsync(new Number(3), CancellationToken.None);

        (await stage.DequeueAsync(CancellationToken.None))!.Value.Should().Be(1);
        await FluentActions.Awaiting(() => stage.DequeueAsync(CancellationToken.None).AsTask()).Should().ThrowAsync<TimeoutException>();
        failing.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task A_completion_with_a_failure_comes_out_behind_the_items_and_meets_who_enqueues()
    {
        await using var stage = new OrderedStage<Number>(1, 4, () => new Worker(_ => { }));
        await stage.EnqueueAsync(new Number(1), CancellationToken.None);
        stage.Complete(new TimeoutException());
        var late = new Number(2);

        await FluentActions.Awaiting(() => stage.EnqueueAsync(late, CancellationToken.None).AsTask()).Should().ThrowAsync<TimeoutException>();
        late.IsDisposed.Should().BeTrue();
        (await stage.DequeueAsync(CancellationToken.None))!.Value.Should().Be(1);
        await FluentActions.Awaiting(() => stage.DequeueAsync(CancellationToken.None).AsTask()).Should().ThrowAsync<TimeoutException>();
    }

    [Fact]
    public async Task Disposing_lets_go_of_everything_and_ends_the_threads()
    {
        var started = new TaskCompletionSource();
        using var gate = new ManualResetEventSlim();
        int workersDisposed = 0;
        var stage = new OrderedStage<Number>(1, 4, () => new Worker(_ =>
        {
            started.TrySetResult();
            gate.Wait();
        }, onDispose: () => workersDisposed++));
        Number[] items = [new(1), new(2), new(3)];
        foreach (Number item in items)
        {
            await stage.EnqueueAsync(item, CancellationToken.None);
        }

        await started.Task;
        ValueTask disposing = stage.DisposeAsync();
        disposing.IsCompleted.Should().BeFalse("a thread still works");
        gate.Set();
        await disposing;

        items.Should().OnlyContain(item => item.IsDisposed);
        items.Select(item => item.Works).Should().Equal(1, 0, 0);
        workersDisposed.Should().Be(1);
    }

    [Fact]
    public async Task A_worker_that_cannot_be_made_fails_the_item()
    {
        await using var stage = new OrderedStage<Number>(1, 1, () => throw new TimeoutException());
        await stage.EnqueueAsync(new Number(1), CancellationToken.None);

        await FluentActions.Awaiting(() => stage.DequeueAsync(CancellationToken.None).AsTask()).Should().ThrowAsync<TimeoutException>();
    }

    private sealed class Number(int value) : StageItem
    {
        internal int Value => value;

        internal bool IsDisposed { get; private set; }

        internal int Works { get; set; }

        public override void Dispose() => IsDisposed = true;
    }

    private sealed class Worker(Action<Number> process, int from = 0, Action? onDispose = null) : IStageWorker<Number>
    {
        public void Process(Number item)
        {
            item.Works++;
            if (item.Value >= from)
            {
                process(item);
            }
        }

        public void Dispose() => onDispose?.Invoke();
    }
}
