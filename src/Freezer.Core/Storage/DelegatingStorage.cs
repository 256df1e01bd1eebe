using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>Passes every call on to another storage: what a layer (retry, limit, a prefix …) derives from, overriding what it changes.</summary>
public abstract class DelegatingStorage : IStorage
{
    /// <summary>Puts a layer over a storage and takes it over: disposing the layer disposes the storage.</summary>
    /// <param name="inner">The storage below.</param>
    protected DelegatingStorage(IStorage inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Inner = inner;
    }

    /// <inheritdoc/>
    public virtual StorageCapabilities Capabilities => Inner.Capabilities;

    /// <summary>The storage below.</summary>
    protected IStorage Inner { get; }

    /// <inheritdoc/>
    public virtual Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
        Inner.WriteAsync(key, content, options, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
        Inner.ReadAsync(key, destination, options, cancellationToken);

    /// <inheritdoc/>
    public virtual Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        Inner.FindAsync(key, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) =>
        Inner.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public virtual Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        Inner.DeleteAsync(key, cancellationToken);

    /// <summary>Returns an ability of the layer itself, else one of the storage below. A layer that changes keys or content must
    /// override this and hold back what would go past it.</summary>
    /// <typeparam name="TFeature">The ability's contract.</typeparam>
    public virtual TFeature? GetFeature<TFeature>() where TFeature : class => this as TFeature ?? Inner.GetFeature<TFeature>();

    /// <summary>Disposes the storage below.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Inner.DisposeAsync();
    }
}
