using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Threads that read the entries of slices, so that all cores open, read and hash. Whoever adds slices bounds them.</summary>
internal sealed class ReadAhead
{
    private readonly Queue<PlanSlice> _slices = new();
    private readonly FileTree _tree;
    private readonly ChangeRule _rule;
    private readonly Task[] _threads;
    private readonly CancellationToken _cancellationToken;
    private bool _isComplete;

    internal ReadAhead(FileTree tree, ChangeRule rule, int parallelism, CancellationToken cancellationToken)
    {
        _tree = tree;
        _rule = rule;
        _cancellationToken = cancellationToken;
        _threads = new Task[parallelism];
        for (int i = 0; i < _threads.Length; i++)
        {
            // They wait for the disk, which the threads of the pool should not.
            _threads[i] = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    internal void Add(PlanSlice slice)
    {
        lock (_slices)
        {
            _slices.Enqueue(slice);
            Monitor.Pulse(_slices);
        }
    }

    /// <summary>Ends the threads once nothing is left to read; after a cancellation nothing more is read.</summary>
    internal Task CompleteAsync()
    {
        lock (_slices)
        {
            _isComplete = true;
            Monitor.PulseAll(_slices);
        }

        return Task.WhenAll(_threads);
    }

    private void Run()
    {
        var reader = new MemberReader(new RecordMaker(_tree, _rule));
        while (Take() is { } slice)
        {
            try
            {
                Read(reader, slice);
                slice.Complete(null);
            }
            catch (Exception failure)
            {
                // Whoever writes the slice finds the failure there.
                slice.Complete(failure);
            }
        }
    }

    private PlanSlice? Take()
    {
        lock (_slices)
        {
            PlanSlice? slice;
            while (!_slices.TryDequeue(out slice) && !_isComplete)
            {
                Monitor.Wait(_slices);
            }

            return slice;
        }
    }

    private void Read(MemberReader reader, PlanSlice slice)
    {
        DirectoryPlan plan = slice.Plan;
        for (int i = slice.Start; i < slice.End; i++)
        {
            ref readonly PlannedEntry entry = ref plan.Entries[i];
            if (entry.Action == EntryAction.Read)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                reader.Read(plan, plan.Listing.Name(entry.Index), plan.Listing.Status(entry.Index), slice.Buffer, ref slice.Results[entry.Result]);
            }
        }
    }
}
