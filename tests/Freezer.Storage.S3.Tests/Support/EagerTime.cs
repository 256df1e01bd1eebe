namespace Freezer.Storage.S3.Tests.Support;

/// <summary>A clock on which short waits, as those between two attempts, pass at once, and long ones, as deadlines, when they are told to.</summary>
internal sealed class EagerTime : TimeProvider
{
    /// <summary>Every wait that is shorter passes at once.</summary>
    private static readonly TimeSpan _shortestDeadline = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<Timer> _waiting = [];
    private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets all long waits pass that are under way.</summary>
    internal void PassDeadlines()
    {
        Timer[] due;
        lock (_lock)
        {
            due = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(due, static timer => timer.Fire());
    }

    private sealed class Timer(EagerTime time, Action fire) : ITimer
    {
        internal Action Fire => fire;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._waiting.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                if (dueTime >= _shortestDeadline)
                {
                    time._waiting.Add(this);
                    return true;
                }

                time._now += dueTime;
            }

            ThreadPool.QueueUserWorkItem(static fire => fire(), fire, preferLocal: false);
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
