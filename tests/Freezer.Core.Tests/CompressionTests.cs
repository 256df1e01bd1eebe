namespace Freezer.Tests;

public sealed class CompressionTests
{
    [Theory]
    [InlineData("none", "none", null)]
    [InlineData("zstd:19", "zstd", 19)]
    [InlineData("zstd:-5", "zstd", -5)]
    [InlineData("my-codec2", "my-codec2", null)]
    public void Parse_reads_what_ToString_writes(string text, string codec, int? level)
    {
        Freezer.Compression compression = Freezer.Compression.Parse(text);

        compression.Codec.Should().Be(codec);
        compression.Level.Should().Be(level);
        compression.ToString().Should().Be(text);
        compression.Should().Be(new Freezer.Compression(codec, level));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":3")]
    [InlineData("zstd:")]
    [InlineData("zstd: 3")]
    [InlineData("zstd:3:4")]
    [InlineData("zstd:99999999999")]
    [InlineData("ZSTD")]
    [InlineData("zs td")]
    [InlineData("zstd\n")]
    [InlineData("a-name-that-is-longer-than-thirty-two")]
    public void Parse_refuses_what_is_no_compression(string text)
    {
        Action parse = () => Freezer.Compression.Parse(text);

        parse.Should().Throw<ArgumentException>().WithMessage("*zstd:9*");
    }

    [Fact]
    public void A_level_makes_another_compression_of_the_same_codec()
    {
        Freezer.Compression best = Freezer.Compression.Xz.WithLevel(9);

        best.Should().NotBe(Freezer.Compression.Xz);
        best.Codec.Should().Be("xz");
        Freezer.Compression.Xz.Level.Should().BeNull();
    }

    [Fact]
    public void A_name_that_could_not_be_stored_is_refused()
    {
        Action make = () => _ = new Freezer.Compression("Not A Name");

        make.Should().Throw<ArgumentException>();
    }
}
