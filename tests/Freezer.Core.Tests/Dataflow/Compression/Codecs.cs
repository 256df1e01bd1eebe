using System.Buffers;
using Freezer.Dataflow.Compression;
using Freezer.Platform;

namespace Freezer.Tests.Dataflow.Compression;

/// <summary>The built-in codecs for theories, and short ways to use a codec.</summary>
internal static class Codecs
{
    public static TheoryData<string> Names => ["none", "gzip", "zstd", "bzip2", "xz"];

    /// <summary>Those whose files have a beginning and an end.</summary>
    public static TheoryData<string> NamesOfFormats => ["gzip", "zstd", "bzip2", "xz"];

    internal static ICompressionCodec Get(string name)
    {
        ICompressionCodec codec = CodecSet.BuiltIn.Find(name)!;
        Skip.If(codec.WhyUnavailable is not null, codec.WhyUnavailable);
        return codec;
    }

    internal static NativeDependency MissingLibrary { get; } =
        new("libmissing", ["libmissing-in-tests.so.1"], "on Debian and Ubuntu install the package libmissing1");

    internal static byte[] Compress(this ICompressionCodec codec, ReadOnlySpan<byte> content, int? level = null)
    {
        using IFrameCompressor compressor = codec.CreateCompressor(level ?? codec.DefaultLevel);
        return compressor.Compress(content);
    }

    internal static byte[] Compress(this IFrameCompressor compressor, ReadOnlySpan<byte> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        compressor.Compress(content, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Decompresses through the stream, a little at a time.</summary>
    internal static byte[] Decompress(this ICompressionCodec codec, byte[] stored, int pieceOfSource = int.MaxValue, int pieceOfContent = 1 << 16)
    {
        const int Limit = 64 << 20;
        using Stream stream = codec.OpenDecompressor(new TricklingStream(stored, pieceOfSource));
        var content = new MemoryStream();
        byte[] piece = new byte[pieceOfContent];
        int count;
        while ((count = stream.Read(piece, 0, piece.Length)) > 0)
        {
            content.Write(piece, 0, count);
            content.Length.Should().BeLessThan(Limit, "no test makes that much");
        }

        return content.ToArray();
    }

    internal static byte[] DecompressFrame(this ICompressionCodec codec, byte[] frame, int length)
    {
        byte[] content = new byte[length];
        using IFrameDecompressor decompressor = codec.CreateDecompressor();
        decompressor.Decompress(frame, content);
        return content;
    }

    /// <summary>Something between text and noise, always the same for a seed.</summary>
    internal static byte[] Content(int length, int seed = 1)
    {
        byte[] content = new byte[length];
        var random = new Random(seed);
        for (int i = 0; i < length; i++)
        {
            content[i] = (byte)("backup "[i % 7] + (random.Next(16) == 0 ? random.Next(60) : 0));
        }

        return content;
    }
}

/// <summary>A source that gives a few bytes at a time.</summary>
internal sealed class TricklingStream(byte[] content, int piece) : MemoryStream(content, writable: false)
{
    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, piece));

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, piece)]);
}
