using System.Globalization;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>How objects are read: in ranges side by side, and on from the next byte where a connection breaks.</summary>
public sealed class ReadTests
{
    private const int PartSize = 5 << 20;

    [Fact]
    public async Task A_small_object_is_read_with_one_request()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("a", StorageCalls.Bytes(1_000));
        int before = server.Requests.Count;
        await storage.GetAsync("a");

        server.Requests.Skip(before).Should().ContainSingle();
    }

    [Fact]
    public async Task A_large_object_is_read_in_ranges_of_one_version()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        byte[] content = StorageCalls.Bytes((4 * PartSize) + 1);
        await storage.PutAsync("a", content);
        int before = server.Requests.Count;
        (await storage.GetAsync("a")).AsSpan().SequenceEqual(content).Should().BeTrue();

        FakeRequest[] ranges = [.. server.Requests.Skip(before)];
        ranges.Select(static request => request.Header("Range")).Should().OnlyHaveUniqueItems().And.HaveCount(5);
        ranges.Skip(1).Should().OnlyContain(request => request.Header("If-Match") == server["a"].ETag);
    }

    [Fact]
    public async Task A_larger_object_is_read_as_one_range_where_that_is_as_fast()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime(), Parallelism = 2 });

        (await RangesAsync(server, storage, 9 * PartSize)).Should().Equal((0, 1), (1, 2), (2, 4), (4, 9));
    }

    [Fact]
    public async Task A_larger_object_is_read_side_by_side_where_one_range_takes_longer()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime(), Parallelism = 2 });
        int broken = 0;
        server.After = (request, response) =>
        {
            // The wait before the next attempt is what takes time.
            if (request.Method == "GET" && response.Content.Headers.ContentLength > PartSize && broken++ == 0)
            {
                response.Content = BreakingContent.Of(response.Content, PartSize);
            }

            return response;
        };

        (await RangesAsync(server, storage, 9 * PartSize)).Should().Equal((0, 1), (1, 2), (2, 4), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9));
    }

    [Fact]
    public async Task A_large_object_is_read_also_where_no_memory_is_left_to_read_ahead()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { MemoryBudget = PartSize, Parallelism = 1 });
        byte[] content = StorageCalls.Bytes((3 * PartSize) + 1);
        await storage.PutAsync("a", content);

        (await storage.GetAsync("a")).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task A_read_that_breaks_goes_on_from_the_next_byte(int after)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        byte[] content = StorageCalls.Bytes((2 * PartSize) + 77);
        await storage.PutAsync("a", content);
        int broken = 0;
        server.After = (request, response) =>
        {
            if (request.Method == "GET" && broken++ < 4)
            {
                response.Content = BreakingContent.Of(response.Content!, after);
            }

            return response;
        };
        (await storage.GetAsync("a")).AsSpan().SequenceEqual(content).Should().BeTrue();

        broken.Should().BeGreaterThan(4);
    }

    [Fact]
    public async Task An_object_that_is_replaced_while_it_is_read_is_noticed()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        await storage.PutAsync("a", StorageCalls.Bytes(100_000));
        bool isReplaced = false;
        server.After = (request, response) =>
        {
            if (request.Method == "GET" && !isReplaced)
            {
                isReplaced = true;
                response.Content = BreakingContent.Of(response.Content!, 50_000);
            }

            return response;
        };
        server.Before = async (request, token) =>
        {
            if (isReplaced && request.Method == "GET")
            {
                server.Before = null;
                await storage.PutAsync("a", StorageCalls.Bytes(100_000, seed: 2), WriteOptions.Replace, token);
            }

            return null;
        };
        Func<Task> read = () => storage.GetAsync("a");

        (await read.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.VersionMismatch);
    }

    [Fact]
    public async Task A_read_ends_when_the_time_for_attempts_is_up()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime(), RetryFor = TimeSpan.FromSeconds(30) });
        await storage.PutAsync("a", StorageCalls.Bytes(100_000));
        server.After = static (request, response) =>
        {
            response.Content = request.Method == "GET" ? BreakingContent.Of(response.Content!, 0) : response.Content;
            return response;
        };
        Func<Task> read = () => storage.GetAsync("a");

        (await read.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.Unavailable);
    }

    [Fact]
    public async Task A_server_that_falls_silent_in_the_middle_is_an_error()
    {
        using var server = new FakeServer();
        var time = new EagerTime();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = time, RetryFor = TimeSpan.Zero });
        await storage.PutAsync("a", StorageCalls.Bytes(100_000));
        server.After = (request, response) =>
        {
            response.Content = request.Method == "GET" ? BreakingContent.Of(response.Content!, 50_000, () => ThreadPool.QueueUserWorkItem(_ => time.PassDeadlines())) : response.Content;
            return response;
        };
        Func<Task> read = () => storage.GetAsync("a");

        (await read.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("silent for 30 seconds");
    }

    [Fact]
    public async Task A_range_that_ends_beyond_the_object_fails()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("a", StorageCalls.Bytes(1_000));
        Func<Task> read = () => storage.GetAsync("a", ReadOptions.Range(500, 501));

        (await read.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.OutOfRange);
    }

    /// <summary>Writes and reads an object.</summary>
    /// <returns>The ranges that were read, in parts.</returns>
    private static async Task<(long Start, long End)[]> RangesAsync(FakeServer server, S3Storage storage, int length)
    {
        byte[] content = StorageCalls.Bytes(length);
        await storage.PutAsync("a", content);
        int before = server.Requests.Count;
        (await storage.GetAsync("a")).AsSpan().SequenceEqual(content).Should().BeTrue();

        return [.. server.Requests.Skip(before)
            .Select(static request => request.Header("Range")!["bytes=".Length..].Split('-'))
            .Select(static ends => (long.Parse(ends[0], CultureInfo.InvariantCulture) / PartSize, (long.Parse(ends[1], CultureInfo.InvariantCulture) + 1) / PartSize))
            .Order()];
    }
}
