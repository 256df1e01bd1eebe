using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage.Layers;

public sealed class LimitStorageTests
{
    [Fact]
    public async Task No_more_operations_than_allowed_are_in_the_storage()
    {
        var crowded = new GatedStorage(new MemoryStorage());
        await using IStorage storage = crowded.WithLimit(4);
        Task[] calls = [.. Enumerable.Range(0, 10).Select(i => storage.FindAsync(Key($"{i}")))];
        crowded.Inside.Should().Be(4);

        crowded.Gate.SetResult();
        await Task.WhenAll(calls);

        crowded.Most.Should().Be(4);
    }

    [Fact]
    public async Task Whoever_waits_can_be_cancelled()
    {
        var crowded = new GatedStorage(new MemoryStorage());
        IStorage storage = crowded.WithLimit(4);
        Task[] calls = [.. Enumerable.Range(0, 4).Select(i => storage.FindAsync(Key($"{i}")))];
        using var cancellation = new CancellationTokenSource();
        Task waiting = storage.DeleteAsync(Key("a"), cancellation.Token);
        await cancellation.CancelAsync();

        await waiting.Awaiting(w => w).Should().ThrowAsync<OperationCanceledException>();
        crowded.Gate.SetResult();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Walkers_of_listings_may_call_the_storage_for_each_entry()
    {
        await using IStorage storage = new MemoryStorage().WithLimit(4);
        await storage.PutAsync("a", "content");
        List<IAsyncEnumerator<StorageEntry>> listings = [];
        for (int i = 0; i < 8; i++)
        {
            listings.Add(storage.ListAsync(StoragePrefix.Root).GetAsyncEnumerator());
            (await listings[i].MoveNextAsync()).Should().BeTrue();
        }

        (await storage.GetTextAsync("a")).Should().Be("content");
        foreach (IAsyncEnumerator<StorageEntry> listing in listings)
        {
            await listing.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_call_that_fails_gives_its_place_back()
    {
        await using IStorage storage = new MemoryStorage().WithLimit(4);
        for (int i = 0; i < 8; i++)
        {
            await storage.Invoking(s => s.GetAsync("missing")).Should().ThrowAsync<StorageException>();
        }
    }

    [Fact]
    public void A_backup_must_find_all_the_places_that_it_holds_at_the_same_time()
    {
        MemoryStorage storage = new();

        storage.Invoking(s => s.WithLimit(3)).Should().Throw<ArgumentOutOfRangeException>();
        storage.WithLimit(5).Capabilities.LeastConcurrency.Should().Be(5);
        storage.WithLimit(5).WithLimit(9).Capabilities.LeastConcurrency.Should().Be(5);
    }

    /// <summary>Counts who is inside, and lets nobody out before the gate is open.</summary>
    private sealed class GatedStorage(IStorage inner) : DelegatingStorage(inner)
    {
        private int _inside;

        internal TaskCompletionSource Gate { get; } = new();

        internal int Inside => Volatile.Read(ref _inside);

        internal int Most { get; private set; }

        public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
        {
            int inside = Interlocked.Increment(ref _inside);
            lock (Gate)
            {
                Most = Math.Max(Most, inside);
            }

            await Gate.Task;
            Interlocked.Decrement(ref _inside);
            return await base.FindAsync(key, cancellationToken);
        }
    }
}
