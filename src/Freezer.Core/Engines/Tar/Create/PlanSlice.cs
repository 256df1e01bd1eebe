using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>What became of an entry that was read ahead.</summary>
internal struct ReadResult
{
    /// <summary>Where in the slice's buffer the whole member lies: headers, content and padding.</summary>
    internal int Offset;
    internal int Length;

    /// <summary>The record, but for where the content is.</summary>
    internal TarManifestRecord Record;
    internal EntryPath Path;

    /// <summary>Bytes of content that were read.</summary>
    internal int StoredSize;

    /// <summary>The file has grown too large to be read ahead.</summary>
    internal bool IsLarge;

    /// <summary>It changed while it was read.</summary>
    internal bool HasChanged;

    /// <summary>Why its attributes could not be read, or <see langword="null"/>.</summary>
    internal FileSystemException? AttributesError;

    /// <summary>Why it could not be read, or <see langword="null"/>.</summary>
    internal FileSystemException? Error;
}

/// <summary>Consecutive entries of one directory: the unit that is read ahead and written in order.</summary>
internal sealed class PlanSlice(DirectoryPlan plan, int start) : IDisposable
{
    /// <summary>How much a slice is expected to read, and how many entries, before the next one is begun.</summary>
    private const long EnoughBytes = 512 << 10;
    private const int EnoughReads = 128;

    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _expected;

    internal DirectoryPlan Plan { get; } = plan;

    /// <summary>The first entry.</summary>
    internal int Start { get; } = start;

    /// <summary>Behind the last entry.</summary>
    internal int End { get; private set; } = start;

    internal bool IsFirst => Start == 0;

    internal bool IsLast { get; set; }

    internal MemberBuffer Buffer { get; } = new();

    internal ReadResult[] Results { get; private set; } = [];

    /// <summary>How many entries are read ahead.</summary>
    internal int Reads { get; private set; }

    internal bool IsFull => _expected >= EnoughBytes || Reads >= EnoughReads;

    /// <summary>Ends once the entries have been read, or with what kept them from it.</summary>
    internal Task Completion => Reads == 0 ? Task.CompletedTask : _read.Task;

    /// <summary>Takes in the next entry of the plan.</summary>
    internal void Add(int index)
    {
        ref PlannedEntry entry = ref Plan.Entries[index];
        if (entry.Action == EntryAction.Read)
        {
            entry.Result = Reads++;
            _expected += Plan.Status(index).Size;
        }

        End = index + 1;
    }

    internal void PrepareResults() => Results = new ReadResult[Reads];

    /// <summary>Makes room for the result of one more entry, which is read late.</summary>
    internal ref ReadResult AddResult(ref PlannedEntry entry)
    {
        entry.Result = Results.Length;
        ReadResult[] results = Results;
        Array.Resize(ref results, results.Length + 1);
        Results = results;
        return ref results[entry.Result];
    }

    internal void Complete(Exception? failure)
    {
        if (failure is null)
        {
            _read.TrySetResult();
        }
        else
        {
            _read.TrySetException(failure);

            // Whoever gives up for another reason may never look at it.
            _ = _read.Task.Exception;
        }
    }

    public void Dispose()
    {
        Buffer.Dispose();
        Plan.Release();
    }
}
