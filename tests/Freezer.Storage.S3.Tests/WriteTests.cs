using System.IO.Pipelines;
using System.Net;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>How objects are written: in one request or in parts, what is repeated, and what is left when it fails.</summary>
public sealed class WriteTests
{
    private const int PartSize = 5 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(PartSize)]
    public async Task Small_content_takes_one_request(int length)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        int before = server.Requests.Count;
        await storage.PutAsync("a", StorageCalls.Bytes(length));

        server.Requests.Skip(before).Select(static request => request.Method).Should().Equal("PUT", "HEAD");
        server["a"].Content.Should().Equal(StorageCalls.Bytes(length));
    }

    [Theory]
    [InlineData(PartSize + 1, 2)]
    [InlineData(3 * PartSize, 3)]
    [InlineData((3 * PartSize) + 1, 4)]
    public async Task Larger_content_goes_in_parts_that_the_server_verifies(int length, int parts)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        StorageEntry entry = await storage.PutAsync("a", StorageCalls.Bytes(length));

        entry.Length.Should().Be(length);
        FakeRequest[] sent = [.. server.Requests.Where(static request => request.IsPart)];
        sent.Should().HaveCount(parts).And.OnlyContain(static part => part.Header("x-amz-content-sha256")!.Length == 64);
        server["a"].Content.AsSpan().SequenceEqual(StorageCalls.Bytes(length)).Should().BeTrue();
        server.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task As_many_parts_as_allowed_are_under_way_at_the_same_time()
    {
        using var server = new FakeServer();
        using var gathered = new CountdownEvent(3);
        var go = new TaskCompletionSource();
        server.Before = async (request, _) =>
        {
            if (request.IsPart)
            {
                if (gathered.Signal())
                {
                    go.SetResult();
                }

                await go.Task;
            }

            return null;
        };
        await using S3Storage storage = await server.OpenAsync(server.Options with { Parallelism = 3 });

        // It ends only if three parts meet.
        await storage.PutAsync("a", StorageCalls.Bytes(3 * PartSize));
        server["a"].Content.Should().HaveCount(3 * PartSize);
    }

    [Fact]
    public async Task A_part_that_fails_is_sent_again_alone()
    {
        using var server = new FakeServer();
        int failures = 0;
        server.Before = (request, _) => Task.FromResult(
            request.IsPart && request.Query("partNumber") == "2" && failures++ < 3 ? FakeServer.Error(HttpStatusCode.ServiceUnavailable, "SlowDown") : null);
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        await storage.PutAsync("a", StorageCalls.Bytes(3 * PartSize));

        server["a"].Content.AsSpan().SequenceEqual(StorageCalls.Bytes(3 * PartSize)).Should().BeTrue();
        server.Requests.Where(static request => request.IsPart).CountBy(static request => request.Query("partNumber")!).ToDictionary()
            .Should().BeEquivalentTo(new Dictionary<string, int> { ["1"] = 1, ["2"] = 4, ["3"] = 1 });
    }

    [Fact]
    public async Task A_part_that_is_damaged_on_its_way_is_refused_and_sent_again()
    {
        using var server = new FakeServer();
        bool isDamaged = false;
        server.Before = (request, _) =>
        {
            if (request.IsPart && !isDamaged)
            {
                isDamaged = true;
                request.Body[1_000] ^= 1;
            }

            return Task.FromResult<HttpResponseMessage?>(null);
        };
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        await storage.PutAsync("a", StorageCalls.Bytes(2 * PartSize));

        isDamaged.Should().BeTrue();
        server["a"].Content.AsSpan().SequenceEqual(StorageCalls.Bytes(2 * PartSize)).Should().BeTrue();
    }

    [Fact]
    public async Task A_part_that_fails_for_good_ends_the_write_and_the_upload()
    {
        using var server = new FakeServer();
        server.Before = (request, _) => Task.FromResult(
            request.IsPart && request.Query("partNumber") == "2" ? FakeServer.Error(HttpStatusCode.Forbidden, "AccessDenied") : null);
        await using S3Storage storage = await server.OpenAsync();
        Func<Task> write = () => storage.PutAsync("a", StorageCalls.Bytes(8 * PartSize));

        (await write.Should().ThrowAsync<StorageException>()).Which.Should().Match<StorageException>(static failure => failure.Kind == StorageErrorKind.AccessDenied && failure.Key == "a");
        server.OpenUploads.Should().Be(0);
        server.Names.Should().NotContain("a");
    }

    [Fact]
    public async Task Attempts_end_when_their_time_is_up()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime(), RetryFor = TimeSpan.FromSeconds(30) });
        server.Before = static (_, _) => throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused");
        int before = server.Requests.Count;
        Func<Task> write = () => storage.PutAsync("a", [1]);

        (await write.Should().ThrowAsync<StorageException>()).Which.Should().Match<StorageException>(static failure => failure.Kind == StorageErrorKind.Unavailable && failure.IsTransient);
        (server.Requests.Count - before).Should().BeInRange(4, 30);
    }

    [Fact]
    public async Task A_server_that_hangs_is_an_error()
    {
        using var server = new FakeServer();
        var time = new EagerTime();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = time, RetryFor = TimeSpan.Zero });
        server.Before = async (_, token) =>
        {
            ThreadPool.QueueUserWorkItem(_ => time.PassDeadlines());
            await Task.Delay(Timeout.Infinite, token);
            return null;
        };
        Func<Task> write = () => storage.PutAsync("a", [1]);

        StorageException failure = (await write.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.Unavailable);
        failure.Message.Should().Contain("silent for 30 seconds");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(2 * PartSize)]
    public async Task A_creation_whose_answer_was_lost_is_known_again(int length)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        bool isLost = false;
        server.After = (request, response) =>
        {
            bool makesTheObject = request is { Method: "PUT", IsPart: false } || (request.Method == "POST" && request.Has("uploadId"));
            if (makesTheObject && !isLost)
            {
                isLost = true;
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            }

            return response;
        };
        StorageEntry entry = await storage.PutAsync("a", StorageCalls.Bytes(length));

        isLost.Should().BeTrue();
        entry.Length.Should().Be(length);
        entry.Should().Be(await storage.FindAsync(StorageKey.Parse("a")));
    }

    [Fact]
    public async Task Content_that_is_cancelled_half_way_leaves_no_upload()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        using var cancellation = new CancellationTokenSource();
        server.Before = async (request, token) =>
        {
            if (request.IsPart)
            {
                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
            }

            return null;
        };
        Func<Task> write = () => storage.PutAsync("a", StorageCalls.Bytes(6 * PartSize), cancellationToken: cancellation.Token);

        await write.Should().ThrowAsync<OperationCanceledException>();
        server.OpenUploads.Should().Be(0);
        server.Names.Should().NotContain("a");
    }

    [Fact]
    public async Task A_larger_object_that_appears_meanwhile_is_not_replaced()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        var pipe = new Pipe();
        Task<StorageEntry> writing = storage.WriteAsync(StorageKey.Parse("a"), pipe.Reader, WriteOptions.CreateNew);
        await pipe.Writer.WriteAsync(StorageCalls.Bytes(2 * PartSize));
        await storage.PutAsync("a", [7]);
        await pipe.Writer.CompleteAsync();

        (await writing.Awaiting(static call => call).Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AlreadyExists);
        server["a"].Content.Should().Equal(7);
        server.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task An_object_longer_than_its_parts_allow_goes_on_in_groups_that_the_server_puts_together()
    {
        using var server = new FakeServer(new FakeTraits { MostParts = 10 });
        await using S3Storage storage = await server.OpenAsync(OfTenParts(server));
        byte[] content = StorageCalls.Bytes((11 * PartSize) + 12_345);
        await storage.PutAsync("a", content);

        server["a"].Content.AsSpan().SequenceEqual(content).Should().BeTrue();
        server.Requests.Count(static request => request.Header("x-amz-copy-source") is not null).Should().Be(2);
        server.Names.Should().Equal(".freezer-s3/probe", "a");
        server.OpenUploads.Should().Be(0);
        (await storage.GetAsync("a")).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Theory]
    [InlineData("x-amz-copy-source")]
    [InlineData("groups")]
    public async Task A_group_that_fails_leaves_nothing(string step)
    {
        using var server = new FakeServer(new FakeTraits { MostParts = 10 });
        server.Before = (request, _) => Task.FromResult(
            request.Header(step) is not null || (step == "groups" && request.IsPart && request.Name.StartsWith(".freezer-s3/parts/", StringComparison.Ordinal))
                ? FakeServer.Error(HttpStatusCode.Forbidden, "AccessDenied") : null);
        await using S3Storage storage = await server.OpenAsync(OfTenParts(server));
        Func<Task> write = () => storage.PutAsync("a", StorageCalls.Bytes(11 * PartSize));

        (await write.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AccessDenied);
        server.Names.Should().Equal(".freezer-s3/probe");
        server.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task An_object_that_is_too_large_fails_and_leaves_nothing()
    {
        using var server = new FakeServer(new FakeTraits { MostParts = 10 });
        await using S3Storage storage = await server.OpenAsync(OfTenParts(server));
        storage.Capabilities.LargestObject.Should().Be(12 * PartSize);
        Func<Task> write = () => storage.PutAsync("a", StorageCalls.Bytes((12 * PartSize) + 1));

        (await write.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.TooLarge);
        server.Names.Should().Equal(".freezer-s3/probe");
        server.OpenUploads.Should().Be(0);
    }

    [Fact]
    public void Parts_and_groups_reach_the_largest_object_of_a_server() =>
        S3Write.LargestObject(new S3StorageOptions { Bucket = "b", PartSize = S3StorageOptions.SmallestPart }).Should().Be(5L << 40);

    [Fact]
    public async Task Memory_stays_within_its_budget_while_parts_wait_for_the_server()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { MemoryBudget = 3 * PartSize, Parallelism = 8 });
        long most = 0;
        server.Before = (_, _) =>
        {
            most = Math.Max(most, storage.MemoryUsed);
            return Task.FromResult<HttpResponseMessage?>(null);
        };
        await storage.PutAsync("a", StorageCalls.Bytes(10 * PartSize));
        await storage.GetAsync("a");

        most.Should().BeInRange(PartSize, 3 * PartSize);
        storage.MemoryUsed.Should().Be(0);
    }

    [Fact]
    public async Task Storage_class_and_retention_are_told_with_the_object()
    {
        using var server = new FakeServer();
        var options = server.Options with { StorageClass = "STANDARD_IA", Retention = new S3Retention(S3RetentionMode.Compliance, TimeSpan.FromDays(30)), TimeProvider = new EagerTime() };
        await using S3Storage storage = await server.OpenAsync(options);
        await storage.PutAsync("small", [1]);
        await storage.PutAsync("large", StorageCalls.Bytes(2 * PartSize));

        foreach (string name in (string[])["small", "large"])
        {
            server[name].Headers.Should().Contain("x-amz-storage-class", "STANDARD_IA").And.Contain("x-amz-object-lock-mode", "COMPLIANCE");
            DateTimeOffset.Parse(server[name].Headers["x-amz-object-lock-retain-until-date"], System.Globalization.CultureInfo.InvariantCulture)
                .Should().BeCloseTo(new DateTimeOffset(2026, 3, 31, 12, 0, 0, TimeSpan.Zero), TimeSpan.FromMinutes(1));
        }

        server.Requests.Where(static request => request.Method == "PUT" && !request.Name.Contains("probe", StringComparison.Ordinal))
            .Should().OnlyContain(static request => request.Header("Content-MD5") != null);
    }

    /// <summary>Eight parts are sent directly, and each of two others is a group of two.</summary>
    private static S3StorageOptions OfTenParts(FakeServer server) => server.Options with { MostParts = 10, GroupSize = 2 * PartSize };
}
