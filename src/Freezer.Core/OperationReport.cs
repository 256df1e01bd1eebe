namespace Freezer;

/// <summary>Collects what an operation has to tell: skips, notes and progress. Safe from any thread.</summary>
internal sealed class OperationReport(IProgress<BackupProgress>? progress, TimeProvider timeProvider)
{
    private static readonly TimeSpan BetweenReports = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly List<SkippedEntry> _skips = [];
    private readonly List<Note> _notes = [];
    private long _skipped;
    private long _bytes;
    private long _bytesStored;
    private long _entries;
    private readonly long _started = timeProvider.GetTimestamp();
    private long _lastReport = timeProvider.GetTimestamp();
    private EntryPath _current;

    /// <summary>For how long the operation has been going on.</summary>
    internal TimeSpan Elapsed => timeProvider.GetElapsedTime(_started);

    internal long? TotalBytes { get; set; }

    internal long Skipped => Interlocked.Read(ref _skipped);

    internal long Bytes => Interlocked.Read(ref _bytes);

    internal long BytesStored => Interlocked.Read(ref _bytesStored);

    internal long Entries => Interlocked.Read(ref _entries);

    internal BackupOutcome Outcome => Skipped == 0 ? BackupOutcome.Complete : BackupOutcome.CompleteWithSkips;

    internal IReadOnlyList<SkippedEntry> Skips
    {
        get
        {
            lock (_lock)
            {
                return [.. _skips];
            }
        }
    }

    internal IReadOnlyList<Note> Notes
    {
        get
        {
            lock (_lock)
            {
                return [.. _notes];
            }
        }
    }

    internal void Add(SkippedEntry skip)
    {
        lock (_lock)
        {
            _skipped++;
            if (_skips.Count < BackupResult.ReportLimit)
            {
                _skips.Add(skip);
            }
        }
    }

    internal void Add(Note note)
    {
        lock (_lock)
        {
            if (_notes.Count < BackupResult.ReportLimit)
            {
                _notes.Add(note);
            }
        }
    }

    /// <summary>Forgets everything: the operation begins anew.</summary>
    internal void Reset()
    {
        lock (_lock)
        {
            _skips.Clear();
            _notes.Clear();
            _skipped = 0;
        }

        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _bytesStored, 0);
        Interlocked.Exchange(ref _entries, 0);
    }

    internal void AddStored(long bytes) => Interlocked.Add(ref _bytesStored, bytes);

    internal void Add(long bytes, long entries, EntryPath current)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _entries, entries);
        if (progress is null)
        {
            return;
        }

        long last = Interlocked.Read(ref _lastReport);
        if (timeProvider.GetElapsedTime(last) < BetweenReports)
        {
            return;
        }

        // One of several threads reports; the others go on.
        if (Interlocked.CompareExchange(ref _lastReport, timeProvider.GetTimestamp(), last) == last)
        {
            _current = current;
            Publish();
        }
    }

    /// <summary>The last report, which is never held back.</summary>
    internal void Finish() => Publish();

    private void Publish() => progress?.Report(new BackupProgress(Bytes, BytesStored, Entries, _current, TotalBytes));
}
