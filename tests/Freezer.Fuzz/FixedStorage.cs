using System.Buffers;
using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Fuzz;

/// <summary>A storage with one object, that can only be read: nothing of it is ever waited for.</summary>
internal sealed class FixedStorage(StorageKey key, ReadOnlyMemory<byte> content) : IStorage
{
    public StorageCapabilities Capabilities { get; } = new();

    private StorageEntry Entry => new(key, content.Length, DateTimeOffset.UnixEpoch, "1");

    public async Task<StorageEntry> ReadAsync(StorageKey asked, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        (long offset, long length) = options.Resolve(Entry);
        destination.Write(content.Span.Slice((int)offset, (int)length));
        await destination.FlushAsync(cancellationToken);
        return Entry;
    }

    public Task<StorageEntry> WriteAsync(StorageKey asked, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<StorageEntry?> FindAsync(StorageKey asked, CancellationToken cancellationToken = default) => Task.FromResult<StorageEntry?>(Entry);

    public IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task DeleteAsync(StorageKey asked, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public TFeature? GetFeature<TFeature>()
        where TFeature : class => null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
