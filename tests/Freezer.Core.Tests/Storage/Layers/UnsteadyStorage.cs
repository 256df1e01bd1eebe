using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage.Layers;

/// <summary>A storage that fails now and then in the middle of what it does, and says that it may succeed later. Writes are left alone.</summary>
internal sealed class UnsteadyStorage(IStorage inner, int seed, bool inOrder = true) : DelegatingStorage(inner)
{
    private readonly Random _random = new(seed);

    public override StorageCapabilities Capabilities { get; } = new() { ListsInOrder = inOrder };

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        StorageEntry entry = (await Inner.FindAsync(key, cancellationToken))!;
        (long offset, long length) = options.Resolve(entry);
        bool fails = Fails();
        long delivered = fails ? _random.NextInt64(length + 1) : length;
        byte[] content = await Inner.GetAsync(key.Value, options with { Offset = offset, Length = delivered });
        // Some of it is left without a flush, as storages do.
        int flushed = _random.Next(content.Length + 1);
        await destination.WriteAsync(content.AsMemory(0, flushed), cancellationToken);
        content.AsSpan(flushed).CopyTo(destination.GetSpan(content.Length - flushed));
        destination.Advance(content.Length - flushed);
        if (fails)
        {
            throw Fault();
        }

        await destination.FlushAsync(cancellationToken);
        return entry;
    }

    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<StorageEntry> entries = [];
        await foreach (StorageEntry entry in Inner.ListAsync(prefix, cancellationToken))
        {
            entries.Add(entry);
        }

        StorageEntry[] shown = [.. entries];
        if (!Capabilities.ListsInOrder)
        {
            _random.Shuffle(shown);
        }

        foreach (StorageEntry entry in shown)
        {
            if (Fails(20))
            {
                throw Fault();
            }

            yield return entry;
        }
    }

    public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        Fails() ? throw Fault() : base.FindAsync(key, cancellationToken);

    public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        bool fails = Fails();
        if (!fails || _random.Next(2) == 0)
        {
            await base.DeleteAsync(key, cancellationToken);
        }

        if (fails)
        {
            throw Fault();
        }
    }

    private bool Fails(int oneIn = 3) => _random.Next(oneIn) == 0;

    private static StorageException Fault() => new(StorageErrorKind.Unavailable, null, "planned", isTransient: true);
}
