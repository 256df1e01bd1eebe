using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Freezer.Storage;

/// <summary>Asks again where a failure is transient. What it promises stands at <see cref="StorageLayers.WithRetry"/>.</summary>
internal sealed class RetryStorage(IStorage inner, RetryOptions options) : DelegatingStorage(inner)
{
    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        var watched = new WatchedReader(content);
        Backoff backoff = NewBackoff();
        while (true)
        {
            try
            {
                return await Inner.WriteAsync(key, watched, options, cancellationToken).ConfigureAwait(false);
            }
            // What has not seen the end of the content has published nothing, and what has taken none of it can begin again.
            catch (StorageException failure) when (!watched.WasRead && backoff.MayRetry(failure))
            {
                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        var counted = new CountingPipeWriter(destination);
        Backoff backoff = NewBackoff();
        StorageEntry? expected = options.Version is null ? await GetAsync(key, cancellationToken).ConfigureAwait(false) : null;
        while (true)
        {
            long delivered = counted.Written;
            try
            {
                StorageEntry read = await Inner.ReadAsync(
                    key, counted, Rest(key, options, expected, delivered), cancellationToken).ConfigureAwait(false);
                return expected is null || read == expected ? read : throw Replaced(key, null);
            }
            catch (StorageException failure) when (
                failure.Kind == StorageErrorKind.VersionMismatch && options.Version is null && counted.Written == 0 && backoff.MayBeReplaced())
            {
                // Replaced since it was looked up; nobody has seen any of it. A storage that tells two versions of one object would go on so for ever.
                expected = await GetAsync(key, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException failure) when (MayGoOn(backoff, failure, counted.Written > delivered))
            {
                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
                // Without versions the storage cannot refuse to go on with another object.
                if (expected is { Version: null } && await GetAsync(key, cancellationToken).ConfigureAwait(false) != expected)
                {
                    throw Replaced(key, failure);
                }
            }
        }
    }

    public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        RetryAsync(static (inner, key, token) => inner.FindAsync(key, token), key, cancellationToken);

    public override Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        RetryAsync(
            static async (inner, key, token) =>
            {
                await inner.DeleteAsync(key, token).ConfigureAwait(false);
                return true;
            },
            key,
            cancellationToken);

    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var delivered = new DeliveredKeys(Capabilities.ListsInOrder);
        Backoff backoff = NewBackoff();
        IAsyncEnumerator<StorageEntry>? listing = null;
        try
        {
            while (true)
            {
                StorageEntry? entry;
                try
                {
                    listing ??= Inner.ListAsync(prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
                    entry = await listing.MoveNextAsync().ConfigureAwait(false) ? listing.Current : null;
                }
                catch (StorageException failure) when (backoff.MayRetry(failure))
                {
                    await EndAsync(listing).ConfigureAwait(false);
                    listing = null;
                    await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (entry is null)
                {
                    yield break;
                }

                if (delivered.Add(entry.Key))
                {
                    backoff.Reset();
                    yield return entry;
                }
            }
        }
        finally
        {
            await EndAsync(listing).ConfigureAwait(false);
        }
    }

    private static async ValueTask EndAsync(IAsyncEnumerator<StorageEntry>? listing)
    {
        if (listing is not null)
        {
            await listing.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What is still to be read, of the version that the first bytes came from.</summary>
    private static ReadOptions Rest(StorageKey key, ReadOptions options, StorageEntry? expected, long delivered)
    {
        if (delivered > options.Length)
        {
            throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"the storage delivered {delivered} bytes, and {options.Length} were asked for");
        }

        return options with { Offset = options.Offset + delivered, Length = options.Length - delivered, Version = options.Version ?? expected?.Version };
    }

    private static bool MayGoOn(Backoff backoff, StorageException failure, bool hasProgress)
    {
        if (hasProgress)
        {
            backoff.Reset();
        }

        return backoff.MayRetry(failure);
    }

    private static StorageException Replaced(StorageKey key, Exception? cause) =>
        new(StorageErrorKind.VersionMismatch, key.Value, "the object was replaced while it was read; read it again", innerException: cause);

    private Backoff NewBackoff() => new(options);

    private async Task<StorageEntry> GetAsync(StorageKey key, CancellationToken cancellationToken) =>
        await FindAsync(key, cancellationToken).ConfigureAwait(false) ?? throw StorageException.NotFound(key);

    private async Task<TResult> RetryAsync<TResult>(
        Func<IStorage, StorageKey, CancellationToken, Task<TResult>> call, StorageKey key, CancellationToken cancellationToken)
    {
        Backoff backoff = NewBackoff();
        while (true)
        {
            try
            {
                return await call(Inner, key, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException failure) when (backoff.MayRetry(failure))
            {
                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Knows whether anybody looked into the pipe.</summary>
    private sealed class WatchedReader(PipeReader inner) : DelegatingPipeReader(inner)
    {
        internal bool WasRead { get; private set; }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            WasRead = true;
            return base.ReadAsync(cancellationToken);
        }

        public override bool TryRead(out ReadResult result)
        {
            WasRead = true;
            return base.TryRead(out result);
        }
    }

    /// <summary>The keys that a listing has given out: the last one is enough where they come in order.</summary>
    private sealed class DeliveredKeys(bool inOrder)
    {
        private readonly HashSet<StorageKey>? _all = inOrder ? null : [];
        private StorageKey? _last;

        /// <summary>False for a key that was given out before.</summary>
        internal bool Add(StorageKey key)
        {
            if (_all is not null)
            {
                return _all.Add(key);
            }

            if (_last is { } last && key.CompareTo(last) <= 0)
            {
                return false;
            }

            _last = key;
            return true;
        }
    }
}
