using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public sealed class DelegatingStorageTests
{
    [Fact]
    public async Task A_layer_shows_its_own_features_and_those_below()
    {
        using ScratchDirectory scratch = new();
        await using FileStorage inner = new(scratch.Path);
        await using CountingStorage layer = new(inner);

        layer.GetFeature<IStorageSweeper>().Should().BeSameAs(inner);
        layer.GetFeature<FileStorage>().Should().BeSameAs(inner);
        layer.GetFeature<CountingStorage>().Should().BeSameAs(layer);
        layer.GetFeature<IFormatProvider>().Should().BeNull();
        layer.Capabilities.Should().BeSameAs(inner.Capabilities);
    }

    [Fact]
    public async Task Disposing_a_layer_disposes_the_storage_below()
    {
        MemoryStorage inner = new();
        CountingStorage layer = new(inner);
        await layer.DisposeAsync();

        await inner.Invoking(s => s.FindAsync(Key("a"))).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task An_override_sees_the_call_and_can_pass_it_on()
    {
        await using CountingStorage layer = new(new MemoryStorage());
        await layer.PutAsync("a", "content");

        (await layer.FindAsync(Key("a"))).Should().NotBeNull();

        layer.Finds.Should().Be(1);
    }

    private sealed class CountingStorage(IStorage inner) : DelegatingStorage(inner)
    {
        internal int Finds { get; private set; }

        public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
        {
            Finds++;
            return base.FindAsync(key, cancellationToken);
        }
    }
}
