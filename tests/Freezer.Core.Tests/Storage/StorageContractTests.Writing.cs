using System.IO.Pipelines;
using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public abstract partial class StorageContractTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(1_000_003)]
    [InlineData(64 << 20)]
    public async Task Content_comes_back_as_it_was_written(int length)
    {
        byte[] content = Bytes(length);

        StorageEntry written = await Storage.PutAsync("a/object", content);

        written.Key.Value.Should().Be("a/object");
        written.Length.Should().Be(length);
        (await Storage.FindAsync(Key("a/object"))).Should().Be(written);
        (await Storage.GetAsync("a/object")).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Theory]
    [InlineData("a b/c  d/ ")]
    [InlineData(".hidden/..also/...")]
    [InlineData("päth/日本語/🙂")]
    [InlineData("-/--/~/*?:<>|\"'$&;#%[]{}")]
    [InlineData("a/data.tar.gz/.freezer-notes")]
    public async Task Odd_keys_are_kept_as_they_are(string key)
    {
        await Storage.PutAsync(key, "content");

        (await Storage.GetTextAsync(key)).Should().Be("content");
        (await Storage.KeysAsync()).Should().Equal(key);
    }

    [Fact]
    public async Task The_longest_key_is_taken()
    {
        string segment = new('s', StoragePath.LongestSegment);
        string key = $"{segment}/{segment}/{segment}/{segment[..254]}/x";
        key.Should().HaveLength(StoragePath.LongestKey);

        await Storage.PutAsync(key, "content");

        (await Storage.GetTextAsync(key)).Should().Be("content");
        (await Storage.KeysAsync()).Should().Equal(key);
    }

    [Fact]
    public async Task A_key_of_nothing_is_refused_by_every_verb()
    {
        Pipe pipe = new();
        await Storage.PutAsync("a", "content");

        await Storage.Invoking(s => s.WriteAsync(default, pipe.Reader, WriteOptions.Replace)).Should().ThrowAsync<ArgumentException>();
        await Storage.Invoking(s => s.ReadAsync(default, pipe.Writer, ReadOptions.Whole)).Should().ThrowAsync<ArgumentException>();
        await Storage.Invoking(s => s.FindAsync(default)).Should().ThrowAsync<ArgumentException>();
        await Storage.Invoking(s => s.DeleteAsync(default)).Should().ThrowAsync<ArgumentException>();

        (await Storage.KeysAsync()).Should().Equal("a");
    }

    [Fact]
    public async Task Content_that_fails_publishes_nothing_and_its_failure_surfaces()
    {
        Pipe pipe = new();
        IOException failure = new("The source is gone.");
        Task<StorageEntry> writing = Storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew);
        await pipe.Writer.WriteAsync(Bytes(10_000));
        await pipe.Writer.CompleteAsync(failure);

        (await writing.Awaiting(w => w).Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(failure);

        (await Storage.FindAsync(Key("a/b"))).Should().BeNull();
        (await Storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Content_that_fails_leaves_the_object_it_was_to_replace()
    {
        StorageEntry old = await Storage.PutAsync("a", "old");
        Pipe pipe = new();
        await pipe.Writer.WriteAsync(Bytes(100));
        await pipe.Writer.CompleteAsync(new InvalidOperationException("no more"));

        await Storage.Invoking(s => s.WriteAsync(Key("a"), pipe.Reader, WriteOptions.Replace))
            .Should().ThrowAsync<InvalidOperationException>().WithMessage("no more");

        (await Storage.FindAsync(Key("a"))).Should().Be(old);
        (await Storage.GetTextAsync("a")).Should().Be("old");
    }

    [Fact]
    public async Task An_object_is_invisible_until_its_content_has_ended()
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task<StorageEntry> writing = Storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew);

        // The pipe holds one byte: each of these returns when the storage has taken the one before.
        await pipe.Writer.WriteAsync(Bytes(10));
        await pipe.Writer.WriteAsync(Bytes(10));

        (await Storage.FindAsync(Key("a/b"))).Should().BeNull();
        (await Storage.KeysAsync()).Should().BeEmpty();
        await FailsAsync(() => Storage.GetAsync("a/b"), StorageErrorKind.NotFound);

        await pipe.Writer.CompleteAsync();
        (await writing).Length.Should().Be(20);
        (await Storage.KeysAsync()).Should().Equal("a/b");
    }

    [Fact]
    public async Task Creating_an_object_that_exists_fails_and_leaves_it_as_it_was()
    {
        StorageEntry first = await Storage.PutAsync("a/b", "first");

        StorageException failure = await FailsAsync(() => Storage.PutAsync("a/b", Bytes(5_000_000)), StorageErrorKind.AlreadyExists);

        failure.Key.Should().Be("a/b");
        failure.IsTransient.Should().BeFalse();
        (await Storage.FindAsync(Key("a/b"))).Should().Be(first);
        (await Storage.GetTextAsync("a/b")).Should().Be("first");
        (await Storage.KeysAsync()).Should().Equal("a/b");
    }

    [Fact]
    public async Task An_object_that_appears_while_another_is_created_wins()
    {
        Pipe pipe = new();
        Task<StorageEntry> writing = Storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew);
        await pipe.Writer.WriteAsync(Bytes(10));
        await Storage.PutAsync("a/b", "winner");
        await pipe.Writer.CompleteAsync();

        await FailsAsync(() => writing, StorageErrorKind.AlreadyExists);
        (await Storage.GetTextAsync("a/b")).Should().Be("winner");
    }

    [Fact]
    public async Task Of_sixteen_writers_that_create_one_object_one_wins()
    {
        for (int round = 0; round < 10; round++)
        {
            string key = $"race/{round}/claim";
            using Barrier start = new(16);
            Task<bool>[] writers = [.. Enumerable.Range(0, 16).Select(number => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    try
                    {
                        Storage.PutAsync(key, $"writer {number}").GetAwaiter().GetResult();
                        return true;
                    }
                    catch (StorageException failure) when (failure.Kind == StorageErrorKind.AlreadyExists)
                    {
                        return false;
                    }
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];

            bool[] won = await Task.WhenAll(writers);

            won.Count(w => w).Should().Be(1);
            (await Storage.GetTextAsync(key)).Should().Be($"writer {Array.IndexOf(won, true)}");
        }
    }

    [Fact]
    public async Task Replacing_makes_an_object_where_there_is_none()
    {
        await Storage.PutAsync("a", "new", WriteOptions.Replace);

        (await Storage.GetTextAsync("a")).Should().Be("new");
    }

    [Fact]
    public async Task Each_replacement_has_a_version_of_its_own()
    {
        HashSet<string?> versions = [];
        for (int i = 0; i < 50; i++)
        {
            StorageEntry written = await Storage.PutAsync("a", $"{i % 10}", WriteOptions.Replace);
            versions.Add(written.Version);
            (await Storage.FindAsync(Key("a"))).Should().Be(written);
        }

        versions.Should().HaveCount(50).And.NotContainNulls();
    }

    [Fact]
    public async Task Readers_of_an_object_that_is_replaced_over_and_over_see_one_of_its_contents_whole()
    {
        byte[] Content(int number) => [.. Enumerable.Repeat((byte)number, 200_000 + number)];
        await Storage.PutAsync("a/b", Content(0));
        Task writing = Task.Run(async () =>
        {
            for (int number = 1; number <= 30; number++)
            {
                await Storage.PutAsync("a/b", Content(number), WriteOptions.Replace);
            }
        });

        do
        {
            byte[] seen = await Storage.GetAsync("a/b");
            seen.Length.Should().Be(200_000 + seen[0]);
            seen.AsSpan().IndexOfAnyExcept(seen[0]).Should().Be(-1);
        }
        while (!writing.IsCompleted);

        await writing;
        (await Storage.GetAsync("a/b"))[0].Should().Be(30);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(3L)]
    [InlineData(long.MaxValue)]
    public async Task A_length_hint_that_is_wrong_neither_cuts_nor_fails_a_write(long hint)
    {
        byte[] content = Bytes(100_000);

        await Storage.PutAsync("a", content, new WriteOptions { LengthHint = hint });

        (await Storage.GetAsync("a")).Should().Equal(content);
    }

    [Fact]
    public async Task Many_writers_of_neighbouring_objects_do_not_disturb_each_other()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), async (number, cancellationToken) =>
        {
            string key = $"deep/{number % 5}/{number}/object";
            await Storage.PutAsync(key, $"content {number}");
            (await Storage.GetTextAsync(key)).Should().Be($"content {number}");
            await Storage.DeleteAsync(Key(key), cancellationToken);
        });

        (await Storage.KeysAsync()).Should().BeEmpty();
    }
}
