using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public abstract partial class StorageContractTests
{
    [Fact]
    public async Task A_listing_is_ordered_by_the_bytes_of_the_keys()
    {
        string[] keys = ["a-b", "a.b/c", "a/b", "a/b-c", "a/c/d", "a0", "b/Z", "b/a", "b/é", "b/\uFB01", "b/🙂", "c"];
        foreach (string key in keys.Reverse())
        {
            await Storage.PutAsync(key, key);
        }

        Storage.Capabilities.ListsInOrder.Should().BeTrue();
        (await Storage.KeysAsync()).Should().Equal(keys);
    }

    [Fact]
    public async Task A_prefix_means_whole_segments()
    {
        foreach (string key in new[] { "a/x", "a/y/z", "ab/x", "a-/x", "b" })
        {
            await Storage.PutAsync(key, key);
        }

        (await Storage.KeysAsync("a")).Should().Equal("a/x", "a/y/z");
        (await Storage.KeysAsync("a/y")).Should().Equal("a/y/z");
        (await Storage.KeysAsync("ab")).Should().Equal("ab/x");
    }

    [Fact]
    public async Task An_unknown_prefix_lists_empty()
    {
        (await Storage.KeysAsync()).Should().BeEmpty();
        (await Storage.KeysAsync("x/y")).Should().BeEmpty();
        await Storage.PutAsync("a/b", "content");

        (await Storage.KeysAsync("x")).Should().BeEmpty();
        (await Storage.KeysAsync("a/b")).Should().BeEmpty("an object is not below itself");
        (await Storage.KeysAsync("a/b/c")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_listing_tells_what_finding_tells()
    {
        await Storage.PutAsync("a/1", Bytes(10));
        await Storage.PutAsync("a/2", Bytes(20));

        await foreach (StorageEntry entry in Storage.ListAsync(StoragePrefix.Parse("a")))
        {
            entry.Should().Be(await Storage.FindAsync(entry.Key));
        }
    }

    [Fact]
    public async Task A_listing_shows_every_object_that_stays_while_others_come_and_go()
    {
        for (int i = 0; i < 50; i++)
        {
            await Storage.PutAsync($"d{i % 7}/{i:d2}/stays", "content");
            await Storage.PutAsync($"d{i % 7}/{i:d2}/goes", "content");
        }

        List<string> listed = [];
        int number = 0;
        await foreach (StorageEntry entry in Storage.ListAsync(StoragePrefix.Root))
        {
            listed.Add(entry.Key.Value);
            if (number < 50)
            {
                await Storage.DeleteAsync(Key($"d{number % 7}/{number:d2}/goes"));
                await Storage.PutAsync($"d{number % 7}/{number:d2}/stays", "other", WriteOptions.Replace);
                await Storage.PutAsync($"e/{number}/comes", "content");
                number++;
            }
        }

        listed.Where(key => key.EndsWith("/stays", StringComparison.Ordinal)).Should().HaveCount(50);
        listed.Should().OnlyHaveUniqueItems();
        listed.Select(Key).Should().BeInAscendingOrder();
    }

    [Fact]
    public async Task Deleting_removes_the_object_and_nothing_else()
    {
        await Storage.PutAsync("a/b", "content");
        await Storage.PutAsync("a/bc", "content");
        await Storage.PutAsync("a/c/d", "content");

        await Storage.DeleteAsync(Key("a/b"));

        (await Storage.FindAsync(Key("a/b"))).Should().BeNull();
        (await Storage.KeysAsync()).Should().Equal("a/bc", "a/c/d");
        await Storage.PutAsync("a/b", "again");
        (await Storage.GetTextAsync("a/b")).Should().Be("again");
    }

    [Fact]
    public async Task Deleting_what_is_missing_succeeds()
    {
        await Storage.DeleteAsync(Key("x/y/z"));
        await Storage.PutAsync("a/b/c", "content");

        foreach (string key in new[] { "a", "a/b", "a/b/x", "a/b/c/d", "x" })
        {
            await Storage.DeleteAsync(Key(key));
        }

        (await Storage.KeysAsync()).Should().Equal("a/b/c");
    }
}
