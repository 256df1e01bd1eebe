namespace Freezer.Dataflow.Compression;

/// <summary>Decompresses frames through a codec's stream.</summary>
internal sealed class StreamFrameDecompressor(ICompressionCodec codec) : IFrameDecompressor
{
    public void Decompress(ReadOnlyMemory<byte> frame, Memory<byte> content)
    {
        using MemoryStream source = frame.OpenRead();
        using Stream decompressor = codec.OpenDecompressor(source);
        int length = decompressor.ReadAtLeast(content.Span, content.Length, throwOnEndOfStream: false);
        if (length < content.Length)
        {
            throw new InvalidDataException($"It holds {length} bytes of content instead of {content.Length}.");
        }

        if (decompressor.ReadByte() >= 0)
        {
            throw new InvalidDataException($"It holds more than the expected {content.Length} bytes of content.");
        }
    }

    public void Dispose()
    {
    }
}
