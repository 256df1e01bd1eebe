using System.Buffers;
using ICSharpCode.SharpZipLib.BZip2;

namespace Freezer.Dataflow.Compression;

/// <summary>bzip2: each frame is one bzip2 stream.</summary>
internal sealed class Bzip2Codec : ICompressionCodec
{
    public string Name => "bzip2";

    /// <summary>What the largest block of bzip2 holds, but for its few bytes of overhead.</summary>
    public int DefaultFrameSize => 899_000;

    public int DefaultLevel => 9;

    public int LowestLevel => 1;

    public int HighestLevel => 9;

    public string? WhyUnavailable => null;

    public IFrameCompressor CreateCompressor(int level)
    {
        this.ThrowIfNoLevel(level);
        return new Compressor(level);
    }

    public Stream OpenDecompressor(Stream source) => new Bzip2DecompressionStream(source);

    private sealed class Compressor(int level) : IFrameCompressor
    {
        private readonly BufferWriterStream _destination = new();

        public void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination)
        {
            _destination.Destination = destination;
            using var stream = new BZip2OutputStream(_destination, level) { IsStreamOwner = false };
            stream.Write(content);
        }

        public void Dispose() => _destination.Dispose();
    }
}
