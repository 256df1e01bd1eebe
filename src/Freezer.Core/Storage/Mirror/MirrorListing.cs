using System.Runtime.CompilerServices;

namespace Freezer.Storage;

/// <summary>A key, and what each storage has under it, by the storage's place.</summary>
internal readonly record struct MergedEntry(StorageKey Key, StorageEntry?[] Copies);

/// <summary>Lists several storages at the same time.</summary>
internal static class MirrorListing
{
    /// <summary>Merges listings, key by key, in order. What is the mirror's own is left out.</summary>
    /// <param name="storages">The storages.</param>
    /// <param name="prefix">What is listed.</param>
    /// <param name="onFailure">Hears of a storage whose listing fails, which is then left out of the rest, or throws; <see langword="null"/> where a failure ends it all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    internal static async IAsyncEnumerable<MergedEntry> MergeAsync(
        IReadOnlyList<IStorage> storages, StoragePrefix prefix, Action<int, Exception>? onFailure, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var cursors = new Cursor[storages.Count];
        for (int i = 0; i < cursors.Length; i++)
        {
            cursors[i] = new Cursor(storages[i], prefix, cancellationToken);
        }

        try
        {
            await Task.WhenAll(cursors.Select((cursor, i) => cursor.MoveAsync(i, onFailure, cancellationToken).AsTask())).ConfigureAwait(false);
            while (FindFirst(cursors) is { } key)
            {
                var copies = new StorageEntry?[cursors.Length];
                for (int i = 0; i < cursors.Length; i++)
                {
                    if (cursors[i].Current is { } current && current.Key == key)
                    {
                        copies[i] = current;
                        await cursors[i].MoveAsync(i, onFailure, cancellationToken).ConfigureAwait(false);
                    }
                }

                if (!key.IsBelow(MirrorLayout.Reserved))
                {
                    yield return new MergedEntry(key, copies);
                }
            }
        }
        finally
        {
            foreach (Cursor cursor in cursors)
            {
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static StorageKey? FindFirst(Cursor[] cursors)
    {
        StorageKey? first = null;
        foreach (Cursor cursor in cursors)
        {
            if (cursor.Current is { } entry && (first is null || entry.Key.CompareTo(first.Value) < 0))
            {
                first = entry.Key;
            }
        }

        return first;
    }

    private static async IAsyncEnumerable<StorageEntry> SortedAsync(IStorage storage, StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<StorageEntry> entries = [];
        await foreach (StorageEntry entry in storage.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
        }

        entries.Sort(static (left, right) => left.Key.CompareTo(right.Key));
        foreach (StorageEntry entry in entries)
        {
            yield return entry;
        }
    }

    /// <summary>One storage's listing, and where it stands.</summary>
    private sealed class Cursor(IStorage storage, StoragePrefix prefix, CancellationToken cancellationToken) : IAsyncDisposable
    {
        private IAsyncEnumerator<StorageEntry>? _listing;

        /// <summary>The next entry; <see langword="null"/> at the end.</summary>
        internal StorageEntry? Current { get; private set; }

        internal async ValueTask MoveAsync(int index, Action<int, Exception>? onFailure, CancellationToken token)
        {
            try
            {
                // Opened here, since a storage may fail as soon as it is asked for a listing.
                _listing ??= (storage.Capabilities.ListsInOrder ? storage.ListAsync(prefix, cancellationToken) : SortedAsync(storage, prefix, cancellationToken))
                    .GetAsyncEnumerator(cancellationToken);
                Current = await _listing.MoveNextAsync().ConfigureAwait(false) ? _listing.Current : null;
            }
            catch (Exception exception) when (onFailure is not null && !token.IsCancellationRequested)
            {
                Current = null;
                onFailure(index, exception);
            }
        }

        public ValueTask DisposeAsync() => _listing?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
