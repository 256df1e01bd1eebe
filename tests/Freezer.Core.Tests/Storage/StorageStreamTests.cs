using System.IO.Pipelines;
using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public sealed class StorageStreamTests : IAsyncDisposable
{
    private readonly MemoryStorage _storage = new();

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task A_stream_is_written_to_its_end_and_left_open()
    {
        byte[] content = Bytes(300_000);
        using MemoryStream stream = new(content);

        (await _storage.WriteAsync(Key("a"), stream, WriteOptions.CreateNew)).Length.Should().Be(content.Length);

        stream.CanRead.Should().BeTrue();
        (await _storage.GetAsync("a")).Should().Equal(content);
    }

    [Fact]
    public async Task A_stream_that_fails_publishes_nothing_and_its_failure_surfaces()
    {
        using FailingStream stream = new();

        await _storage.Invoking(s => s.WriteAsync(Key("a"), stream, WriteOptions.CreateNew)).Should().ThrowAsync<IOException>().WithMessage("broken");

        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_range_is_read_into_a_stream_that_is_left_open()
    {
        byte[] content = Bytes(300_000);
        await _storage.PutAsync("a", content);
        using MemoryStream stream = new();

        (await _storage.ReadAsync(Key("a"), stream, ReadOptions.Range(100, 200_000))).Length.Should().Be(content.Length);

        stream.CanWrite.Should().BeTrue();
        stream.ToArray().Should().Equal(content.AsSpan(100, 200_000).ToArray());
    }

    [Fact]
    public async Task A_read_that_fails_half_way_does_not_look_like_a_whole_one()
    {
        await using BreakingStorage storage = new();
        using MemoryStream stream = new();

        await storage.Invoking(s => s.ReadAsync(Key("a"), stream, ReadOptions.Whole)).Should().ThrowAsync<StorageException>();
        await storage.Invoking(async s =>
        {
            await using Stream opened = await s.OpenReadAsync(Key("a"), ReadOptions.Whole);
            await opened.CopyToAsync(stream);
        }).Should().ThrowAsync<StorageException>();
    }

    [Fact]
    public async Task An_opened_object_can_be_read_in_any_way_that_a_stream_can()
    {
        byte[] content = Bytes(10_000_000);
        await _storage.PutAsync("a", content);
        await using Stream stream = await _storage.OpenReadAsync(Key("a"), ReadOptions.Whole);
        byte[] read = new byte[content.Length];

        stream.ReadExactly(read, 0, 10);
        stream.ReadExactly(read.AsSpan(10, 1_000_000));
        await stream.ReadExactlyAsync(read.AsMemory(1_000_010));

        read.AsSpan().SequenceEqual(content).Should().BeTrue();
        stream.ReadByte().Should().Be(-1);
        stream.CanSeek.Should().BeFalse();
        stream.CanWrite.Should().BeFalse();
    }

    [Fact]
    public async Task Opening_what_is_missing_fails_at_once() =>
        (await _storage.Invoking(s => s.OpenReadAsync(Key("a"), ReadOptions.Whole)).Should().ThrowAsync<StorageException>())
            .Which.Kind.Should().Be(StorageErrorKind.NotFound);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_is_disposed_early_ends_the_read(bool synchronously)
    {
        await _storage.PutAsync("a", Bytes(10_000_000));
        Stream stream = await _storage.OpenReadAsync(Key("a"), ReadOptions.Whole);

        if (synchronously)
        {
            stream.Dispose();
        }
        else
        {
            await stream.DisposeAsync();
        }

        stream.CanRead.Should().BeFalse();
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task An_empty_object_is_an_empty_stream()
    {
        await _storage.PutAsync("a", "");
        await using Stream stream = await _storage.OpenReadAsync(Key("a"), ReadOptions.Whole);

        stream.ReadByte().Should().Be(-1);
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("broken");
    }

    /// <summary>Delivers a little and then fails.</summary>
    private sealed class BreakingStorage() : DelegatingStorage(new MemoryStorage())
    {
        public override async Task<StorageEntry> ReadAsync(
            StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
        {
            await destination.WriteAsync(Bytes(10), cancellationToken);
            throw new StorageException(StorageErrorKind.Corrupt, key.Value, "damaged");
        }
    }
}
