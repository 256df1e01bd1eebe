namespace Freezer.Storage.S3;

/// <summary>Cancels a request when the server has been silent for too long. Whoever sees that it is not restarts it.</summary>
internal sealed class RequestDeadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;
    private int _hasPassed;

    internal RequestDeadline(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _timeout = timeout;
        _timer = time.CreateTimer(static state => ((RequestDeadline)state!).Pass(), this, timeout, Timeout.InfiniteTimeSpan);
    }

    internal CancellationToken Token => _source.Token;

    /// <summary>How long the server may be silent.</summary>
    internal TimeSpan Limit => _timeout;

    /// <summary>Whether the deadline, and not the caller, has cancelled the request.</summary>
    internal bool HasPassed => Volatile.Read(ref _hasPassed) != 0;

    internal void Restart() => _timer.Change(_timeout, Timeout.InfiniteTimeSpan);

    /// <summary>Lets time pass while it is not the server's turn.</summary>
    internal void Stop() => _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _timer.Dispose();
        _source.Dispose();
    }

    private void Pass()
    {
        Volatile.Write(ref _hasPassed, 1);
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The request ended at this very moment, and the deadline with it.
            Volatile.Write(ref _hasPassed, 0);
        }
    }
}
