using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage.Layers;

public sealed class TimeoutStorageTests
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();

    public static TheoryData<string> Verbs => new("find", "delete", "list", "read", "write");

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_storage_that_does_nothing_is_unavailable_once_the_time_is_over(string verb)
    {
        IStorage storage = new StuckStorage(new MemoryStorage()).WithTimeout(_timeout, _time);
        Task call = CallAsync(storage, verb, CancellationToken.None);
        _time.Advance(_timeout - TimeSpan.FromTicks(1));
        call.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromTicks(1));

        StorageException failure = (await call.Awaiting(c => c).Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.Unavailable);
        failure.IsTransient.Should().BeTrue();
        failure.InnerException.Should().BeAssignableTo<OperationCanceledException>();
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_cancellation_is_the_callers(string verb)
    {
        IStorage storage = new StuckStorage(new MemoryStorage()).WithTimeout(_timeout, _time);
        using var cancellation = new CancellationTokenSource();
        Task call = CallAsync(storage, verb, cancellation.Token);
        await cancellation.CancelAsync();

        (await call.Awaiting(c => c).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
    }

    [Fact]
    public async Task A_storage_is_not_blamed_for_content_that_is_late()
    {
        await using IStorage storage = new MemoryStorage().WithTimeout(_timeout, _time);
        Pipe pipe = new();
        Task<StorageEntry> writing = storage.WriteAsync(Key("a"), pipe.Reader, WriteOptions.CreateNew);
        _time.Advance(_timeout * 10);
        await pipe.Writer.WriteAsync(Bytes(100));
        _time.Advance(_timeout * 10);
        await pipe.Writer.CompleteAsync();

        (await writing).Length.Should().Be(100);
    }

    [Fact]
    public async Task A_storage_is_not_blamed_for_a_reader_that_is_late()
    {
        await using IStorage storage = new MemoryStorage().WithTimeout(_timeout, _time);
        await storage.PutAsync("a", Bytes(100_000));
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task<StorageEntry> reading = storage.ReadAsync(Key("a"), pipe.Writer, ReadOptions.Whole);
        _time.Advance(_timeout * 10);
        Task<byte[]> consuming = ConsumeAsync(pipe.Reader);

        (await reading).Length.Should().Be(100_000);
        await pipe.Writer.CompleteAsync();
        (await consuming).Should().HaveCount(100_000);
    }

    [Fact]
    public async Task A_listing_is_not_blamed_for_a_caller_that_is_late()
    {
        await using IStorage storage = new MemoryStorage().WithTimeout(_timeout, _time);
        await storage.PutAsync("a", "1");
        await storage.PutAsync("b", "2");
        await using IAsyncEnumerator<StorageEntry> listing = storage.ListAsync(StoragePrefix.Root).GetAsyncEnumerator();
        (await listing.MoveNextAsync()).Should().BeTrue();
        _time.Advance(_timeout * 10);

        (await listing.MoveNextAsync()).Should().BeTrue();
    }

    [Fact]
    public void A_timeout_that_cannot_be_is_refused()
    {
        foreach (TimeSpan timeout in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(-1), TimeSpan.FromDays(2)])
        {
            new MemoryStorage().Invoking(m => m.WithTimeout(timeout)).Should().Throw<ArgumentOutOfRangeException>();
        }
    }

    private static Task CallAsync(IStorage storage, string verb, CancellationToken cancellationToken) => verb switch
    {
        "find" => storage.FindAsync(Key("a"), cancellationToken),
        "delete" => storage.DeleteAsync(Key("a"), cancellationToken),
        "list" => storage.ListAsync(StoragePrefix.Root, cancellationToken).GetAsyncEnumerator(cancellationToken).MoveNextAsync().AsTask(),
        "read" => storage.ReadAsync(Key("a"), new Pipe().Writer, ReadOptions.Whole, cancellationToken),
        _ => storage.WriteAsync(Key("a"), new Pipe().Reader, WriteOptions.CreateNew, cancellationToken),
    };

    /// <summary>A storage that never answers, and heeds its token.</summary>
    private sealed class StuckStorage(IStorage inner) : DelegatingStorage(inner)
    {
        public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
            throw await StuckAsync(cancellationToken);

        public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
            throw await StuckAsync(cancellationToken);

        public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) => throw await StuckAsync(cancellationToken);

        public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await StuckAsync(cancellationToken);
            yield break;
        }

        public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) => throw await StuckAsync(cancellationToken);

        private static async Task<Exception> StuckAsync(CancellationToken cancellationToken)
        {
            var never = new TaskCompletionSource();
            await never.Task.WaitAsync(cancellationToken);
            return new InvalidOperationException();
        }
    }
}
