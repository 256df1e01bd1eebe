using System.Security.Cryptography;

namespace Freezer.Storage;

/// <summary>Brings the storages of a mirror that are out up to date.</summary>
/// <remarks>
/// A storage is copied to, marked as complete, and compared once more. Whoever writes without it takes the mark away after each write, so
/// what was written before the last comparison is seen by it, and what was written later has removed the mark. The mark is looked at last.
/// Where this is cut off in between, the storage itself says so, and is out whatever marks it has.
/// </remarks>
internal sealed class MirrorSynchronizer(MirrorRoster roster, IProgress<StorageEntry>? progress)
{
    /// <summary>So often a storage is caught up with writers that go on without it.</summary>
    private const int Rounds = 4;

    private long _copied;
    private long _bytes;
    private long _deleted;

    internal async Task<MirrorSynchronization> RunAsync(CancellationToken cancellationToken)
    {
        MirrorView view = await roster.RefreshAsync(cancellationToken).ConfigureAwait(false);
        if (!view.IsFounded)
        {
            // Storages that hold the same are told of each other here; others get what any of them has.
            view = await FoundAsync(view, cancellationToken).ConfigureAwait(false);
        }

        MirrorSeat[] lagging = [.. view.Seats.Where(static seat => seat is { Problem: not null, IsReachable: true })];
        for (int round = 0; round < Rounds && view.Seats.Any(static seat => seat is { Problem: not null, IsReachable: true }); round++)
        {
            foreach (MirrorSeat seat in view.Seats.Where(static seat => seat is { Problem: not null, IsReachable: true }))
            {
                await CatchUpAsync(view, seat, cancellationToken).ConfigureAwait(false);
            }

            view = await roster.RefreshAsync(cancellationToken).ConfigureAwait(false);
        }

        return new MirrorSynchronization
        {
            Synchronized = [.. lagging.Where(seat => view.Seats[seat.Index].Problem is null).Select(static seat => seat.Name)],
            Copied = _copied,
            BytesCopied = _bytes,
            Deleted = _deleted,
            Lagging = view.Lagging,
        };
    }

    /// <summary>Makes storages one mirror that never were in one: each gets what any of them has.</summary>
    private async Task<MirrorView> FoundAsync(MirrorView view, CancellationToken cancellationToken)
    {
        MirrorSeat[] reached = [.. view.Seats.Where(static seat => seat.IsReachable)];
        foreach (MirrorSeat seat in reached)
        {
            await CopyMissingAsync(reached, seat, mayDelete: false, cancellationToken).ConfigureAwait(false);
        }

        Guid[] ids = await Task.WhenAll(reached.Select(seat => MirrorLayout.GiveIdentityAsync(seat.Storage, cancellationToken))).ConfigureAwait(false);
        foreach (MirrorSeat seat in reached)
        {
            await MarkAsync(seat, ids, cancellationToken).ConfigureAwait(false);
        }

        return await roster.RefreshAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task CatchUpAsync(MirrorView view, MirrorSeat target, CancellationToken cancellationToken)
    {
        // Where nobody holds everything, together they do.
        bool hasComplete = view.Complete.Count > 0;
        IReadOnlyList<MirrorSeat> sources = hasComplete ? view.Complete : [.. view.Seats.Where(static seat => seat.IsReachable)];
        await CopyMissingAsync(sources, target, hasComplete, cancellationToken).ConfigureAwait(false);
        Guid id = await MirrorLayout.GiveIdentityAsync(target.Storage, cancellationToken).ConfigureAwait(false);
        await MirrorLayout.BeginSynchronizationAsync(target.Storage, cancellationToken).ConfigureAwait(false);
        Guid[] complete = [.. view.Complete.Select(static seat => seat.Id!.Value), id];
        await MarkAsync(target, complete, cancellationToken).ConfigureAwait(false);
        foreach (MirrorSeat source in sources)
        {
            await MirrorLayout.MarkCompleteAsync(source.Storage, id, cancellationToken).ConfigureAwait(false);
        }

        await CopyMissingAsync(sources, target, hasComplete, cancellationToken).ConfigureAwait(false);
        await MirrorLayout.EndSynchronizationAsync(target.Storage, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a storage say that some are complete, and no others.</summary>
    private static async Task MarkAsync(MirrorSeat seat, Guid[] complete, CancellationToken cancellationToken)
    {
        foreach (Guid stale in (await MirrorLayout.ListCompleteAsync(seat.Storage, cancellationToken).ConfigureAwait(false)).Except(complete))
        {
            await MirrorLayout.UnmarkCompleteAsync(seat.Storage, stale, cancellationToken).ConfigureAwait(false);
        }

        foreach (Guid id in complete)
        {
            await MirrorLayout.MarkCompleteAsync(seat.Storage, id, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CopyMissingAsync(IReadOnlyList<MirrorSeat> sources, MirrorSeat target, bool mayDelete, CancellationToken cancellationToken)
    {
        IStorage[] storages = [.. sources.Where(source => source.Index != target.Index).Select(static source => source.Storage)];
        await foreach (MergedEntry merged in MirrorListing.MergeAsync([.. storages, target.Storage], StoragePrefix.Root, null, cancellationToken).ConfigureAwait(false))
        {
            StorageEntry? there = merged.Copies[^1];
            StorageEntry?[] copies = merged.Copies[..^1];
            int holders = copies.Count(static copy => copy is not null);
            if (holders > 0 && (!mayDelete || MirrorView.IsThere(holders, copies.Length)))
            {
                if (there is null || !copies.Any(copy => copy?.Length == there.Length))
                {
                    await CopyAsync(storages, copies, target.Storage, cancellationToken).ConfigureAwait(false);
                }
            }
            else if (mayDelete && await IsGoneAsync(storages, merged.Key, cancellationToken).ConfigureAwait(false))
            {
                await target.Storage.DeleteAsync(merged.Key, cancellationToken).ConfigureAwait(false);
                _deleted++;
            }
        }
    }

    /// <summary>Asks once more: a writer that is at work may have come between two listings. It creates objects in the first storages first.</summary>
    private static async Task<bool> IsGoneAsync(IStorage[] sources, StorageKey key, CancellationToken cancellationToken)
    {
        StorageEntry?[] copies = await Task.WhenAll(sources.Select(source => source.FindAsync(key, cancellationToken))).ConfigureAwait(false);
        return !MirrorView.IsThere(copies.Count(static copy => copy is not null), copies.Length);
    }

    /// <summary>Copies an object from the first source that can be read, and reads it back.</summary>
    private async Task CopyAsync(IStorage[] sources, StorageEntry?[] copies, IStorage target, CancellationToken cancellationToken)
    {
        StorageException? failure = null;
        for (int i = 0; i < sources.Length; i++)
        {
            if (copies[i] is not { } copy)
            {
                continue;
            }

            try
            {
                StorageEntry written = await CopyAsync(sources[i], copy, target, cancellationToken).ConfigureAwait(false);
                _copied++;
                _bytes += written.Length;
                progress?.Report(written);
                return;
            }
            catch (StorageException exception)
            {
                failure ??= exception;
            }
        }

        // What was deleted since it was listed is not missing.
        if (failure!.Kind != StorageErrorKind.NotFound)
        {
            throw failure;
        }
    }

    private static async Task<StorageEntry> CopyAsync(IStorage source, StorageEntry copy, IStorage target, CancellationToken cancellationToken)
    {
        using var hash = SHA256.Create();
        StorageEntry written;
        Stream content = await source.OpenReadAsync(copy.Key, new ReadOptions { Version = copy.Version }, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var hashed = new CryptoStream(content, hash, CryptoStreamMode.Read, leaveOpen: true);
            await using (hashed.ConfigureAwait(false))
            {
                written = await target.WriteAsync(copy.Key, hashed, WriteOptions.Replace, cancellationToken).ConfigureAwait(false);
            }
        }

        Stream back = await target.OpenReadAsync(copy.Key, new ReadOptions { Version = written.Version }, cancellationToken).ConfigureAwait(false);
        await using (back.ConfigureAwait(false))
        {
            byte[] read = await SHA256.HashDataAsync(back, cancellationToken).ConfigureAwait(false);
            return written.Length == copy.Length && read.AsSpan().SequenceEqual(hash.Hash) ? written
                : throw new StorageException(StorageErrorKind.Corrupt, copy.Key.Value, "what was copied and read back is not what was read from the other storage; see whether the storage keeps what it takes");
        }
    }
}
