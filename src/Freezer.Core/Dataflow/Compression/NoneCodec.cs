using System.Buffers;

namespace Freezer.Dataflow.Compression;

/// <summary>Leaves content as it is. The stored stream knows it and does not even copy.</summary>
internal sealed class NoneCodec : ICompressionCodec
{
    public string Name => "none";

    public int DefaultFrameSize => StoredStreamOptions.LeafSize;

    public int DefaultLevel => 0;

    public int LowestLevel => 0;

    public int HighestLevel => 0;

    public string? WhyUnavailable => null;

    public IFrameCompressor CreateCompressor(int level)
    {
        this.ThrowIfNoLevel(level);
        return new Copier();
    }

    public IFrameDecompressor CreateDecompressor() => new Copier();

    public Stream OpenDecompressor(Stream source) => new PlainStream(source);

    private sealed class Copier : IFrameCompressor, IFrameDecompressor
    {
        public void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination) => destination.Write(content);

        public void Decompress(ReadOnlyMemory<byte> frame, Memory<byte> content)
        {
            if (frame.Length != content.Length)
            {
                throw new InvalidDataException($"It holds {frame.Length} bytes of content instead of {content.Length}.");
            }

            frame.CopyTo(content);
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Reads the source, and leaves it open.</summary>
    private sealed class PlainStream(Stream source) : DecompressionStream
    {
        public override int Read(Span<byte> buffer) => source.Read(buffer);
    }
}
