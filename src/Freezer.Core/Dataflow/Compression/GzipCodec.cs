using System.Buffers;
using System.IO.Compression;

namespace Freezer.Dataflow.Compression;

/// <summary>gzip (RFC 1952): each frame is one member.</summary>
internal sealed class GzipCodec : ICompressionCodec
{
    public string Name => "gzip";

    public int DefaultFrameSize => 1 << 20;

    public int DefaultLevel => 6;

    public int LowestLevel => 1;

    public int HighestLevel => 9;

    public string? WhyUnavailable => null;

    public IFrameCompressor CreateCompressor(int level)
    {
        this.ThrowIfNoLevel(level);
        return new Compressor(level);
    }

    public IFrameDecompressor CreateDecompressor() => new GzipFrameDecompressor();

    public Stream OpenDecompressor(Stream source) => new GzipDecompressionStream(source);

    private sealed class Compressor(int level) : IFrameCompressor
    {
        private readonly BufferWriterStream _destination = new();
        private readonly ZLibCompressionOptions _options = new() { CompressionLevel = level };

        /// <summary>The platform's stream writes nothing at all for no content, which is no gzip file.</summary>
        private static ReadOnlySpan<byte> EmptyMember =>
            [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

        public void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination)
        {
            if (content.IsEmpty)
            {
                destination.Write(EmptyMember);
                return;
            }

            _destination.Destination = destination;
            using var member = new GZipStream(_destination, _options, leaveOpen: true);
            member.Write(content);
        }

        public void Dispose() => _destination.Dispose();
    }
}
