using System.IO.Pipelines;
using Freezer.Storage;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public abstract partial class StorageContractTests
{
    [Fact]
    public async Task The_storage_completes_no_pipe()
    {
        Pipe content = new();
        RecordingPipeReader reader = new(content.Reader);
        await content.Writer.WriteAsync(Bytes(100));
        await content.Writer.CompleteAsync();
        await Storage.WriteAsync(Key("a"), reader, WriteOptions.CreateNew);
        reader.Completions.Should().Be(0);

        Pipe failing = new();
        RecordingPipeReader failingReader = new(failing.Reader);
        await failing.Writer.CompleteAsync(new InvalidOperationException());
        await Storage.Invoking(s => s.WriteAsync(Key("b"), failingReader, WriteOptions.CreateNew)).Should().ThrowAsync<InvalidOperationException>();
        await FailsAsync(() => Storage.WriteAsync(Key("a"), failingReader, WriteOptions.CreateNew), StorageErrorKind.AlreadyExists);
        failingReader.Completions.Should().Be(0);

        Pipe destination = new();
        RecordingPipeWriter writer = new(destination.Writer);
        await Storage.ReadAsync(Key("a"), writer, ReadOptions.Whole);
        await FailsAsync(() => Storage.ReadAsync(Key("x"), writer, ReadOptions.Whole), StorageErrorKind.NotFound);
        await FailsAsync(() => Storage.ReadAsync(Key("a"), writer, ReadOptions.Range(0, 101)), StorageErrorKind.OutOfRange);
        writer.Completions.Should().Be(0);
    }

    [Fact]
    public async Task What_was_read_is_flushed_when_the_call_returns()
    {
        await Storage.PutAsync("a", Bytes(100));
        Pipe pipe = new();

        await Storage.ReadAsync(Key("a"), pipe.Writer, ReadOptions.Whole);

        pipe.Reader.TryRead(out ReadResult read).Should().BeTrue();
        read.Buffer.Length.Should().Be(100);
    }

    [Fact]
    public async Task Pipes_that_hold_next_to_nothing_work_as_well()
    {
        PipeOptions tiny = new(pauseWriterThreshold: 64, resumeWriterThreshold: 32, minimumSegmentSize: 16);
        byte[] content = Bytes(3_000_000);

        await Storage.PutAsync("a", content, pipeOptions: tiny);

        (await Storage.GetAsync("a", pipeOptions: tiny)).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_the_read()
    {
        await Storage.PutAsync("a", Bytes(12 << 20));
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task<StorageEntry> reading = Storage.ReadAsync(Key("a"), pipe.Writer, ReadOptions.Whole);
        await pipe.Reader.ReadAsync();
        await pipe.Reader.CompleteAsync();

        (await reading).Length.Should().Be(12 << 20);
        await pipe.Writer.CompleteAsync();
    }

    [Fact]
    public async Task A_call_that_was_cancelled_before_it_began_does_nothing()
    {
        await Storage.PutAsync("a", "content");
        CancellationToken cancelled = new(canceled: true);
        Pipe pipe = new();
        await pipe.Writer.CompleteAsync();
        Pipe destination = new();

        await CancelsAsync(() => Storage.WriteAsync(Key("b"), pipe.Reader, WriteOptions.CreateNew, cancelled), cancelled);
        await CancelsAsync(() => Storage.WriteAsync(Key("a"), pipe.Reader, WriteOptions.Replace, cancelled), cancelled);
        await CancelsAsync(() => Storage.ReadAsync(Key("a"), destination.Writer, ReadOptions.Whole, cancelled), cancelled);
        await CancelsAsync(() => Storage.FindAsync(Key("a"), cancelled), cancelled);
        await CancelsAsync(() => Storage.DeleteAsync(Key("a"), cancelled), cancelled);
        await CancelsAsync(() => Storage.ListAsync(StoragePrefix.Root, cancelled).GetAsyncEnumerator().MoveNextAsync().AsTask(), cancelled);

        (await Storage.KeysAsync()).Should().Equal("a");
        (await Storage.GetTextAsync("a")).Should().Be("content");
    }

    [Fact]
    public async Task A_write_whose_content_never_comes_can_be_cancelled()
    {
        using CancellationTokenSource cancellation = new();
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task<StorageEntry> writing = Storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew, cancellation.Token);
        await pipe.Writer.WriteAsync(Bytes(100));
        await cancellation.CancelAsync();

        await CancelsAsync(() => writing, cancellation.Token);

        await pipe.Reader.CompleteAsync();
        (await Storage.FindAsync(Key("a/b"))).Should().BeNull();
        (await Storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_write_that_is_cancelled_when_its_content_ends_publishes_nothing()
    {
        using CancellationTokenSource cancellation = new();
        Pipe pipe = new();
        await pipe.Writer.WriteAsync(Bytes(100));
        await pipe.Writer.CompleteAsync();
        CancellingPipeReader content = new(pipe.Reader, cancellation);

        await CancelsAsync(() => Storage.WriteAsync(Key("a/b"), content, WriteOptions.CreateNew, cancellation.Token), cancellation.Token);

        (await Storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_read_into_a_full_pipe_can_be_cancelled()
    {
        await Storage.PutAsync("a", Bytes(5_000_000));
        using CancellationTokenSource cancellation = new();
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task<StorageEntry> reading = Storage.ReadAsync(Key("a"), pipe.Writer, ReadOptions.Whole, cancellation.Token);
        await pipe.Reader.ReadAsync();
        await cancellation.CancelAsync();

        await CancelsAsync(() => reading, cancellation.Token);
    }

    [Fact]
    public async Task A_pending_read_of_the_content_that_is_cancelled_publishes_nothing()
    {
        Pipe pipe = new();
        Task<StorageEntry> writing = Storage.WriteAsync(Key("a"), pipe.Reader, WriteOptions.CreateNew);
        pipe.Reader.CancelPendingRead();

        await writing.Awaiting(w => w).Should().ThrowAsync<OperationCanceledException>();

        (await Storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public void Features_are_found_by_their_type()
    {
        Storage.GetFeature<IStorage>().Should().BeSameAs(Storage);
        Storage.GetFeature<IFormatProvider>().Should().BeNull();
    }

    [Fact]
    public void A_backup_finds_enough_concurrency() =>
        Storage.Capabilities.LeastConcurrency.Should().BeGreaterThanOrEqualTo(StorageCapabilities.OperationsOfABackup);

    private static async Task CancelsAsync(Func<Task> call, CancellationToken cancellationToken) =>
        (await call.Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellationToken);

    /// <summary>Delivers everything, and cancels a token as it does.</summary>
    private sealed class CancellingPipeReader(PipeReader inner, CancellationTokenSource cancellation) : PipeReader
    {
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ReadResult read = await inner.ReadAsync(cancellationToken);
            await cancellation.CancelAsync();
            return read;
        }

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);
    }
}
