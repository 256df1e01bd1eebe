using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Testing;

/// <summary>A storage in which something goes wrong, as planned: for tests of what is built on storages.</summary>
/// <remarks>Calls are counted as they begin, which for a listing is the first step of its enumeration. A test that ends with
/// <see cref="VerifyAllFired"/> does not go on passing when the call that it meant is not made any more. Safe from any thread.</remarks>
public sealed class FaultyStorage : DelegatingStorage
{
    private readonly Lock _lock = new();
    private readonly List<Planned> _planned;
    private int _calls;
    private StorageKey _lastWritten;

    /// <summary>Puts the faults over a storage.</summary>
    /// <param name="inner">The storage below; it is disposed with this one.</param>
    /// <param name="plan">What goes wrong.</param>
    public FaultyStorage(IStorage inner, FaultPlan plan)
        : base(inner)
    {
        ArgumentNullException.ThrowIfNull(plan);
        _planned = [.. plan.Faults.Select(static fault => new Planned(fault))];
    }

    /// <summary>How many calls were begun.</summary>
    public int Calls
    {
        get
        {
            lock (_lock)
            {
                return _calls;
            }
        }
    }

    /// <summary>Whether every planned fault has happened.</summary>
    public bool AllFired
    {
        get
        {
            lock (_lock)
            {
                return _planned.TrueForAll(static planned => planned.HasFired);
            }
        }
    }

    /// <summary>Throws where a planned fault has not happened: then the test did not test what it was written for.</summary>
    /// <exception cref="InvalidOperationException">The message names the faults that did not happen.</exception>
    public void VerifyAllFired()
    {
        lock (_lock)
        {
            if (!_planned.TrueForAll(static planned => planned.HasFired))
            {
                string left = string.Join(", ", _planned.Where(static planned => !planned.HasFired).Select(static planned => planned.Fault));
                throw new InvalidOperationException($"These planned faults did not happen, in {_calls} calls: {left}. Plan them for calls that are made.");
            }
        }
    }

    /// <inheritdoc/>
    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        Fault? fault = await BeginAsync(StorageVerb.Write, key.Value, cancellationToken).ConfigureAwait(false);
        StorageEntry entry = fault is { IsOfContent: true }
            ? await WriteFaultyAsync(key, content, options, fault, cancellationToken).ConfigureAwait(false)
            : await Inner.WriteAsync(key, content, options, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _lastWritten = key;
        }

        return fault?.Kind == FaultKind.LoseAnswer ? throw fault.Error : entry;
    }

    /// <inheritdoc/>
    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        Fault? fault = await BeginAsync(StorageVerb.Read, key.Value, cancellationToken).ConfigureAwait(false);
        StorageEntry entry = fault is { IsOfContent: true }
            ? await ReadFaultyAsync(key, destination, options, fault, cancellationToken).ConfigureAwait(false)
            : await Inner.ReadAsync(key, destination, options, cancellationToken).ConfigureAwait(false);
        return fault?.Kind == FaultKind.LoseAnswer ? throw fault.Error : entry;
    }

    /// <inheritdoc/>
    public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Fault? fault = await BeginAsync(StorageVerb.Find, key.Value, cancellationToken).ConfigureAwait(false);
        StorageEntry? entry = await Inner.FindAsync(key, cancellationToken).ConfigureAwait(false);
        return fault is null ? entry : throw fault.Error;
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Fault? fault = await BeginAsync(StorageVerb.List, prefix.Value, cancellationToken).ConfigureAwait(false);
        StorageKey late;
        lock (_lock)
        {
            late = fault?.Kind == FaultKind.ListLate ? _lastWritten : default;
        }

        await foreach (StorageEntry entry in Inner.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Key != late)
            {
                yield return entry;
            }

            if (fault?.Kind == FaultKind.Duplicate)
            {
                yield return entry;
            }
        }

        if (fault?.Kind == FaultKind.LoseAnswer)
        {
            throw fault.Error;
        }
    }

    /// <inheritdoc/>
    public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Fault? fault = await BeginAsync(StorageVerb.Delete, key.Value, cancellationToken).ConfigureAwait(false);
        await Inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        if (fault is not null)
        {
            throw fault.Error;
        }
    }

    /// <summary>Counts the call, and lets happen what happens before it does anything. What is left to happen is returned.</summary>
    private async ValueTask<Fault?> BeginAsync(StorageVerb verb, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Fault? fault = Next(verb, key);
        if (fault?.Kind == FaultKind.Hang)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }

        bool hasContent = verb is StorageVerb.Write or StorageVerb.Read;
        return fault?.Kind == FaultKind.Fail || (fault?.Kind == FaultKind.FailAfterBytes && !hasContent) ? throw fault.Error : fault;
    }

    private Fault? Next(StorageVerb verb, string key)
    {
        lock (_lock)
        {
            _calls++;
            Fault? due = null;
            foreach (Planned planned in _planned)
            {
                // Each fault counts the calls that it is for, also those at which another one happens.
                if (planned.Fault.Call.IsFor(verb, key) && ++planned.Seen == planned.Fault.Call.Ordinal && due is null && planned.Fault.CanHappenTo(verb))
                {
                    planned.HasFired = true;
                    due = planned.Fault;
                }
            }

            return due;
        }
    }

    private async Task<StorageEntry> WriteFaultyAsync(StorageKey key, PipeReader content, WriteOptions options, Fault fault, CancellationToken cancellationToken)
    {
        StorageEntry? entry = null;
        long offered = 0;
        await Transfer.RunAsync(
            async (changed, token) => offered = await ChangeAsync(content, changed, fault, token).ConfigureAwait(false),
            async (changed, token) => entry = await Inner.WriteAsync(key, changed, options, token).ConfigureAwait(false),
            options: null,
            cancellationToken).ConfigureAwait(false);
        return entry! with { Length = offered };
    }

    private async Task<StorageEntry> ReadFaultyAsync(StorageKey key, PipeWriter destination, ReadOptions options, Fault fault, CancellationToken cancellationToken)
    {
        StorageEntry? entry = null;
        await Transfer.RunAsync(
            async (sound, token) => entry = await Inner.ReadAsync(key, sound, options, token).ConfigureAwait(false),
            (sound, token) => ChangeAsync(sound, destination, fault, token),
            new TransferOptions { MayEndEarly = true },
            cancellationToken).ConfigureAwait(false);

        // It is not known yet where the reader went away first.
        return entry ?? await Inner.FindAsync(key, cancellationToken).ConfigureAwait(false) ?? throw fault.Error;
    }

    /// <summary>Copies content and does to it what the fault says. Returns how much there was.</summary>
    private static async Task<long> ChangeAsync(PipeReader from, PipeWriter to, Fault fault, CancellationToken cancellationToken)
    {
        long position = 0;
        ReadResult read;
        do
        {
            read = await from.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                throw new OperationCanceledException("The reading of the content was cancelled.");
            }

            byte[] bytes = read.Buffer.ToArray();
            from.AdvanceTo(read.Buffer.End);
            int passing = fault.Kind == FaultKind.FlipBit ? bytes.Length : (int)Math.Clamp(fault.Place - position, 0, bytes.Length);
            long flipped = (fault.Place / 8) - position;
            if (fault.Kind == FaultKind.FlipBit && flipped >= 0 && flipped < bytes.Length)
            {
                bytes[flipped] ^= (byte)(1 << (int)(fault.Place % 8));
            }

            position += bytes.Length;
            FlushResult flushed = await to.WriteAsync(bytes.AsMemory(0, passing), cancellationToken).ConfigureAwait(false);
            if (flushed.IsCanceled)
            {
                throw new OperationCanceledException("The flushing of the destination was cancelled.");
            }

            if (fault.Kind == FaultKind.FailAfterBytes && position >= fault.Place)
            {
                throw fault.Error;
            }

            if (flushed.IsCompleted)
            {
                return position;
            }
        }
        while (!read.IsCompleted);

        // Content that is shorter than the fault wants fails at its end, so that what was planned does happen.
        return fault.Kind == FaultKind.FailAfterBytes ? throw fault.Error : position;
    }

    private sealed class Planned(Fault fault)
    {
        internal Fault Fault { get; } = fault;

        internal int Seen { get; set; }

        internal bool HasFired { get; set; }
    }
}
