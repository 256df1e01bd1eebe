using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Tests.Dataflow.Compression;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Dataflow;

public sealed class StoredStreamReaderTests
{
    private const int LeafSize = StoredStreamOptions.LeafSize;

    private static readonly byte[] Noise = MakeNoise((3 * LeafSize) + 12_345);

    private readonly TrackingPool _pool = new();

    public static TheoryData<string> Names => Codecs.Names;

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task What_was_written_is_read(string name)
    {
        foreach ((int length, int frameSize, int parallelism) in new[] { (0, 0, 1), (1, 0, 2), (LeafSize, 0, 1), (LeafSize + 1, 300_000, 3), ((2 * LeafSize) + 12_345, 700_000, 2) })
        {
            StoredExample example = await StoredExample.WriteAsync(Codecs.Get(name), Noise[..length], frameSize, parallelism);

            byte[] content = await example.ReadAsync(parallelism);

            content.AsSpan().SequenceEqual(example.Content).Should().BeTrue();
        }
    }

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("zstd")]
    public async Task A_damaged_byte_is_named_with_its_leaf_and_nothing_of_that_leaf_is_delivered(string name)
    {
        StoredExample sound = await StoredExample.WriteAsync(Codecs.Get(name), Noise, LeafSize / 2);
        for (int leaf = 0; leaf < sound.Leaves.Count; leaf++)
        {
            byte[] stored = (byte[])sound.Stored.Clone();
            stored[Math.Min((leaf * LeafSize) + (LeafSize / 3), stored.Length - 1)] ^= 0x10;
            Pipe content = Pipes.Endless();

            await FluentActions.Awaiting(() => (sound with { Stored = stored }).ReadAsync(content: content))
                .Should().ThrowExactlyAsync<InvalidDataException>().WithMessage($"*leaf {leaf}, *at byte {leaf * LeafSize},*");

            byte[] delivered = await content.DrainAsync();
            delivered.Length.Should().BeLessThanOrEqualTo(leaf * LeafSize);
            delivered.AsSpan().SequenceEqual(Noise.AsSpan(0, delivered.Length)).Should().BeTrue("what comes before the damage is sound");
        }
    }

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("gzip")]
    public async Task Stored_bytes_that_are_missing_or_too_many_are_errors(string name)
    {
        StoredExample sound = await StoredExample.WriteAsync(Codecs.Get(name), Noise, LeafSize / 2);
        StoredExample[] wrong =
        [
            sound with { Stored = [] },
            sound with { Stored = sound.Stored[..^1] },
            sound with { Stored = sound.Stored[..LeafSize] },
            sound with { Stored = sound.Stored[..(LeafSize + 5)] },
            sound with { Stored = [.. sound.Stored, 0] },
            sound with { Stored = [.. sound.Stored, .. Noise] },
            sound with { Leaves = [.. sound.Leaves.SkipLast(1)] },
            sound with { Leaves = [.. sound.Leaves, Sha256Digest.Of([])] },
            sound with { Leaves = [] },
            sound with { Frames = [.. sound.Frames.SkipLast(1)] },
            sound with { Frames = [.. sound.Frames.Skip(1)] },
            sound with { Frames = [.. sound.Frames, new StoredFrame(1, 1)] },
            sound with { Frames = [] },
        ];
        foreach (StoredExample example in wrong)
        {
            await FluentActions.Awaiting(() => example.ReadAsync()).Should().ThrowExactlyAsync<InvalidDataException>();
        }
    }

    [Fact]
    public async Task The_place_where_stored_bytes_are_missing_or_too_many_is_named()
    {
        StoredExample sound = await StoredExample.WriteAsync(new NoneCodec(), Noise[..(2 * LeafSize)]);

        await FluentActions.Awaiting(() => (sound with { Stored = sound.Stored[..LeafSize] }).ReadAsync())
            .Should().ThrowAsync<InvalidDataException>().WithMessage($"*ends at byte {LeafSize}, where leaf 1 should begin*");
        await FluentActions.Awaiting(() => (sound with { Stored = [.. sound.Stored, 1] }).ReadAsync())
            .Should().ThrowAsync<InvalidDataException>().WithMessage($"*goes on at byte {2 * LeafSize}, after its last leaf*");
        await FluentActions.Awaiting(() => (sound with { Frames = [sound.Frames[0]] }).ReadAsync())
            .Should().ThrowAsync<InvalidDataException>().WithMessage($"*goes on at byte {LeafSize}, after its last frame*");
        await FluentActions.Awaiting(() => (sound with { Frames = [.. sound.Frames, new StoredFrame(7, 7)] }).ReadAsync())
            .Should().ThrowAsync<InvalidDataException>().WithMessage($"*ends at byte {2 * LeafSize}, within frame 2, which begins at byte {2 * LeafSize}*");
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task Frames_that_cannot_be_true_are_errors(string name)
    {
        StoredExample sound = await StoredExample.WriteAsync(Codecs.Get(name), Codecs.Content(250_000), 100_000);
        StoredFrame second = sound.Frames[1];
        StoredFrame[] lies =
        [
            second with { ContentLength = second.ContentLength + 1 },
            second with { ContentLength = second.ContentLength - 1 },
            second with { ContentLength = 0 },
            second with { ContentLength = StoredStreamOptions.LargestFrame },
            second with { ContentLength = int.MaxValue },
            second with { ContentLength = -1 },
            second with { StoredLength = second.StoredLength - 1 },
            second with { StoredLength = second.StoredLength + 1 },
            second with { StoredLength = int.MaxValue },
            second with { StoredLength = int.MinValue },
        ];
        foreach (StoredFrame lie in lies)
        {
            await FluentActions.Awaiting(() => (sound with { Frames = [sound.Frames[0], lie, sound.Frames[2]] }).ReadAsync())
                .Should().ThrowExactlyAsync<InvalidDataException>().WithMessage("*rame 1 *", lie.ToString());
        }
    }

    [SkippableFact]
    public async Task A_frame_that_unfolds_to_more_than_it_says_is_an_error()
    {
        ICompressionCodec codec = Codecs.Get("zstd");
        byte[] bomb = codec.Compress(new byte[StoredStreamOptions.LargestFrame]);
        var example = new StoredExample(codec, [], bomb, [new StoredFrame(1000, bomb.Length)], [Sha256Digest.Of(bomb)]);

        await FluentActions.Awaiting(() => example.ReadAsync()).Should().ThrowAsync<InvalidDataException>().WithMessage("Frame 0 at stored byte 0 is damaged*");
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task Any_range_of_frames_reads_as_that_slice(string name)
    {
        const int FrameSize = 123_457;
        StoredExample whole = await StoredExample.WriteAsync(Codecs.Get(name), Noise, FrameSize);
        long[] offsets = [0, .. whole.Frames.Select((_, i) => whole.Frames.Take(i + 1).Sum(frame => (long)frame.StoredLength))];
        Gen<(int, int)> ranges =
            from first in Gen.Choose(0, whole.Frames.Count - 1)
            from count in Gen.Choose(1, whole.Frames.Count - first)
            select (first, count);

        Prop.ForAll(ranges.ToArbitrary(), range =>
        {
            (int first, int count) = range;
            int firstLeaf = (int)(offsets[first] / LeafSize);
            int leaves = (int)((offsets[first + count] + LeafSize - 1) / LeafSize) - firstLeaf;
            StoredExample slice = whole with
            {
                Stored = whole.Stored[(firstLeaf * LeafSize)..Math.Min(whole.Stored.Length, (firstLeaf + leaves) * LeafSize)],
                Frames = [.. whole.Frames.Skip(first).Take(count)],
                Leaves = [.. whole.Leaves.Skip(firstLeaf).Take(leaves)],
            };
            var place = new StoredRange((long)firstLeaf * LeafSize, (int)(offsets[first] % LeafSize));
            byte[] content = slice.ReadAsync(range: place).GetAwaiter().GetResult();
            return content.AsSpan().SequenceEqual(Noise.AsSpan(first * FrameSize, Math.Min(count * FrameSize, Noise.Length - (first * FrameSize))));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(name is "none" or "zstd" ? 8 : 3));
    }

    [Fact]
    public async Task A_range_is_verified_to_the_end_of_its_last_leaf_and_has_no_leaf_too_many()
    {
        StoredExample whole = await StoredExample.WriteAsync(new NoneCodec(), Noise, 100_000);
        StoredExample slice = whole with { Stored = whole.Stored[LeafSize..(2 * LeafSize)], Frames = [whole.Frames[11]], Leaves = [whole.Leaves[1]] };
        var place = new StoredRange(LeafSize, (11 * 100_000) - LeafSize);
        (await slice.ReadAsync(range: place)).Should().Equal(Noise[1_100_000..1_200_000]);

        byte[] damaged = (byte[])slice.Stored.Clone();
        damaged[^1] ^= 1;
        await FluentActions.Awaiting(() => (slice with { Stored = damaged }).ReadAsync(range: place))
            .Should().ThrowAsync<InvalidDataException>().WithMessage($"*leaf 1, *at byte {LeafSize},*");
        await FluentActions.Awaiting(() => (slice with { Stored = whole.Stored[LeafSize..(3 * LeafSize)], Leaves = [whole.Leaves[1], whole.Leaves[2]] }).ReadAsync(range: place))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("*after its last frame*");
        await FluentActions.Awaiting(() => slice.ReadAsync(range: new StoredRange(LeafSize, (2 * LeafSize) + 1)))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("*ends before the first frame begins*");
        await FluentActions.Awaiting(() => slice.ReadAsync(range: new StoredRange(5, 0))).Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task A_failing_index_and_a_failing_storage_surface_as_they_are()
    {
        StoredExample example = await StoredExample.WriteAsync(new GzipCodec(), Noise, 100_000);
        var stored = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await stored.Writer.WriteAsync(example.Stored.AsMemory(0, LeafSize + 10));
        await stored.Writer.CompleteAsync(new TimeoutException("the storage broke"));

        Func<Task> broken = () => ReadAsync(example, stored.Reader, Pipes.Endless().Writer, CancellationToken.None);
        Func<Task> noFrames = () => StoredStreamReader.ReadAsync(
            Pipes.Holding(example.Stored), Pipes.Endless().Writer, example.Codec, Failing(example.Frames), Pipes.OneByOne(example.Leaves), null, null, 2, _pool, CancellationToken.None);
        Func<Task> noLeaves = () => StoredStreamReader.ReadAsync(
            Pipes.Holding(example.Stored), Pipes.Endless().Writer, example.Codec, Pipes.OneByOne(example.Frames), Failing(example.Leaves), null, null, 2, _pool, CancellationToken.None);

        await broken.Should().ThrowExactlyAsync<TimeoutException>().WithMessage("the storage broke");
        await noFrames.Should().ThrowExactlyAsync<TimeoutException>().WithMessage("the index broke");
        await noLeaves.Should().ThrowExactlyAsync<TimeoutException>().WithMessage("the index broke");
        _pool.ShouldHaveEverythingBack();
    }

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("zstd")]
    public async Task A_reader_of_the_content_that_goes_away_is_an_error(string name)
    {
        StoredExample example = await StoredExample.WriteAsync(Codecs.Get(name), Noise, 100_000);
        Pipe content = Pipes.Full();
        await content.Reader.CompleteAsync();

        await FluentActions.Awaiting(() => ReadAsync(example, Pipes.Holding(example.Stored), content.Writer, CancellationToken.None))
            .Should().ThrowAsync<IOException>().WithMessage("*has stopped before its end*");
        await FluentActions.Awaiting(() => StoredStreamReader.ReadUnframedAsync(Pipes.Holding(example.Stored), content.Writer, example.Codec, CancellationToken.None))
            .Should().ThrowAsync<IOException>().WithMessage("*has stopped before its end*");
        _pool.ShouldHaveEverythingBack();
    }

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("zstd")]
    public async Task Cancelling_ends_a_read_whether_it_waits_for_the_storage_or_for_the_reader(string name)
    {
        StoredExample example = await StoredExample.WriteAsync(Codecs.Get(name), Noise, 100_000);
        using var cancellation = new CancellationTokenSource();
        Task waitingForReader = ReadAsync(example, Pipes.Holding(example.Stored), Pipes.Full().Writer, cancellation.Token);
        Task waitingForStorage = ReadAsync(example, await Pipes.StallingAfterAsync(example.Stored), Pipes.Endless().Writer, cancellation.Token);

        await cancellation.CancelAsync();

        (await FluentActions.Awaiting(() => waitingForReader).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        (await FluentActions.Awaiting(() => waitingForStorage).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        _pool.ShouldHaveEverythingBack();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task A_stream_without_an_index_is_read_to_its_end(string name)
    {
        StoredExample example = await StoredExample.WriteAsync(Codecs.Get(name), Noise, 700_000);

        (await ReadUnframedAsync(example.Codec, example.Stored)).AsSpan().SequenceEqual(Noise).Should().BeTrue();
    }

    [SkippableTheory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("bzip2")]
    [InlineData("xz")]
    public async Task A_stream_without_an_index_that_is_damaged_is_an_error(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] stored = codec.Compress(Codecs.Content(10_000));

        await FluentActions.Awaiting(() => ReadUnframedAsync(codec, stored[..^1])).Should().ThrowExactlyAsync<InvalidDataException>();
        await FluentActions.Awaiting(() => ReadUnframedAsync(codec, [])).Should().ThrowExactlyAsync<InvalidDataException>();
        await FluentActions.Awaiting(() => ReadUnframedAsync(codec, [.. stored, 1, 2, 3])).Should().ThrowExactlyAsync<InvalidDataException>();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public async Task Cancelling_unblocks_a_decoder_that_waits_for_the_storage_or_for_the_reader(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] stored = codec.Compress(Codecs.Content(500_000));
        using var cancellation = new CancellationTokenSource();
        Task waitingForStorage = StoredStreamReader.ReadUnframedAsync(await Pipes.StallingAfterAsync(stored), Pipes.Endless().Writer, codec, cancellation.Token);
        Task waitingForReader = StoredStreamReader.ReadUnframedAsync(Pipes.Holding(stored), Pipes.Full().Writer, codec, cancellation.Token);

        await cancellation.CancelAsync();

        await FluentActions.Awaiting(() => waitingForStorage).Should().ThrowAsync<OperationCanceledException>();
        await FluentActions.Awaiting(() => waitingForReader).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_storage_that_fails_below_a_decoder_surfaces_as_it_is()
    {
        byte[] stored = new Bzip2Codec().Compress(Codecs.Content(10_000));
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(stored.AsMemory(0, stored.Length / 2));
        await pipe.Writer.CompleteAsync(new TimeoutException("the storage broke"));

        await FluentActions.Awaiting(() => StoredStreamReader.ReadUnframedAsync(pipe.Reader, Pipes.Endless().Writer, new Bzip2Codec(), CancellationToken.None))
            .Should().ThrowExactlyAsync<TimeoutException>();
    }

    private Task ReadAsync(StoredExample example, PipeReader stored, PipeWriter content, CancellationToken cancellationToken) =>
        StoredStreamReader.ReadAsync(
            stored, content, example.Codec, Pipes.OneByOne(example.Frames), Pipes.OneByOne(example.Leaves), range: null, seal: null, 2, _pool, cancellationToken);

    private static async Task<byte[]> ReadUnframedAsync(ICompressionCodec codec, byte[] stored)
    {
        Pipe content = Pipes.Endless();
        await StoredStreamReader.ReadUnframedAsync(Pipes.Holding(stored), content.Writer, codec, CancellationToken.None);
        return await content.DrainAsync();
    }

    private static async IAsyncEnumerable<T> Failing<T>(IReadOnlyList<T> items)
    {
        await Task.Yield();
        yield return items[0];
        throw new TimeoutException("the index broke");
    }

    private static byte[] MakeNoise(int length)
    {
        byte[] noise = new byte[length];
        new Random(7).NextBytes(noise);
        return noise;
    }
}
