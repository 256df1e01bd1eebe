using Freezer.Dataflow.Compression;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Dataflow.Compression;

public sealed class CodecRoundTripTests
{
    public static TheoryData<string> Names => Codecs.Names;

    public static TheoryData<string> NamesOfFormats => Codecs.NamesOfFormats;

    /// <summary>Content of few or many different bytes, with long repeats or without.</summary>
    private static Arbitrary<byte[]> AnyContent { get; } = Arb.From(
        from noise in ArbMap.Default.GeneratorFor<byte[]>()
        from repeats in Gen.Frequency((3, Gen.Constant(1)), (1, Gen.Choose(2, 400)))
        select Enumerable.Repeat(noise, repeats).SelectMany(bytes => bytes).ToArray());

    [SkippableTheory, MemberData(nameof(Names))]
    public void Any_content_comes_back(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        using IFrameCompressor compressor = codec.CreateCompressor(codec.DefaultLevel);
        using IFrameDecompressor decompressor = codec.CreateDecompressor();
        Prop.ForAll(AnyContent, content =>
        {
            byte[] frame = compressor.Compress(content);
            byte[] again = new byte[content.Length];
            decompressor.Decompress(frame, again);
            return again.AsSpan().SequenceEqual(content) && codec.Decompress(frame).AsSpan().SequenceEqual(content);
        }).QuickCheckThrowOnFailure();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void Frames_one_after_another_are_one_stream_however_it_is_cut_for_reading(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        using IFrameCompressor compressor = codec.CreateCompressor(codec.DefaultLevel);
        byte[][] contents = [Codecs.Content(5000), [], Codecs.Content(1), Codecs.Content(70_000, seed: 2)];
        byte[] stored = [.. contents.SelectMany(content => compressor.Compress(content))];
        byte[] expected = [.. contents.SelectMany(content => content)];

        foreach ((int source, int content) in new[] { (1, 1 << 16), (2, 7), (3, 1), (17, 4096), (int.MaxValue, 1 << 20) })
        {
            codec.Decompress(stored, source, content).Should().Equal(expected);
        }
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void A_large_frame_of_noise_and_a_large_frame_of_zeros_come_back(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] noise = new byte[Math.Min(codec.DefaultFrameSize, 2 << 20)];
        new Random(3).NextBytes(noise);
        byte[] zeros = new byte[noise.Length];

        codec.DecompressFrame(codec.Compress(noise, codec.LowestLevel), noise.Length).AsSpan().SequenceEqual(noise).Should().BeTrue();
        codec.DecompressFrame(codec.Compress(zeros), zeros.Length).AsSpan().SequenceEqual(zeros).Should().BeTrue();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void Every_level_of_a_codec_works_and_no_other(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] content = Codecs.Content(20_000);
        for (int level = codec.LowestLevel; level <= codec.HighestLevel; level++)
        {
            codec.DecompressFrame(codec.Compress(content, level), content.Length).Should().Equal(content);
        }

        codec.DefaultLevel.Should().BeInRange(codec.LowestLevel, codec.HighestLevel);
        FluentActions.Invoking(() => codec.CreateCompressor(codec.LowestLevel - 1)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => codec.CreateCompressor(codec.HighestLevel + 1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [SkippableTheory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("xz")]
    public void A_higher_level_compresses_better(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] content = Codecs.Content(300_000);

        codec.Compress(content, codec.HighestLevel).Length.Should().BeLessThan(codec.Compress(content, codec.LowestLevel).Length);
    }

    [SkippableTheory, MemberData(nameof(NamesOfFormats))]
    public void No_content_still_makes_a_file(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);

        byte[] frame = codec.Compress([]);

        frame.Should().NotBeEmpty();
        codec.Decompress(frame).Should().BeEmpty();
        codec.DecompressFrame(frame, 0).Should().BeEmpty();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void A_decompressor_leaves_its_source_open(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        using var source = new MemoryStream(codec.Compress(Codecs.Content(100)));

        using (Stream stream = codec.OpenDecompressor(source))
        {
            stream.CopyTo(Stream.Null);
        }

        source.CanRead.Should().BeTrue();
    }
}
