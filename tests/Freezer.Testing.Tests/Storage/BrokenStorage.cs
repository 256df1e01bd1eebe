using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Storage;

namespace Freezer.Testing.Tests.Storage;

/// <summary>A storage whose verbs can be broken one by one; the others are those of the sound storage below.</summary>
internal sealed class BrokenStorage() : DelegatingStorage(new MemoryStorage())
{
    internal delegate Task<StorageEntry> WriteVerb(BrokenStorage storage, StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken);

    internal delegate Task<StorageEntry> ReadVerb(BrokenStorage storage, StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken);

    internal WriteVerb? Write { get; init; }

    internal ReadVerb? Read { get; init; }

    internal Func<BrokenStorage, StorageKey, CancellationToken, Task<StorageEntry?>>? Find { get; init; }

    internal Func<BrokenStorage, StoragePrefix, IAsyncEnumerable<StorageEntry>, IAsyncEnumerable<StorageEntry>>? List { get; init; }

    internal Func<BrokenStorage, StorageKey, CancellationToken, Task>? Delete { get; init; }

    internal Func<StorageKey, StorageKey>? Rename { get; init; }

    internal StorageCapabilities? Declared { get; init; }

    /// <summary>The storage below, which keeps the contract.</summary>
    internal IStorage Sound => Inner;

    /// <summary>What a broken verb remembers.</summary>
    internal System.Collections.Concurrent.ConcurrentDictionary<string, object> Memory { get; } = new();

    public override StorageCapabilities Capabilities => Declared ?? base.Capabilities;

    public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
        Write is null ? base.WriteAsync(Renamed(key), content, options, cancellationToken) : Write(this, key, content, options, cancellationToken);

    public override Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
        Read is null ? base.ReadAsync(Renamed(key), destination, options, cancellationToken) : Read(this, key, destination, options, cancellationToken);

    public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        Find is null ? base.FindAsync(Renamed(key), cancellationToken) : Find(this, key, cancellationToken);

    public override IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) =>
        List is null ? base.ListAsync(prefix, cancellationToken) : List(this, prefix, base.ListAsync(prefix, cancellationToken));

    public override Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        Delete is null ? base.DeleteAsync(Renamed(key), cancellationToken) : Delete(this, key, cancellationToken);

    internal Task<StorageEntry> PutAsync(StorageKey key, byte[] content, WriteOptions options) =>
        Sound.WriteAsync(key, PipeReader.Create(new ReadOnlySequence<byte>(content)), options);

    internal async Task<byte[]> GetAsync(StorageKey key)
    {
        using var content = new MemoryStream();
        await Sound.ReadAsync(key, content, ReadOptions.Whole);
        return content.ToArray();
    }

    internal static async Task<byte[]> DrainAsync(PipeReader content, CancellationToken cancellationToken = default)
    {
        using var bytes = new MemoryStream();
        await DrainAsync(content, bytes, cancellationToken);
        return bytes.ToArray();
    }

    internal static async Task DrainAsync(PipeReader content, MemoryStream bytes, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ReadResult read = await content.ReadAsync(cancellationToken);
            if (read.IsCanceled)
            {
                throw new OperationCanceledException();
            }

            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                bytes.Write(piece.Span);
            }

            content.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private StorageKey Renamed(StorageKey key) => Rename is null || key.Value.Length == 0 ? key : Rename(key);
}

internal static class Listings
{
    internal static async IAsyncEnumerable<StorageEntry> Of(Func<Task<List<StorageEntry>>> make, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (StorageEntry entry in await make())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    internal static async IAsyncEnumerable<StorageEntry> Deaf(IStorage storage, StoragePrefix prefix)
    {
        await foreach (StorageEntry entry in storage.ListAsync(prefix, CancellationToken.None))
        {
            yield return entry;
        }
    }
}
