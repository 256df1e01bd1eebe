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

    /// <summary>Reads the source, and leaves it open. Its frames end wherever one takes them to end.</summary>
    private sealed class PlainStream(Stream source) : DecompressionStream, IFrameFinder
    {
        private int _inFrame;

        public bool StopsAtFrames { get; set; }

        public long Used { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (StopsAtFrames && _inFrame == StoredStreamOptions.LeafSize)
            {
                _inFrame = 0;
                return 0;
            }

            int count = source.Read(StopsAtFrames ? buffer[..Math.Min(buffer.Length, StoredStreamOptions.LeafSize - _inFrame)] : buffer);
            _inFrame = StopsAtFrames ? _inFrame + count : 0;
            Used += count;
            return count;
        }
    }
}
