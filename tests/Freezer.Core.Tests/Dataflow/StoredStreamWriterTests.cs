using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Tests.Dataflow.Compression;

namespace Freezer.Tests.Dataflow;

public sealed class StoredStreamWriterTests
{
    private const int LeafSize = StoredStreamOptions.LeafSize;

    private static readonly byte[] Noise = MakeNoise((3 * LeafSize) + 12_345);

    private readonly TrackingPool _pool = new();

    public static TheoryData<string> Names => Codecs.Names;

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task What_is_stored_is_the_frames_and_the_leaves_that_were_told(string name)
    {
        StoredExample example = await StoredExample.WriteAsync(Codecs.Get(name), Noise, frameSize: 400_000);

        example.Frames.Select(frame => frame.ContentLength).Should().Equal([.. Noise.Chunk(400_000).Select(chunk => chunk.Length)]);
        example.Frames.Sum(frame => frame.StoredLength).Should().Be(example.Stored.Length);
        example.Leaves.Should().Equal(example.Stored.Chunk(LeafSize).Select(leaf => Sha256Digest.Of(leaf)));
        example.Codec.Decompress(example.Stored).AsSpan().SequenceEqual(Noise).Should().BeTrue();
        int offset = 0;
        foreach ((StoredFrame frame, byte[] content) in example.Frames.Zip(Noise.Chunk(400_000)))
        {
            byte[] stored = example.Stored[offset..(offset + frame.StoredLength)];
            example.Codec.DecompressFrame(stored, frame.ContentLength).AsSpan().SequenceEqual(content).Should().BeTrue();
            offset += frame.StoredLength;
        }
    }

    [SkippableTheory]
    [InlineData("gzip", 1)]
    [InlineData("zstd", 1)]
    [InlineData("bzip2", 1)]
    [InlineData("xz", 1)]
    [InlineData("none", 0)]
    public async Task No_content_is_still_a_valid_file(string name, int frames)
    {
        StoredExample example = await StoredExample.WriteAsync(Codecs.Get(name), []);

        example.Frames.Should().HaveCount(frames);
        example.Frames.Should().NotContain(frame => frame.ContentLength != 0);
        example.Leaves.Should().HaveCount(frames);
        example.Codec.Decompress(example.Stored).Should().BeEmpty();
    }

    [Fact]
    public async Task The_digest_of_nothing_is_that_of_no_leaves()
    {
        Pipe stored = Pipes.Endless();

        StoredStreamSummary summary = await StoredStreamWriter.WriteAllAsync(
            Pipes.Holding([]), stored.Writer, StoredExample.Options(new NoneCodec()), new RecordingObserver(), CancellationToken.None);

        summary.Should().Be(new StoredStreamSummary(0, 0, Sha256Digest.Of([])));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(LeafSize - 1)]
    [InlineData(LeafSize)]
    [InlineData(LeafSize + 1)]
    [InlineData(3 * LeafSize)]
    public async Task Content_of_any_length_is_cut_at_the_borders_of_leaves(int length)
    {
        StoredExample example = await StoredExample.WriteAsync(new NoneCodec(), Noise[..length]);

        example.Stored.AsSpan().SequenceEqual(example.Content).Should().BeTrue();
        example.Leaves.Should().HaveCount((length + LeafSize - 1) / LeafSize);
    }

    [Fact]
    public async Task Plain_content_takes_one_buffer_a_leaf_and_no_copy()
    {
        Pipe stored = Pipes.Endless();

        await StoredStreamWriter.WriteAllAsync(
            Pipes.Holding(Noise.AsSpan(0, 3 * LeafSize)), stored.Writer, StoredExample.Options(new NoneCodec()), new RecordingObserver(), _pool, CancellationToken.None);

        _pool.Rents.Should().Be(3);
    }

    [Fact]
    public async Task Frames_of_any_length_share_leaves()
    {
        Pipe stored = Pipes.Endless();
        var observer = new RecordingObserver();
        int[] lengths = [LeafSize, 3, LeafSize, 700_000, 0, 700_000, LeafSize - 3 - 352_848];
        await using var writer = new StoredStreamWriter(stored.Writer, StoredExample.Options(new NoneCodec()), observer, _pool);
        int offset = 0;
        foreach (int length in lengths)
        {
            await WriteFrameAsync(writer, Noise.AsMemory(offset % 1000, length));
            offset += length;
        }

        StoredStreamSummary summary = await writer.CompleteAsync(CancellationToken.None);

        byte[] bytes = await stored.DrainAsync();
        observer.Frames.Should().Equal(lengths.Select(length => new StoredFrame(length, length)));
        observer.Leaves.Should().Equal(bytes.Chunk(LeafSize).Select(leaf => Sha256Digest.Of(leaf)));
        summary.Should().Be(new StoredStreamSummary(offset, offset, StoredExample.RootOf(observer.Leaves)));
        await writer.DisposeAsync();
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task A_frame_may_grow_beyond_the_usual_length_but_not_beyond_the_largest()
    {
        Pipe stored = Pipes.Endless();
        await using var writer = new StoredStreamWriter(stored.Writer, StoredExample.Options(new NoneCodec(), frameSize: 10), new RecordingObserver(), _pool);
        await WriteFrameAsync(writer, Noise);
        FrameBuffer frame = writer.RentFrame();
        frame.GetSpan(StoredStreamOptions.LargestFrame + 1);
        frame.Advance(StoredStreamOptions.LargestFrame + 1);

        await FluentActions.Awaiting(() => writer.WriteFrameAsync(frame, CancellationToken.None).AsTask()).Should().ThrowAsync<ArgumentException>();

        await writer.CompleteAsync(CancellationToken.None);
        (await stored.DrainAsync()).AsSpan().SequenceEqual(Noise).Should().BeTrue();
        await writer.DisposeAsync();
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task Frames_stay_in_order_when_a_later_one_is_done_first()
    {
        using var second = new ManualResetEventSlim();
        var codec = new ScriptedCodec(content =>
        {
            if (content[0] == 1)
            {
                second.Wait();
            }
            else if (content[0] == 2)
            {
                second.Set();
            }
        });
        Pipe stored = Pipes.Endless();

        await StoredStreamWriter.WriteAllAsync(
            Pipes.Holding([1, 2, 3, 4]), stored.Writer, StoredExample.Options(codec, frameSize: 1), new RecordingObserver(), _pool, CancellationToken.None);

        (await stored.DrainAsync()).Should().Equal(1, 2, 3, 4);
        _pool.ShouldHaveEverythingBack();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task Twice_as_many_frames_as_cores_are_in_flight_and_no_more(int parallelism)
    {
        using var gate = new ManualResetEventSlim();
        var codec = new ScriptedCodec(_ => gate.Wait());
        Pipe stored = Pipes.Endless();
        await using var writer = new StoredStreamWriter(stored.Writer, StoredExample.Options(codec, 100, parallelism), new RecordingObserver(), _pool);
        for (int i = 0; i < 2 * parallelism; i++)
        {
            await WriteFrameAsync(writer, new byte[100]);
        }

        Task oneMore = WriteFrameAsync(writer, new byte[100]);

        oneMore.IsCompleted.Should().BeFalse();
        _pool.MostRented.Should().BeLessThanOrEqualTo((3 * parallelism) + 1, "a frame that is worked on has two buffers, the others have one");
        gate.Set();
        await oneMore;
        await writer.CompleteAsync(CancellationToken.None);
        codec.MostCompressors.Should().BeLessThanOrEqualTo(parallelism);
        codec.OpenCompressors.Should().BeInRange(1, parallelism);
        await writer.DisposeAsync();
        codec.OpenCompressors.Should().Be(0);
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task Cancelling_while_the_storage_takes_nothing_ends_everything(string name)
    {
        using var cancellation = new CancellationTokenSource();
        var observer = new RecordingObserver { OnLeaf = (_, _) => cancellation.CancelAsync() };

        Func<Task> write = () => StoredStreamWriter.WriteAllAsync(
            Pipes.Holding(Noise), Pipes.Full().Writer, StoredExample.Options(Codecs.Get(name), 500_000), observer, _pool, cancellation.Token);

        (await write.Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task Cancelling_while_the_content_does_not_come_ends_everything()
    {
        using var cancellation = new CancellationTokenSource();
        Task write = StoredStreamWriter.WriteAllAsync(
            await Pipes.StallingAfterAsync(Noise), Pipes.Endless().Writer, StoredExample.Options(new NoneCodec()), new RecordingObserver(), _pool, cancellation.Token);

        await cancellation.CancelAsync();

        await FluentActions.Awaiting(() => write).Should().ThrowAsync<OperationCanceledException>();
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task Cancelling_the_completion_ends_it()
    {
        using var cancellation = new CancellationTokenSource();
        var writer = new StoredStreamWriter(Pipes.Full().Writer, StoredExample.Options(new NoneCodec()), new RecordingObserver(), _pool);
        await WriteFrameAsync(writer, Noise);
        Task completing = writer.CompleteAsync(cancellation.Token);

        completing.IsCompleted.Should().BeFalse();
        await cancellation.CancelAsync();

        (await FluentActions.Awaiting(() => completing).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        await writer.DisposeAsync();
        _pool.ShouldHaveEverythingBack();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task A_consumer_that_goes_away_is_an_error(string name)
    {
        Pipe stored = Pipes.Full();
        await stored.Reader.CompleteAsync();

        Func<Task> write = () => StoredStreamWriter.WriteAllAsync(
            Pipes.Holding(Noise), stored.Writer, StoredExample.Options(Codecs.Get(name), 500_000), new RecordingObserver(), _pool, CancellationToken.None);

        await write.Should().ThrowAsync<IOException>().WithMessage("*has stopped before its end*");
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task A_failure_behind_the_frames_does_not_wait_for_content_that_never_comes()
    {
        Pipe stored = Pipes.Full();
        await stored.Reader.CompleteAsync();
        PipeReader content = await Pipes.StallingAfterAsync(Noise);

        Func<Task> write = () => StoredStreamWriter.WriteAllAsync(
            content, stored.Writer, StoredExample.Options(new NoneCodec()), new RecordingObserver(), _pool, CancellationToken.None);

        await write.Should().ThrowAsync<IOException>();
        _pool.ShouldHaveEverythingBack();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failing_observer_fails_the_stream(bool atLeaf)
    {
        Func<CancellationToken, Task> fail = _ => Task.FromException(new TimeoutException("the index cannot be written"));
        RecordingObserver observer = atLeaf
            ? new() { OnLeaf = (_, token) => fail(token) }
            : new() { OnFrame = (_, token) => fail(token) };

        Func<Task> write = () => StoredStreamWriter.WriteAllAsync(
            Pipes.Holding(Noise), Pipes.Endless().Writer, StoredExample.Options(new GzipCodec(), 100_000), observer, _pool, CancellationToken.None);

        await write.Should().ThrowExactlyAsync<TimeoutException>().WithMessage("the index cannot be written");
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task A_failing_codec_fails_the_stream_and_every_later_call()
    {
        var codec = new ScriptedCodec(content =>
        {
            if (content[0] == 3)
            {
                throw new TimeoutException("the codec broke");
            }
        });
        Pipe stored = Pipes.Endless();
        var writer = new StoredStreamWriter(stored.Writer, StoredExample.Options(codec, 1), new RecordingObserver(), _pool);
        Func<Task> writeMany = async () =>
        {
            for (byte i = 1; i < 100; i++)
            {
                await WriteFrameAsync(writer, new[] { i });
            }
        };

        await writeMany.Should().ThrowExactlyAsync<TimeoutException>();
        await FluentActions.Awaiting(() => WriteFrameAsync(writer, new byte[1])).Should().ThrowExactlyAsync<TimeoutException>();
        await FluentActions.Awaiting(() => writer.CompleteAsync(CancellationToken.None)).Should().ThrowExactlyAsync<TimeoutException>();
        await writer.DisposeAsync();
        _pool.ShouldHaveEverythingBack();
        codec.OpenCompressors.Should().Be(0);
    }

    [Fact]
    public async Task A_codec_that_makes_more_than_can_be_read_back_fails_the_stream()
    {
        var codec = new ScriptedCodec(_ => { }) { Excess = StoredStreamOptions.LargestStoredFrame };

        Func<Task> write = () => StoredStreamWriter.WriteAllAsync(
            Pipes.Holding([1]), Pipes.Endless().Writer, StoredExample.Options(codec), new RecordingObserver(), _pool, CancellationToken.None);

        await write.Should().ThrowExactlyAsync<InvalidOperationException>();
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task Content_that_fails_fails_the_stream_with_its_own_exception()
    {
        var content = new Pipe();
        await content.Writer.WriteAsync(Noise.AsMemory(0, 1000));
        await content.Writer.CompleteAsync(new TimeoutException("the resource cannot be read"));

        Func<Task> write = () => StoredStreamWriter.WriteAllAsync(
            content.Reader, Pipes.Endless().Writer, StoredExample.Options(new GzipCodec(), 100), new RecordingObserver(), _pool, CancellationToken.None);

        await write.Should().ThrowExactlyAsync<TimeoutException>();
        _pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public async Task Disposing_in_the_middle_gives_back_everything()
    {
        var writer = new StoredStreamWriter(Pipes.Full().Writer, StoredExample.Options(new GzipCodec()), new RecordingObserver(), _pool);
        for (int i = 0; i < 3; i++)
        {
            await WriteFrameAsync(writer, Noise.AsMemory(0, LeafSize));
        }

        await writer.DisposeAsync();
        await writer.DisposeAsync();

        _pool.ShouldHaveEverythingBack();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(StoredStreamOptions.LargestFrame + 1, 1)]
    [InlineData(1, 0)]
    public void Impossible_options_are_refused(int frameSize, int parallelism)
    {
        Action make = () => _ = new StoredStreamWriter(
            Pipes.Endless().Writer, new StoredStreamOptions { Codec = new NoneCodec(), Level = 0, FrameSize = frameSize, Parallelism = parallelism }, new RecordingObserver());

        make.Should().Throw<ArgumentOutOfRangeException>();
    }

    private static async Task WriteFrameAsync(StoredStreamWriter writer, ReadOnlyMemory<byte> content)
    {
        FrameBuffer frame = writer.RentFrame();
        frame.Write(content.Span);
        await writer.WriteFrameAsync(frame, CancellationToken.None);
    }

    private static byte[] MakeNoise(int length)
    {
        byte[] noise = new byte[length];
        new Random(6).NextBytes(noise);
        return noise;
    }
}
