using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Freezer.Storage;

/// <summary>Several storages that hold the same: each write goes to all of them at once, each read comes from the first one that is sound.</summary>
/// <remarks>
/// <para><b>Writing.</b> A write succeeds when all storages took it, or as many as <see cref="MirrorOptions.Quorum"/> says. A storage that
/// fails is out, for this process and for others, until <see cref="SynchronizeAsync"/> has brought it up to date; <see cref="Lagging"/> names it, and
/// a backup then ends with <see cref="BackupOutcome.CompleteWithDegradedMirror"/>. With fewer than the quorum a call fails with
/// <see cref="StorageErrorKind.BelowQuorum"/>: what was created is taken back, and the message names the storages in which it may be left.</para>
/// <para><b>Reading.</b> An object is there if at least half of the storages that answer have it. A read goes on from another copy where one
/// breaks. So many storages have to answer that one of them knows of everything that was acknowledged: one where all take every write, otherwise one more than may miss one.</para>
/// <para><b>One order.</b> Give every process the same storages in the same order. The first one decides which of two writers creates an object.
/// Writers that replace one object at the same time may leave different copies of it; the library never does so.</para>
/// <para>Keys below <c>mirror/</c> are the mirror's own, and are not shown. All members are safe from any thread.</para>
/// </remarks>
public sealed class MirrorStorage : IStorage, IReplicatedStorage, IStorageSweeper
{
    private readonly IReadOnlyList<MirrorMember> _members;
    private readonly MirrorOptions _options;
    private readonly MirrorRoster _roster;

    /// <summary>Joins storages, which the mirror takes over: disposing it disposes them.</summary>
    /// <param name="members">Two storages or more, in the order that all processes give them in. They may hold backups already; where they hold
    /// different ones, synchronise before the first write.</param>
    /// <param name="options">How it writes; <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">There are fewer than two, two have one name, or an option is not valid.</exception>
    public MirrorStorage(IReadOnlyList<MirrorMember> members, MirrorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.Count < 2 || members.DistinctBy(static member => member.Name).Count() < members.Count)
        {
            throw new ArgumentException("A mirror has two storages or more, each with a name of its own.", nameof(members));
        }

        options ??= MirrorOptions.Default;
        options.Validate(members.Count);
        _members = [.. members];
        _options = options;
        _roster = new MirrorRoster(_members, options.Quorum ?? members.Count);
        Copies = [.. members.Select(static member => member.Storage)];
        StorageCapabilities[] each = [.. members.Select(static member => member.Storage.Capabilities)];
        Capabilities = new StorageCapabilities
        {
            LargestObject = each.Min(static one => one.LargestObject),
            AtomicCreateLimit = each.Min(static one => one.AtomicCreateLimit),
            LeastConcurrency = each.Min(static one => one.LeastConcurrency),
        };
    }

    /// <inheritdoc/>
    public StorageCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public IReadOnlyList<IStorage> Copies { get; }

    /// <inheritdoc/>
    /// <remarks>Empty before the first call to the mirror.</remarks>
    public IReadOnlyList<LaggingStorage> Lagging => _roster.Known?.Lagging ?? [];

    /// <inheritdoc/>
    public async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        Check(key, cancellationToken);
        MirrorView view = await _roster.GetForWritingAsync(cancellationToken).ConfigureAwait(false);
        using var write = new MirrorWrite(view, key, options, _options);
        return MirrorView.Combine(await write.RunAsync(_roster, content, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        Check(key, cancellationToken);
        MirrorView view = await _roster.GetAsync(cancellationToken).ConfigureAwait(false);
        return await MirrorRead.ReadAsync(view, key, destination, options, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Check(key, cancellationToken);
        MirrorView view = await _roster.GetAsync(cancellationToken).ConfigureAwait(false);
        return await MirrorRead.FindAsync(view, key, cancellationToken).ConfigureAwait(false) is { } copies ? MirrorView.Combine(copies) : null;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        MirrorView view = await _roster.GetAsync(cancellationToken).ConfigureAwait(false);
        List<(string Name, Exception Cause)> failures = [];
        IAsyncEnumerable<MergedEntry> merged = MirrorListing.MergeAsync(
            [.. view.Complete.Select(static seat => seat.Storage)],
            prefix,
            (index, failure) =>
            {
                lock (failures)
                {
                    failures.Add((view.Complete[index].Name, failure));
                }
            },
            cancellationToken);
        await foreach (MergedEntry entry in merged.ConfigureAwait(false))
        {
            if (MirrorView.IsThere(entry.Copies.Count(static copy => copy is not null), CountAnswers()))
            {
                yield return MirrorView.Combine(ByPlace(view, entry.Copies));
            }
        }

        // Storages that hold nothing here may have failed without an entry that told of it.
        CountAnswers();

        int CountAnswers()
        {
            lock (failures)
            {
                int answers = view.Complete.Count - failures.Count;
                return answers >= view.AnswersNeeded && answers > 0 ? answers
                    : throw MirrorErrors.TooFewAnswers(prefix.Value, view.AnswersNeeded, view.Seats.Count, failures);
            }
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Check(key, cancellationToken);
        MirrorView view = await _roster.GetForWritingAsync(cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        // Once it has begun it is not cancelled: it would be half done.
        Exception?[] failures = await DeleteAsync(view, key).ConfigureAwait(false);
        List<MirrorSeat> took = [.. view.Complete.Where((_, i) => failures[i] is null)];
        List<(MirrorSeat Seat, Exception Cause)> failed = [.. view.Complete.Zip(failures).Where(static one => one.Second is not null).Select(static one => (one.First, one.Second!))];
        int count = took.Count;
        if (count < view.Seats.Count && count >= view.Quorum)
        {
            MirrorView known = await _roster.ConfirmAsync(took, failed.ToDictionary(static one => one.Seat.Index, static one => one.Cause.Message)).ConfigureAwait(false);
            count = took.Count(seat => known.Seats[seat.Index].Problem is null);
        }

        if (count < view.Quorum)
        {
            throw MirrorErrors.BelowQuorum(
                key, view.Quorum, view.Seats.Count, [.. failed.Select(static one => (one.Seat.Name, one.Cause))], [.. view.Complete.Select(static seat => seat.Name)]);
        }
    }

    /// <summary>Brings the storages that are out up to date, from those that hold everything: neither the source of a backup nor a key is needed.</summary>
    /// <param name="progress">Hears of each object that was copied, after it was verified.</param>
    /// <param name="cancellationToken">Cancels it. What was copied stays, and is not copied again.</param>
    /// <returns>What was done. Look at what is still out: a storage that cannot be reached is no exception.</returns>
    /// <remarks>
    /// <para>What a storage lacks, or has with another length, is copied to it and read back. What it has and the others have not was deleted while it
    /// was out, and is deleted in it. Storages that never were in a mirror together get what any of them has, and nothing is deleted.</para>
    /// <para>Safe beside backups: a storage is in again once nothing was written past it.</para>
    /// </remarks>
    /// <exception cref="StorageException">A storage failed while it was read or written, or what came back was not what was written.</exception>
    public async Task<MirrorSynchronization> SynchronizeAsync(IProgress<StorageEntry>? progress = null, CancellationToken cancellationToken = default) =>
        await new MirrorSynchronizer(_roster, progress).RunAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Sweeps each storage that can be swept. One that fails does not keep the others from it, and is told of at the end.</summary>
    /// <inheritdoc/>
    public async Task<int> SweepAsync(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        int swept = 0;
        ExceptionDispatchInfo? first = null;
        foreach (IStorage storage in Copies)
        {
            try
            {
                swept += storage.GetFeature<IStorageSweeper>() is { } sweeper ? await sweeper.SweepAsync(olderThan, cancellationToken).ConfigureAwait(false) : 0;
            }
            catch (StorageException failure)
            {
                // The others are swept nevertheless.
                first ??= ExceptionDispatchInfo.Capture(failure);
            }
        }

        first?.Throw();
        return swept;
    }

    /// <summary>Disposes the storages.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (MirrorMember member in _members)
        {
            await member.Storage.DisposeAsync().ConfigureAwait(false);
        }

        _roster.Dispose();
    }

    /// <summary>Deletes an object in all complete storages.</summary>
    /// <returns>What each of them said, <see langword="null"/> where it is gone.</returns>
    private async Task<Exception?[]> DeleteAsync(MirrorView view, StorageKey key)
    {
        var failures = new Exception?[view.Complete.Count];
        using var stop = new CancellationTokenSource();
        Task<bool>[] deletions = [.. view.Complete.Select(static seat => seat.Storage).Select(DeleteAsync)];
        if (!await MirrorPatience.AllEndAsync(deletions, view.Quorum, _options).ConfigureAwait(false))
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(deletions).ConfigureAwait(false);
        }

        return failures;

        async Task<bool> DeleteAsync(IStorage storage, int index)
        {
            try
            {
                await storage.DeleteAsync(key, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException cancellation) when (stop.IsCancellationRequested)
            {
                failures[index] = MirrorPatience.Slow(key, MirrorPatience.ForPublishing(_options), cancellation);
            }
            catch (Exception failure)
            {
                failures[index] = failure;
            }

            return failures[index] is null;
        }
    }

    private static StorageEntry?[] ByPlace(MirrorView view, StorageEntry?[] ofComplete)
    {
        var copies = new StorageEntry?[view.Seats.Count];
        for (int i = 0; i < ofComplete.Length; i++)
        {
            copies[view.Complete[i].Index] = ofComplete[i];
        }

        return copies;
    }

    private static void Check(StorageKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (key.Value.Length == 0)
        {
            throw new ArgumentException("The key is empty.", nameof(key));
        }

        if (key.IsBelow(MirrorLayout.Reserved))
        {
            throw new ArgumentException($"The key '{key}' is below '{MirrorLayout.Reserved}', which a mirror keeps for itself.", nameof(key));
        }
    }
}
