using System.IO.Pipelines;
using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public abstract partial class StorageContractTests
{
    [Theory]
    [InlineData(0, 0L)]
    [InlineData(0, 1L)]
    [InlineData(1_000, 2_000_000L)]
    [InlineData(2_999_999, 1L)]
    [InlineData(3_000_000, 0L)]
    [InlineData(0, null)]
    [InlineData(1_234_567, null)]
    [InlineData(3_000_000, null)]
    public async Task A_range_holds_exactly_its_bytes(int offset, long? length)
    {
        byte[] content = Bytes(3_000_000);
        StorageEntry written = await Storage.PutAsync("a", content);

        byte[] range = await Storage.GetAsync("a", new ReadOptions { Offset = offset, Length = length, Version = written.Version });

        range.AsSpan().SequenceEqual(content.AsSpan(offset, (int)(length ?? content.Length - offset))).Should().BeTrue();
    }

    [Theory]
    [InlineData(0L, 1_001L)]
    [InlineData(1_000L, 1L)]
    [InlineData(1_001L, 0L)]
    [InlineData(1_001L, null)]
    [InlineData(1L, long.MaxValue)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(long.MaxValue, null)]
    public async Task A_range_outside_the_object_fails_and_delivers_nothing(long offset, long? length)
    {
        await Storage.PutAsync("a", Bytes(1_000));
        Pipe pipe = new();

        StorageException failure = await FailsAsync(
            () => Storage.ReadAsync(Key("a"), pipe.Writer, new ReadOptions { Offset = offset, Length = length }), StorageErrorKind.OutOfRange);

        failure.Key.Should().Be("a");
        await pipe.Writer.CompleteAsync();
        (await ConsumeAsync(pipe.Reader)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_read_tells_of_the_whole_object()
    {
        StorageEntry written = await Storage.PutAsync("a", Bytes(1_000));
        Pipe pipe = new();

        (await Storage.ReadAsync(Key("a"), pipe.Writer, ReadOptions.Range(10, 20))).Should().Be(written);
    }

    [Fact]
    public async Task Reading_a_version_that_is_gone_fails()
    {
        StorageEntry first = await Storage.PutAsync("a", "first");
        StorageEntry second = await Storage.PutAsync("a", "again", WriteOptions.Replace);

        await FailsAsync(() => Storage.GetAsync("a", new ReadOptions { Version = first.Version }), StorageErrorKind.VersionMismatch);

        (await Storage.GetAsync("a", new ReadOptions { Version = second.Version })).Should().Equal("again"u8.ToArray());
    }

    [Fact]
    public async Task Reading_or_finding_what_is_missing_says_so()
    {
        await Storage.PutAsync("a/b/c", "content");

        foreach (string key in new[] { "x", "a", "a/b", "a/x", "x/y/z", "a/b/c/d" })
        {
            (await Storage.FindAsync(Key(key))).Should().BeNull();
            (await FailsAsync(() => Storage.GetAsync(key), StorageErrorKind.NotFound)).Key.Should().Be(key);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_in_flight_goes_on_with_what_it_began_with(bool deleted)
    {
        byte[] content = Bytes(12 << 20);
        await Storage.PutAsync("a/b", content);
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task<StorageEntry> reading = Storage.ReadAsync(Key("a/b"), pipe.Writer, ReadOptions.Whole);
        ReadResult first = await pipe.Reader.ReadAsync();
        first.Buffer.Length.Should().BeLessThan(content.Length);
        pipe.Reader.AdvanceTo(first.Buffer.Start);

        if (deleted)
        {
            await Storage.DeleteAsync(Key("a/b"));
        }
        else
        {
            await Storage.PutAsync("a/b", "new", WriteOptions.Replace);
        }

        Task<byte[]> consuming = ConsumeAsync(pipe.Reader);
        (await reading).Length.Should().Be(content.Length);
        await pipe.Writer.CompleteAsync();
        (await consuming).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task The_last_modification_is_told_alike_by_every_verb_and_does_not_run_backwards()
    {
        StorageEntry first = await Storage.PutAsync("a", "1");
        StorageEntry second = await Storage.PutAsync("b", "2");

        second.LastModified.Should().BeOnOrAfter(first.LastModified.AddMilliseconds(-1));
        List<StorageEntry> listed = [];
        await foreach (StorageEntry entry in Storage.ListAsync(StoragePrefix.Root))
        {
            listed.Add(entry);
        }

        listed.Should().Equal(first, second);
    }
}
