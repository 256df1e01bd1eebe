using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Freezer.Storage;

/// <summary>Lets so many operations go on at the same time; the others wait their turn.</summary>
internal sealed class LimitStorage : DelegatingStorage
{
    private readonly SemaphoreSlim _places;

    internal LimitStorage(IStorage inner, int operations)
        : base(inner)
    {
        _places = new SemaphoreSlim(operations, operations);
        Capabilities = inner.Capabilities with { LeastConcurrency = Math.Min(inner.Capabilities.LeastConcurrency, operations) };
    }

    public override StorageCapabilities Capabilities { get; }

    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        using Place place = await EnterAsync(cancellationToken).ConfigureAwait(false);
        return await Inner.WriteAsync(key, content, options, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        using Place place = await EnterAsync(cancellationToken).ConfigureAwait(false);
        return await Inner.ReadAsync(key, destination, options, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        using Place place = await EnterAsync(cancellationToken).ConfigureAwait(false);
        return await Inner.FindAsync(key, cancellationToken).ConfigureAwait(false);
    }

    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IAsyncEnumerator<StorageEntry> listing = Inner.ListAsync(prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (listing.ConfigureAwait(false))
        {
            while (await MoveAsync(listing, cancellationToken).ConfigureAwait(false))
            {
                yield return listing.Current;
            }
        }
    }

    public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        using Place place = await EnterAsync(cancellationToken).ConfigureAwait(false);
        await Inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        _places.Dispose();
    }

    /// <summary>Holds a place only while the storage works: whoever walks a listing may call the storage for each entry of it.</summary>
    private async ValueTask<bool> MoveAsync(IAsyncEnumerator<StorageEntry> listing, CancellationToken cancellationToken)
    {
        using Place place = await EnterAsync(cancellationToken).ConfigureAwait(false);
        return await listing.MoveNextAsync().ConfigureAwait(false);
    }

    private async ValueTask<Place> EnterAsync(CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Place(_places);
    }

    private readonly struct Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
