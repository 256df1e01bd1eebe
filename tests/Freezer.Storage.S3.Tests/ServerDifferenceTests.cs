using System.Net;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>What is found out of a server, what is done without what it lacks, and what its refusals mean.</summary>
public sealed class ServerDifferenceTests
{
    [Theory]
    [InlineData((int)FakeCondition.Honoured, 5 << 20)]
    [InlineData((int)FakeCondition.Ignored, 0)]
    [InlineData((int)FakeCondition.Refused, 0)]
    [InlineData((int)FakeCondition.Misunderstood, 0)]
    public async Task Whether_creation_is_atomic_is_found_out_when_the_storage_is_opened(int condition, long limit)
    {
        using var server = new FakeServer(new FakeTraits { ConditionalPut = (FakeCondition)condition });
        await using S3Storage storage = await server.OpenAsync();
        storage.Capabilities.AtomicCreateLimit.Should().Be(limit);
        (await storage.KeysAsync()).Should().BeEmpty();

        // The probe stays, so that the next one takes a single request.
        int before = server.Requests.Count;
        await using S3Storage again = await server.OpenAsync();
        again.Capabilities.Should().Be(storage.Capabilities);
        server.Requests.Skip(before).Count(static request => request.Method == "PUT").Should().Be((FakeCondition)condition == FakeCondition.Ignored ? 2 : 1);
    }

    [Theory]
    [InlineData(S3ConditionalCreate.Supported, 5 << 20)]
    [InlineData(S3ConditionalCreate.Unsupported, 0)]
    public async Task Nothing_is_probed_where_the_options_tell(S3ConditionalCreate told, long limit)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { ConditionalCreate = told });

        storage.Capabilities.AtomicCreateLimit.Should().Be(limit);
        server.Requests.Should().OnlyContain(static request => request.Method == "GET");
    }

    [Fact]
    public async Task Who_may_only_read_opens_and_reads()
    {
        using var server = new FakeServer();
        await using (S3Storage writer = await server.OpenAsync())
        {
            await writer.PutAsync("a", [1, 2, 3]);
        }

        server.Before = static (request, _) => Task.FromResult(request.Method == "PUT" ? FakeServer.Error(HttpStatusCode.Forbidden, "AccessDenied", "Access Denied") : null);
        await using S3Storage reader = await server.OpenAsync();
        (await reader.GetAsync("a")).Should().Equal(1, 2, 3);
        Func<Task> write = () => reader.PutAsync("b", [1]);

        StorageException failure = (await write.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.AccessDenied);
        failure.Message.Should().Contain("write");
    }

    [Theory]
    [InlineData((int)FakeCondition.Refused)]
    [InlineData((int)FakeCondition.Misunderstood)]
    public async Task A_larger_object_is_created_also_where_the_condition_is_refused(int condition)
    {
        using var server = new FakeServer(new FakeTraits { ConditionalPut = (FakeCondition)condition, ConditionalComplete = (FakeCondition)condition });
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("a", StorageCalls.Bytes(11 << 20));
        Func<Task> again = () => storage.PutAsync("a", StorageCalls.Bytes(11 << 20, seed: 2));

        (await again.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AlreadyExists);
        server["a"].Content.AsSpan().SequenceEqual(StorageCalls.Bytes(11 << 20)).Should().BeTrue();
    }

    [Fact]
    public async Task A_bucket_that_retains_whatever_is_new_gets_the_digest_that_it_asks_for()
    {
        using var server = new FakeServer(new FakeTraits { RetainsAll = true });
        await using S3Storage storage = await server.OpenAsync();
        storage.Capabilities.AtomicCreateLimit.Should().Be(5 << 20);
        await storage.PutAsync("large", StorageCalls.Bytes(16 << 20));
        await storage.PutAsync("small", [1]);

        server["large"].Content.AsSpan().SequenceEqual(StorageCalls.Bytes(16 << 20)).Should().BeTrue();
        server["small"].Content.Should().Equal(1);
    }

    [Fact]
    public async Task Without_conditions_a_writer_that_was_overtaken_is_told()
    {
        using var server = new FakeServer(new FakeTraits { ConditionalPut = FakeCondition.Refused });
        await using S3Storage storage = await server.OpenAsync();
        bool isOvertaken = false;
        server.After = (request, response) =>
        {
            if (request is { Method: "PUT", Name: "a" } && !isOvertaken)
            {
                // Another writer had looked before, and writes now.
                isOvertaken = true;
                storage.PutAsync("a", [2], WriteOptions.Replace).GetAwaiter().GetResult();
            }

            return response;
        };
        Func<Task> write = () => storage.PutAsync("a", [1]);

        (await write.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AlreadyExists);
        server["a"].Content.Should().Equal(2);
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 2_500)]
    public async Task Many_objects_are_deleted_in_batches_or_one_by_one(bool deletesMany, int number)
    {
        using var server = new FakeServer(new FakeTraits { DeletesMany = deletesMany });
        await using S3Storage storage = await server.OpenAsync();
        StorageKey[] keys = [.. Enumerable.Range(0, number).Select(static i => StorageKey.Parse($"d/{i}"))];
        await storage.PutAsync("d/1", [1]);
        await storage.PutAsync("kept", [1]);
        await storage.DeleteAsync(keys);

        (await storage.KeysAsync()).Should().Equal("kept");
        server.Requests.Count(static request => request.Has("delete")).Should().Be(1);
        server.Requests.Count(static request => request.Method == "DELETE").Should().Be(deletesMany ? 0 : number);
    }

    [Fact]
    public async Task What_a_batch_leaves_out_is_deleted_alone()
    {
        using var server = new FakeServer(new FakeTraits { Undeletable = "a" });
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("a", [1]);
        await storage.PutAsync("b", [1]);
        await storage.DeleteAsync([StorageKey.Parse("a"), StorageKey.Parse("b")]);

        (await storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Objects_lie_below_the_prefix_and_others_are_not_seen()
    {
        using var server = new FakeServer();
        await using S3Storage outer = await server.OpenAsync();
        await using S3Storage inner = await server.OpenAsync(server.Options with { Prefix = "team/backups" });
        await outer.PutAsync("other", [1]);
        await outer.PutAsync("team/backupsextra", [1]);
        await inner.PutAsync("a", [1]);

        server.Names.Should().Contain("team/backups/a");
        (await inner.KeysAsync()).Should().Equal("a");
    }

    [Fact]
    public async Task Reserved_names_are_refused_and_never_listed()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        Func<Task> write = () => storage.PutAsync(".freezer-s3/probe", [1]);

        (await write.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.Unsupported);
        (await storage.KeysAsync(".freezer-s3")).Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("<NextContinuationToken>b</NextContinuationToken><NextKeyMarker>b</NextKeyMarker>")]
    public async Task A_listing_that_goes_on_without_end_is_an_error(string next)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        server.Before = (request, _) => Task.FromResult(request.Method != "GET" ? null : new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent($"<Result xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated>{next}</Result>"),
        });

        foreach (Func<Task> call in (Func<Task>[])[() => storage.KeysAsync(), () => storage.SweepAsync(TimeSpan.Zero)])
        {
            (await call.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("not where it begins");
        }
    }

    [Fact]
    public async Task A_sweep_aborts_uploads_that_nobody_goes_on_with()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { Prefix = "p" });
        server.Before = (request, _) => Task.FromResult(
            request.Method is "DELETE" || (request.Method == "POST" && request.Has("uploadId")) ? FakeServer.Error(HttpStatusCode.Forbidden, "AccessDenied") : null);
        Func<Task> die = () => storage.PutAsync("a", StorageCalls.Bytes(11 << 20));
        await die.Should().ThrowAsync<StorageException>();
        server.Before = null;
        server.OpenUploads.Should().Be(1);

        server.Now += TimeSpan.FromHours(23);
        (await storage.SweepAsync(TimeSpan.FromDays(1))).Should().Be(0);
        server.Now += TimeSpan.FromHours(2);
        (await storage.SweepAsync(TimeSpan.FromDays(1))).Should().Be(1);
        server.OpenUploads.Should().Be(0);
    }

    [Theory]
    [InlineData(404, "NoSuchBucket", StorageErrorKind.Unavailable, "no bucket 'bucket'")]
    [InlineData(403, "InvalidAccessKeyId", StorageErrorKind.AccessDenied, "credentials")]
    [InlineData(403, "SignatureDoesNotMatch", StorageErrorKind.AccessDenied, "secret key")]
    [InlineData(403, "AccessDenied", StorageErrorKind.AccessDenied, "credentials")]
    [InlineData(403, "RequestTimeTooSkewed", StorageErrorKind.AccessDenied, "clocks")]
    [InlineData(400, "AuthorizationHeaderMalformed", StorageErrorKind.Unavailable, "region")]
    [InlineData(400, "ExpiredToken", StorageErrorKind.AccessDenied, "session")]
    [InlineData(403, "QuotaExceeded", StorageErrorKind.NoSpace, "full")]
    [InlineData(507, "InsufficientStorage", StorageErrorKind.NoSpace, "full")]
    [InlineData(503, "SlowDown", StorageErrorKind.Unavailable, "cannot do it now")]
    [InlineData(500, "InternalError", StorageErrorKind.Unavailable, "cannot do it now")]
    [InlineData(418, "Teapot", StorageErrorKind.Unknown, "refused")]
    public async Task A_refusal_says_what_to_do(int status, string code, StorageErrorKind kind, string says)
    {
        using var server = new FakeServer();
        server.Before = (_, _) => Task.FromResult<HttpResponseMessage?>(FakeServer.Error((HttpStatusCode)status, code, "Some words"));
        Func<Task> open = () => server.OpenAsync(server.Options with { RetryFor = TimeSpan.Zero });

        StorageException failure = (await open.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(kind);
        failure.Message.Should().Contain(says);
        failure.IsTransient.Should().Be(status is 503 or 500);
        failure.InnerException.Should().NotBeNull();
    }
}
