using Freezer.Dataflow.Compression;

namespace Freezer.Tests.Dataflow.Compression;

public sealed class CodecSetTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("bzip2")]
    [InlineData("xz")]
    public void The_names_are_those_that_are_stored(string name) => CodecSet.BuiltIn.Find(name)!.Name.Should().Be(name);

    [Fact]
    public void An_unknown_codec_is_refused_with_the_names_of_those_that_are_known()
    {
        CodecSet.BuiltIn.Find("lzma").Should().BeNull();
        FluentActions.Invoking(() => CodecSet.BuiltIn.GetAvailable("lzma")).Should().Throw<CompressionUnavailableException>()
            .WithMessage("There is no codec 'lzma'; known are bzip2, gzip, none, xz, zstd.").Which.Codec.Should().Be("lzma");
    }

    [Fact]
    public void A_missing_library_is_named_with_the_package_to_install()
    {
        var codecs = new CodecSet(new ZstdCodec(Codecs.MissingLibrary), new XzCodec(Codecs.MissingLibrary));

        codecs.Find("zstd")!.WhyUnavailable.Should().NotBeNull();
        FluentActions.Invoking(() => codecs.GetAvailable("zstd")).Should().Throw<CompressionUnavailableException>()
            .WithMessage("zstd needs the library libmissing-in-tests.so.1; on Debian and Ubuntu install the package libmissing1.");
        FluentActions.Invoking(() => codecs.GetAvailable("xz")).Should().Throw<CompressionUnavailableException>()
            .WithMessage("xz needs the library libmissing-in-tests.so.1; on Debian and Ubuntu install the package libmissing1.");
        FluentActions.Invoking(() => codecs.Find("zstd")!.CreateCompressor(3)).Should().Throw<CompressionUnavailableException>();
        FluentActions.Invoking(() => codecs.Find("zstd")!.OpenDecompressor(Stream.Null)).Should().Throw<CompressionUnavailableException>();
        FluentActions.Invoking(() => codecs.Find("xz")!.CreateCompressor(3)).Should().Throw<CompressionUnavailableException>();
        FluentActions.Invoking(() => codecs.Find("xz")!.CreateDecompressor().Decompress(new byte[100], new byte[100])).Should().Throw<CompressionUnavailableException>();
    }

    [Fact]
    public void The_default_is_zstd_where_its_library_is_there_and_gzip_elsewhere()
    {
        string expected = CodecSet.BuiltIn.Find("zstd")!.WhyUnavailable is null ? "zstd" : "gzip";

        CodecSet.BuiltIn.Default.Codec.Should().Be(expected);
        new CodecSet(new ZstdCodec(Codecs.MissingLibrary)).Default.Should().Be(Freezer.Compression.Gzip);
    }

    [Fact]
    public void An_added_codec_is_found_and_takes_the_place_of_a_built_in_one()
    {
        var gzip = new NamedCodec("gzip");
        var own = new NamedCodec("own");
        var codecs = new CodecSet(gzip, own);

        codecs.GetAvailable("own").Should().BeSameAs(own);
        codecs.GetAvailable("gzip").Should().BeSameAs(gzip);
    }

    [Fact]
    public void Names_that_are_taken_twice_or_cannot_be_stored_are_refused()
    {
        FluentActions.Invoking(() => new CodecSet(new NamedCodec("own"), new NamedCodec("own"))).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new CodecSet(new NamedCodec("Not a name"))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_level_is_the_one_asked_for_or_the_default_and_must_exist()
    {
        CodecSet.BuiltIn.GetAvailable(Freezer.Compression.Gzip).Level.Should().Be(6);
        CodecSet.BuiltIn.GetAvailable(Freezer.Compression.Gzip.WithLevel(9)).Level.Should().Be(9);
        FluentActions.Invoking(() => CodecSet.BuiltIn.GetAvailable(Freezer.Compression.Gzip.WithLevel(10)))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("gzip has the levels 1 to 9.*");
    }

    [Fact]
    public void A_codec_that_only_has_a_stream_decompresses_frames_through_it()
    {
        ICompressionCodec codec = new NamedCodec("own");

        codec.DecompressFrame([1, 2, 3], 3).Should().Equal(1, 2, 3);
        FluentActions.Invoking(() => codec.DecompressFrame([1, 2, 3], 2)).Should().Throw<InvalidDataException>();
        FluentActions.Invoking(() => codec.DecompressFrame([1, 2, 3], 4)).Should().Throw<InvalidDataException>();
    }

    /// <summary>What an application would add: it knows nothing of frame decompressors.</summary>
    private sealed class NamedCodec(string name) : ICompressionCodec
    {
        public string Name => name;

        public int DefaultFrameSize => 1000;

        public int DefaultLevel => 0;

        public int LowestLevel => 0;

        public int HighestLevel => 0;

        public string? WhyUnavailable => null;

        public IFrameCompressor CreateCompressor(int level) => new NoneCodec().CreateCompressor(level);

        public Stream OpenDecompressor(Stream source) => new NoneCodec().OpenDecompressor(source);
    }
}
