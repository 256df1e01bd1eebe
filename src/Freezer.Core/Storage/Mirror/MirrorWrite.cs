using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>Writes one stream to several storages at once.</summary>
/// <remarks>
/// <para>To create an object, the end of the content is given to the first storage alone, and to the others once it has published: of two writers
/// one finds the object there, and the other storages are not touched. Where that storage fails the next one decides. Two writers that
/// take different storages for the first cannot both win either, since each needs more than half of all.</para>
/// <para>A storage that fails is out. Where fewer than the quorum are left, what was created is deleted again where it is known to be this write's.</para>
/// </remarks>
internal sealed class MirrorWrite : IDisposable
{
    private readonly MirrorView _view;
    private readonly MirrorOptions _options;
    private readonly StorageKey _key;
    private readonly WriteMode _mode;
    private readonly MirrorLane[] _lanes;
    private readonly List<MirrorLane> _live;
    private readonly Task<bool>[] _flushes;
    private long _length;

    internal MirrorWrite(MirrorView view, StorageKey key, WriteOptions options, MirrorOptions mirrorOptions)
    {
        _view = view;
        _options = mirrorOptions;
        _key = key;
        _mode = options.Mode;
        _lanes = [.. view.Complete.Select(seat => new MirrorLane(seat, key, options, mirrorOptions.QueueSize))];
        _live = [.. _lanes];
        _flushes = new Task<bool>[_lanes.Length];
    }

    public void Dispose()
    {
        foreach (MirrorLane lane in _lanes)
        {
            lane.Dispose();
        }
    }

    /// <summary>Runs the write to its end.</summary>
    /// <returns>What the storages have now, by their places.</returns>
    internal async Task<StorageEntry?[]> RunAsync(MirrorRoster roster, PipeReader content, CancellationToken cancellationToken)
    {
        try
        {
            using (cancellationToken.UnsafeRegister(static lanes => Array.ForEach((MirrorLane[])lanes!, static lane => lane.Stop()), _lanes))
            {
                await PumpAsync(content, cancellationToken).ConfigureAwait(false);
                if (_mode == WriteMode.CreateNew)
                {
                    await DecideAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            // From here on it is not cancelled: it would be half done.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception exception)
        {
            await AbandonAsync(exception).ConfigureAwait(false);
            await TakeBackAsync().ConfigureAwait(false);
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }

            if (_mode == WriteMode.CreateNew && _live.Count > 0 && IsTaken(_live[0]))
            {
                throw StorageException.AlreadyExists(_key);
            }

            throw;
        }

        await PublishAsync().ConfigureAwait(false);
        return await AcknowledgeAsync(roster).ConfigureAwait(false);
    }

    private async Task PumpAsync(PipeReader content, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await content.ReadAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (read.IsCanceled)
            {
                throw new OperationCanceledException("The reading of the content was cancelled.");
            }

            foreach (MirrorLane lane in _live)
            {
                lane.Queue(read.Buffer);
            }

            _length += read.Buffer.Length;
            content.AdvanceTo(read.Buffer.End);
            await FlushAsync(cancellationToken).ConfigureAwait(false);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Waits until every storage has a place in its queue, or is out.</summary>
    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        // All are flushed before any is waited for, so that none starts late because of another one.
        for (int i = 0; i < _live.Count; i++)
        {
            _flushes[i] = _live[i].FlushAsync(cancellationToken).AsTask();
        }

        List<MirrorLane>? failed = null;
        for (int i = 0; i < _live.Count; i++)
        {
            bool goesOn = _flushes[i].IsCompleted
                ? await _flushes[i].ConfigureAwait(false)
                : await WaitAsync(_live[i], _flushes[i], failed?.Count ?? 0, cancellationToken).ConfigureAwait(false);
            if (!goesOn)
            {
                (failed ??= []).Add(_live[i]);
            }
        }

        if (failed is not null)
        {
            failed.ForEach(Drop);
        }
    }

    private async Task<bool> WaitAsync(MirrorLane lane, Task<bool> flush, int failed, CancellationToken cancellationToken)
    {
        if (_live.Count - failed <= _view.Quorum)
        {
            return await flush.ConfigureAwait(false);
        }

        try
        {
            return await flush.WaitAsync(_options.Patience, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException timeout)
        {
            await lane.AbandonAsync(MirrorPatience.Slow(_key, _options.Patience, timeout)).ConfigureAwait(false);
            await flush.ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Leaves a storage out, as long as enough are left.</summary>
    private void Drop(MirrorLane lane)
    {
        bool decides = _mode == WriteMode.CreateNew && lane == _live[0];
        _live.Remove(lane);
        if (decides && IsTaken(lane))
        {
            throw StorageException.AlreadyExists(_key);
        }

        if (_live.Count < _view.Quorum)
        {
            // Another writer, who has won already, may get to the other storages before this one has heard of it where it is decided.
            bool isTaken = _mode == WriteMode.CreateNew && Array.TrueForAll(_lanes, one => _live.Contains(one) || IsTaken(one));
            throw isTaken ? StorageException.AlreadyExists(_key) : Fail([]);
        }
    }

    /// <summary>Publishes in one storage, which decides whether the key is free.</summary>
    private async Task DecideAsync(CancellationToken cancellationToken)
    {
        while (!await PublishFirstAsync(cancellationToken).ConfigureAwait(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Drop(_live[0]);
        }
    }

    private async Task<bool> PublishFirstAsync(CancellationToken cancellationToken)
    {
        MirrorLane lane = _live[0];
        Task<bool> publishing = lane.PublishAsync(_length);
        if (_live.Count <= _view.Quorum)
        {
            return await publishing.ConfigureAwait(false);
        }

        try
        {
            return await publishing.WaitAsync(MirrorPatience.ForPublishing(_options), _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException timeout)
        {
            await lane.AbandonAsync(MirrorPatience.Slow(_key, MirrorPatience.ForPublishing(_options), timeout)).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Publishes in all storages that have not yet.</summary>
    private async Task PublishAsync()
    {
        MirrorLane[] lanes = [.. _live.Where(static lane => lane.Written is null)];
        Task<bool>[] publishing = [.. lanes.Select(lane => lane.PublishAsync(_length))];
        int enough = _view.Quorum - _lanes.Count(static lane => lane.Took);
        if (!await MirrorPatience.AllEndAsync(publishing, enough, _options).ConfigureAwait(false))
        {
            foreach (MirrorLane slow in lanes.Where((_, i) => !publishing[i].IsCompleted))
            {
                await slow.AbandonAsync(MirrorPatience.Slow(_key, MirrorPatience.ForPublishing(_options))).ConfigureAwait(false);
            }
        }
    }

    private async Task<StorageEntry?[]> AcknowledgeAsync(MirrorRoster roster)
    {
        MirrorLane[] took = [.. _lanes.Where(static lane => lane.Took)];
        if (took.Length < _view.Seats.Count && took.Length >= _view.Quorum)
        {
            MirrorView known = await roster.ConfirmAsync(
                [.. took.Select(static lane => lane.Seat)],
                _lanes.Where(static lane => !lane.Took).ToDictionary(static lane => lane.Seat.Index, static lane => lane.Failure!.Message)).ConfigureAwait(false);
            took = [.. took.Where(lane => known.Seats[lane.Seat.Index].Problem is null)];
        }

        if (took.Length < _view.Quorum)
        {
            List<string> left = await TakeBackAsync().ConfigureAwait(false);
            // A key that another writer has taken in all the other storages is simply taken.
            throw left.Count == 0 && _lanes.Any(IsTaken) && Array.TrueForAll(_lanes, static lane => lane.Took || IsTaken(lane))
                ? StorageException.AlreadyExists(_key)
                : Fail(left);
        }

        var copies = new StorageEntry?[_view.Seats.Count];
        foreach (MirrorLane lane in took)
        {
            copies[lane.Seat.Index] = lane.Written;
        }

        return copies;
    }

    /// <summary>Deletes what this write created, and only that: what a storage may hold under this key besides is somebody else's.</summary>
    /// <returns>The storages in which it is left.</returns>
    private async Task<List<string>> TakeBackAsync()
    {
        List<string> left = [];
        foreach (MirrorLane lane in _lanes.Where(static lane => lane.Written is not null))
        {
            if (_mode == WriteMode.Replace)
            {
                // What stood there before is gone.
                left.Add(lane.Seat.Name);
                continue;
            }

            try
            {
                await lane.Seat.Storage.DeleteAsync(_key, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception)
            {
                left.Add(lane.Seat.Name);
            }
        }

        return left;
    }

    private StorageException Fail(List<string> left) => MirrorErrors.BelowQuorum(
        _key,
        _view.Quorum,
        _view.Seats.Count,
        [
            .. _view.Seats.Where(static seat => seat.Problem is not null).Select(static seat => (seat.Name, (Exception)new IOException(seat.Problem))),
            .. _lanes.Where(static lane => lane.Failure is not null).Select(static lane => (lane.Seat.Name, lane.Failure!)),
        ],
        [.. left, .. _lanes.Where(static lane => lane is { Written: null, MayHavePublished: true } && !IsTaken(lane)).Select(static lane => lane.Seat.Name)]);

    private async Task AbandonAsync(Exception reason)
    {
        foreach (MirrorLane lane in _lanes.Where(static lane => lane.Written is null))
        {
            await lane.AbandonAsync(reason).ConfigureAwait(false);
        }
    }

    private static bool IsTaken(MirrorLane lane) => lane.Failure is StorageException { Kind: StorageErrorKind.AlreadyExists };
}
