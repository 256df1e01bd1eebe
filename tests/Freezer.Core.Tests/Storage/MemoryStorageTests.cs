using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public sealed class MemoryStorageTests
{
    [Fact]
    public async Task The_clock_is_the_one_it_was_given()
    {
        SteppingClock clock = new();
        await using MemoryStorage storage = new(clock);

        StorageEntry written = await storage.PutAsync("a", "content");

        written.LastModified.Should().Be(clock.Start);
    }

    [Fact]
    public async Task A_key_may_be_an_object_and_hold_others()
    {
        await using MemoryStorage storage = new();
        await storage.PutAsync("a", "1");
        await storage.PutAsync("a/b", "2");

        (await storage.KeysAsync()).Should().Equal("a", "a/b");
        (await storage.KeysAsync("a")).Should().Equal("a/b");
    }

    [Fact]
    public async Task A_listing_shows_what_was_there_when_it_began()
    {
        await using MemoryStorage storage = new();
        await storage.PutAsync("a", "1");
        await storage.PutAsync("b", "2");
        await using IAsyncEnumerator<StorageEntry> listing = storage.ListAsync(StoragePrefix.Root).GetAsyncEnumerator();
        (await listing.MoveNextAsync()).Should().BeTrue();

        await storage.DeleteAsync(Key("b"));
        await storage.PutAsync("c", "3");

        (await listing.MoveNextAsync()).Should().BeTrue();
        listing.Current.Key.Value.Should().Be("b");
        (await listing.MoveNextAsync()).Should().BeFalse();
    }

    [Fact]
    public async Task After_it_is_disposed_every_call_fails()
    {
        MemoryStorage storage = new();
        await storage.PutAsync("a", "1");
        await storage.DisposeAsync();
        await storage.DisposeAsync();

        await storage.Invoking(s => s.FindAsync(Key("a"))).Should().ThrowAsync<ObjectDisposedException>();
        await storage.Invoking(s => s.GetAsync("a")).Should().ThrowAsync<ObjectDisposedException>();
        await storage.Invoking(s => s.PutAsync("b", "2")).Should().ThrowAsync<ObjectDisposedException>();
        await storage.Invoking(s => s.KeysAsync()).Should().ThrowAsync<ObjectDisposedException>();
        await storage.Invoking(s => s.DeleteAsync(Key("a"))).Should().ThrowAsync<ObjectDisposedException>();
    }

    private sealed class SteppingClock : TimeProvider
    {
        public DateTimeOffset Start { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Start;
    }
}
