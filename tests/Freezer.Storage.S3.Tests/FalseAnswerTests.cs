using System.Net;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>Answers that look like a success and are none, that come too late, or that come from something other than an object store.</summary>
public sealed class FalseAnswerTests
{
    private const int PartSize = 5 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task A_completion_that_fails_after_its_status_was_sent_is_a_failure(int times)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        int failures = 0;
        server.Before = (request, _) => Task.FromResult(
            IsCompletion(request) && failures++ < times ? FailedAfterStatus("InternalError") : null);
        Func<Task<StorageEntry>> write = () => storage.PutAsync("a", StorageCalls.Bytes(2 * PartSize));

        if (times == 1)
        {
            (await write()).Length.Should().Be(2 * PartSize);
            failures.Should().Be(2);
            server["a"].Content.Should().HaveCount(2 * PartSize);
        }
        else
        {
            StorageException failure = (await write.Should().ThrowAsync<StorageException>()).Which;
            failure.Kind.Should().Be(StorageErrorKind.Unavailable);
            server.Names.Should().NotContain("a");
            server.OpenUploads.Should().Be(0);
        }
    }

    [Fact]
    public async Task A_copy_of_a_group_that_fails_after_its_status_was_sent_is_repeated()
    {
        using var server = new FakeServer(new FakeTraits { MostParts = 10 });
        await using S3Storage storage = await server.OpenAsync(
            server.Options with { MostParts = 10, GroupSize = 2 * PartSize, TimeProvider = new EagerTime() });
        int failures = 0;
        server.Before = (request, _) => Task.FromResult(
            request.Header("x-amz-copy-source") is not null && failures++ == 0 ? FailedAfterStatus("InternalError") : null);
        byte[] content = StorageCalls.Bytes((11 * PartSize) + 12_345);
        await storage.PutAsync("a", content);

        failures.Should().BeGreaterThan(1);
        server["a"].Content.AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Theory]
    [InlineData(400, "InvalidPart")]
    [InlineData(404, "NoSuchUpload")]
    [InlineData(400, "InvalidRequest")]
    [InlineData(412, "PreconditionFailed")]
    public async Task A_completion_whose_answer_was_lost_is_known_again_whatever_the_server_says_to_the_next_one(int status, string code)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        LoseFirstCompletion(server, static _ => true, FakeServer.Error, (HttpStatusCode)status, code);
        StorageEntry entry = await storage.PutAsync("a", StorageCalls.Bytes(2 * PartSize));

        entry.Should().Be(await storage.FindAsync(StorageKey.Parse("a")));
        server["a"].Content.Should().HaveCount(2 * PartSize);
    }

    [Fact]
    public async Task A_group_whose_completion_was_lost_is_known_again()
    {
        using var server = new FakeServer(new FakeTraits { MostParts = 10 });
        await using S3Storage storage = await server.OpenAsync(
            server.Options with { MostParts = 10, GroupSize = 2 * PartSize, TimeProvider = new EagerTime() });
        LoseFirstCompletion(server, static request => request.Name.StartsWith(".freezer-s3/parts/", StringComparison.Ordinal), FakeServer.Error, HttpStatusCode.NotFound, "NoSuchUpload");
        byte[] content = StorageCalls.Bytes((11 * PartSize) + 12_345);
        await storage.PutAsync("a", content);

        server["a"].Content.AsSpan().SequenceEqual(content).Should().BeTrue();
        server.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task An_upload_that_somebody_else_aborted_is_an_error_that_says_so()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        server.Before = (request, _) => Task.FromResult(
            IsCompletion(request) ? FakeServer.Error(HttpStatusCode.NotFound, "NoSuchUpload") : null);
        Func<Task> write = () => storage.PutAsync("a", StorageCalls.Bytes(2 * PartSize));

        (await write.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("aborted from outside");
    }

    [Fact]
    public async Task A_larger_object_that_was_overtaken_while_it_was_completed_is_told_so()
    {
        using var server = new FakeServer(new FakeTraits { ConditionalComplete = FakeCondition.Ignored });
        await using S3Storage storage = await server.OpenAsync();
        bool isOvertaken = false;
        server.After = (request, response) =>
        {
            if (IsCompletion(request) && !isOvertaken)
            {
                isOvertaken = true;
                storage.PutAsync("a", [2], WriteOptions.Replace).GetAwaiter().GetResult();
            }

            return response;
        };
        Func<Task> write = () => storage.PutAsync("a", StorageCalls.Bytes(2 * PartSize));

        (await write.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AlreadyExists);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PartSize)]
    public async Task A_server_that_answers_with_another_range_never_gets_its_bytes_into_an_object(int offset)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("a", StorageCalls.Bytes((2 * PartSize) + 77));
        server.Before = (request, _) =>
        {
            if (request.Method == "GET")
            {
                request.Headers.Remove("Range");
            }

            return Task.FromResult<HttpResponseMessage?>(null);
        };
        Func<Task> read = () => storage.GetAsync("a", new ReadOptions { Offset = offset });

        StorageException failure = (await read.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.Unsupported);
        failure.Message.Should().Contain("ranges");
    }

    [Fact]
    public async Task An_answer_that_does_not_tell_its_length_is_no_empty_object()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        await storage.PutAsync("a", StorageCalls.Bytes(1_000));
        server.After = static (request, response) =>
        {
            if (request.Method == "GET")
            {
                response.StatusCode = HttpStatusCode.OK;
                response.Content!.Headers.Remove("Content-Range");
                response.Content.Headers.ContentLength = null;
                response.Content = new StreamContent(new Unmeasured(response.Content.ReadAsStream()));
            }

            return response;
        };
        Func<Task<byte[]>> read = () => storage.GetAsync("a");

        await read.Should().ThrowAsync<StorageException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task A_listing_whose_answer_breaks_off_is_asked_for_again(int after)
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = new EagerTime() });
        await storage.PutAsync("a", [1]);
        int broken = 0;
        server.After = (request, response) =>
        {
            if (request is { Method: "GET", Name: "" } && broken++ < 3)
            {
                response.Content = BreakingContent.Of(response.Content!, after);
            }

            return response;
        };

        (await storage.KeysAsync()).Should().Equal("a");
        broken.Should().Be(4);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("complete")]
    [InlineData("refuse")]
    public async Task A_server_that_falls_silent_amid_a_document_is_an_error(string request)
    {
        using var server = new FakeServer();
        var time = new EagerTime();
        await using S3Storage storage = await server.OpenAsync(server.Options with { TimeProvider = time, RetryFor = TimeSpan.Zero });
        server.After = (asked, response) =>
        {
            if (request == "refuse" && asked.Method == "PUT")
            {
                response = FakeServer.Error(HttpStatusCode.Forbidden, "AccessDenied");
            }

            bool isSilent = request == "list" ? asked is { Method: "GET", Name: "" } : request == "complete" ? IsCompletion(asked) : asked.Method == "PUT";
            response.Content = isSilent ? BreakingContent.Of(response.Content!, 10, () => ThreadPool.QueueUserWorkItem(_ => time.PassDeadlines())) : response.Content;
            return response;
        };
        Func<Task> call = request switch
        {
            "list" => () => storage.KeysAsync(),
            "complete" => () => storage.PutAsync("a", StorageCalls.Bytes(2 * PartSize)),
            _ => () => storage.PutAsync("a", [1]),
        };

        (await call.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain(request == "complete" ? "silent for 300 seconds" : "silent for 30 seconds");
    }

    [Fact]
    public async Task A_document_that_never_ends_is_an_error()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        server.After = (_, response) =>
        {
            response.Content = new StreamContent(new EndlessStream());
            return response;
        };
        Func<Task> list = () => storage.KeysAsync();

        (await list.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("more than an object store does");
    }

    [Fact]
    public async Task The_length_of_an_object_that_is_looked_up_costs_no_memory()
    {
        const long Length = 5L << 40;
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("a", [1]);
        server.After = (_, response) =>
        {
            response.Content!.Headers.ContentLength = Length;
            return response;
        };

        (await storage.FindAsync(StorageKey.Parse("a")))!.Length.Should().Be(Length);
    }

    [Fact]
    public async Task Only_content_that_is_kept_back_after_a_refusal_asks_first()
    {
        using var server = new FakeServer();
        await using S3Storage storage = await server.OpenAsync();
        await storage.PutAsync("small", [1]);
        await storage.PutAsync("larger", StorageCalls.Bytes(2_000));

        server.Requests.Single(static request => request is { Method: "PUT", Name: "small" }).Header("Expect").Should().BeNull("a server may take what comes after its refusal for the next request");
        server.Requests.Single(static request => request is { Method: "PUT", Name: "larger" }).Header("Expect").Should().Be("100-continue");
    }

    [Fact]
    public async Task A_client_of_the_application_is_not_waited_for_while_it_parses_what_never_ends()
    {
        using var server = new FakeServer();
        var time = new EagerTime();
        using var client = new AmazonS3Client(server.Options.Credentials, new AmazonS3Config
        {
            ServiceURL = "http://s3.test",
            ForcePathStyle = true,
            MaxErrorRetry = 0,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            HttpClientFactory = new PlainTransport(server),
        });
        await using S3Storage storage = await S3Storage.OpenAsync(client, server.Options with { TimeProvider = time, RetryFor = TimeSpan.Zero });
        var isOver = new TaskCompletionSource();
        server.After = (asked, response) =>
        {
            response.Content = BreakingContent.Of(response.Content!, 10, () =>
            {
                ThreadPool.QueueUserWorkItem(_ => time.PassDeadlines());
                isOver.Task.GetAwaiter().GetResult();
            });
            return response;
        };
        Func<Task> list = () => storage.KeysAsync();

        (await list.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("silent for 30 seconds");
        isOver.SetResult();
    }

    [Theory]
    [InlineData("<html><head><title>Console</title></head><body>Welcome</body></html>")]
    [InlineData("<!doctype html><html><body><br>Welcome</body></html>")]
    [InlineData("")]
    public async Task What_is_no_object_store_is_not_taken_for_an_empty_one(string page)
    {
        using var server = new FakeServer();
        server.Before = (_, _) => Task.FromResult<HttpResponseMessage?>(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(page, Encoding.UTF8, "text/html") });
        Func<Task> open = () => server.OpenAsync(server.Options with { RetryFor = TimeSpan.Zero });

        (await open.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("endpoint");
    }

    private static bool IsCompletion(FakeRequest request) => request.Method == "POST" && request.Has("uploadId");

    private static HttpResponseMessage FailedAfterStatus(string code) =>
        FakeServer.Error(HttpStatusCode.OK, code, "We encountered an internal error. Please try again.");

    private static void LoseFirstCompletion(
        FakeServer server, Func<FakeRequest, bool> which, Func<HttpStatusCode, string, string, HttpResponseMessage> answer, HttpStatusCode status, string code)
    {
        bool isLost = false;
        server.After = (request, response) =>
        {
            if (IsCompletion(request) && which(request) && !isLost)
            {
                isLost = true;
                server.Before = (next, _) => Task.FromResult(IsCompletion(next) && next.ToString() == request.ToString() ? answer(status, code, "") : null);
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            }

            return response;
        };
    }

    private sealed class EndlessStream : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(buffer.Length);
    }

    private sealed class PlainTransport(FakeServer server) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(server, disposeHandler: false);

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;
    }

    /// <summary>A stream of which nobody knows the length.</summary>
    private sealed class Unmeasured(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
