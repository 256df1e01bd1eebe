using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Freezer.Storage;

/// <summary>Stands for a storage that could not be opened: whatever is asked of it fails as the opening did.</summary>
internal sealed class UnopenedStorage(StorageException failure) : IStorage
{
    public StorageCapabilities Capabilities { get; } = new();

    public Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
        Task.FromException<StorageEntry>(failure);

    public Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
        Task.FromException<StorageEntry>(failure);

    public Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) => Task.FromException<StorageEntry?>(failure);

    public async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.FromException(failure).ConfigureAwait(false);
        yield break;
    }

    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) => Task.FromException(failure);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
