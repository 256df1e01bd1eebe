using System.Buffers;
using System.IO.Pipelines;
using System.Threading.RateLimiting;
using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage.Layers;

public sealed class BandwidthStorageTests
{
    private const int Piece = 1000;

    private readonly MemoryStorage _memory = new();
    private readonly CountingLimiter _writing = new();
    private readonly CountingLimiter _reading = new();

    private BandwidthStorage Storage => field ??= new(_memory, new ByteAllowance(_writing, Piece), new ByteAllowance(_reading, Piece));

    [Fact]
    public async Task Every_byte_is_paid_for_in_small_pieces()
    {
        byte[] content = Bytes(123_456);

        await Storage.PutAsync("a", content);
        (await Storage.GetAsync("a")).Should().Equal(content);

        // The last piece of a write is owed when its end is seen, and nobody waits for it then.
        _writing.Given.Should().BeInRange(123_456 - Piece, 123_456);
        _reading.Given.Should().Be(123_456);
        _writing.Largest.Should().Be(Piece);
        _reading.Largest.Should().Be(Piece);
    }

    [Fact]
    public async Task No_more_is_taken_than_was_paid_for()
    {
        _writing.Left = 5 * Piece;
        Pipe pipe = new();
        await pipe.Writer.WriteAsync(Bytes(10 * Piece));
        await pipe.Writer.CompleteAsync();
        using var cancellation = new CancellationTokenSource();
        Task<StorageEntry> writing = Storage.WriteAsync(Key("a"), pipe.Reader, WriteOptions.CreateNew, cancellation.Token);
        await _writing.Exhausted.Task;
        await cancellation.CancelAsync();

        await writing.Awaiting(w => w).Should().ThrowAsync<OperationCanceledException>();
        (await pipe.Reader.ReadAsync()).Buffer.Length.Should().Be(4 * Piece, "five pieces were paid for, and a sixth one is owed");
    }

    [Fact]
    public async Task Whoever_wants_more_at_once_than_a_piece_gets_it()
    {
        var hungry = new BandwidthStorage(new HungryStorage(10 * Piece), new ByteAllowance(_writing, Piece), null);

        (await hungry.PutAsync("a", Bytes(10 * Piece))).Length.Should().Be(10 * Piece);
    }

    [Fact]
    public async Task A_limiter_that_refuses_is_an_error_that_may_pass()
    {
        _reading.Refuses = true;
        await Storage.PutAsync("a", "content");

        StorageException failure = (await Storage.Invoking(s => s.GetAsync("a")).Should().ThrowAsync<StorageException>()).Which;

        failure.IsTransient.Should().BeTrue();
    }

    [Fact]
    public void A_limit_that_is_too_small_is_refused()
    {
        _memory.Invoking(m => m.WithBandwidthLimit(new BandwidthOptions { WrittenPerSecond = 1023 })).Should().Throw<ArgumentOutOfRangeException>();
        _memory.Invoking(m => m.WithBandwidthLimit(new BandwidthOptions { ReadPerSecond = 0 })).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task The_limiters_are_disposed_with_the_layer()
    {
        await Storage.DisposeAsync();

        _writing.IsDisposed.Should().BeTrue();
        _reading.IsDisposed.Should().BeTrue();
    }

    /// <summary>Gives out what it has left, and counts.</summary>
    private sealed class CountingLimiter : RateLimiter
    {
        internal long Left { get; set; } = long.MaxValue;

        internal long Given { get; private set; }

        internal int Largest { get; private set; }

        internal bool Refuses { get; set; }

        internal bool IsDisposed { get; private set; }

        internal TaskCompletionSource Exhausted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override TimeSpan? IdleDuration => null;

        public override RateLimiterStatistics? GetStatistics() => null;

        protected override RateLimitLease AttemptAcquireCore(int permitCount) => throw new NotSupportedException();

        protected override async ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken)
        {
            Largest = Math.Max(Largest, permitCount);
            if (permitCount > Left)
            {
                Exhausted.TrySetResult();
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            }

            Left -= permitCount;
            Given += permitCount;
            return new Lease(!Refuses);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }

        private sealed class Lease(bool isAcquired) : RateLimitLease
        {
            public override bool IsAcquired => isAcquired;

            public override IEnumerable<string> MetadataNames => [];

            public override bool TryGetMetadata(string metadataName, out object? metadata)
            {
                metadata = null;
                return false;
            }
        }
    }

    /// <summary>A storage that takes nothing before all of it is there.</summary>
    private sealed class HungryStorage(int length) : DelegatingStorage(new MemoryStorage())
    {
        public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
        {
            ReadResult read = await content.ReadAtLeastAsync(length, cancellationToken);
            byte[] all = read.Buffer.ToArray();
            content.AdvanceTo(read.Buffer.End);
            return await Inner.PutAsync(key.Value, all, options);
        }
    }
}
