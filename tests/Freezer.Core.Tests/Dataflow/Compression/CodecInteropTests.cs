using System.Diagnostics;
using Freezer.Dataflow.Compression;

namespace Freezer.Tests.Dataflow.Compression;

/// <summary>Both ways between the codecs and the formats' own programs.</summary>
public sealed class CodecInteropTests
{
    private static readonly byte[] Text = Codecs.Content(300_000);

    [SkippableTheory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("bzip2")]
    [InlineData("xz")]
    public void The_program_reads_several_of_our_frames_as_one_file(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        using IFrameCompressor compressor = codec.CreateCompressor(codec.DefaultLevel);
        byte[] stored = [.. Text.Chunk(70_000).Append([]).SelectMany(content => compressor.Compress(content))];

        Run(name, "-dc", stored).Should().Equal(Text);
        Run(name, "-t", stored).Should().BeEmpty();
    }

    [SkippableTheory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("bzip2")]
    [InlineData("xz")]
    public void The_program_reads_our_empty_file(string name) =>
        Run(name, "-dc", Codecs.Get(name).Compress([])).Should().BeEmpty();

    [SkippableTheory]
    [InlineData("gzip", "-1c")]
    [InlineData("gzip", "-9c")]
    [InlineData("zstd", "-1c")]
    [InlineData("zstd", "-c --ultra -22 --check")]
    [InlineData("zstd", "-c --long=27 --no-check")]
    [InlineData("zstd", "-c -T2 -B32768")]
    [InlineData("bzip2", "-1c")]
    [InlineData("bzip2", "-9c")]
    [InlineData("xz", "-0c")]
    [InlineData("xz", "-9ec --check=sha256")]
    [InlineData("xz", "-c -T2 --block-size=32768")]
    [InlineData("xz", "-c --x86 --lzma2 --check=none")]
    public void We_read_what_the_program_wrote(string name, string arguments)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] stored = Run(name, arguments, Text);
        byte[] empty = Run(name, arguments, []);

        codec.Decompress(stored).Should().Equal(Text);
        codec.Decompress(empty).Should().BeEmpty();
        codec.Decompress([.. empty, .. stored, .. stored, .. empty], pieceOfSource: 5000).Should().Equal([.. Text, .. Text]);
    }

    [SkippableFact]
    public void We_read_the_skippable_frames_of_pzstd() =>
        Codecs.Get("zstd").Decompress(Run("pzstd", "-c -p 2", Text)).Should().Equal(Text);

    [SkippableFact]
    public void We_read_the_padding_between_xz_streams()
    {
        ICompressionCodec codec = Codecs.Get("xz");
        byte[] stored = Run("xz", "-c", Text);

        codec.Decompress([.. stored, 0, 0, 0, 0, .. stored, 0, 0, 0, 0]).Should().Equal([.. Text, .. Text]);
    }

    [SkippableFact]
    public void We_read_a_gzip_header_with_a_name_and_all_that_it_may_hold()
    {
        byte[] stored = Codecs.Get("gzip").Compress(Text);
        const byte allFlags = 0b0001_1111; // text, header checksum, extra field, name, comment (RFC 1952, section 2.3.1)
        byte[] member =
        [
            .. stored[..3], allFlags, .. stored[4..10], 3, 0, 1, 2, 3, .. "name\0"u8, .. "comment\0"u8, 0xaa, 0xbb, .. stored[10..],
        ];

        Codecs.Get("gzip").Decompress(member, pieceOfSource: 1).Should().Equal(Text);
        for (int length = 0; length < 40; length++)
        {
            FluentActions.Invoking(() => Codecs.Get("gzip").Decompress(member[..length])).Should().ThrowExactly<InvalidDataException>();
        }
    }

    private static byte[] Run(string program, string arguments, byte[] input)
    {
        string? path = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        Skip.If(path is null, $"{program} is not installed");
        using Process process = Process.Start(new ProcessStartInfo(path!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task feeding = Task.Run(() =>
        {
            using Stream stdin = process.StandardInput.BaseStream;
            stdin.Write(input);
        });
        Task<string> errors = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        feeding.Wait();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, errors.Result);
        return output.ToArray();
    }
}
