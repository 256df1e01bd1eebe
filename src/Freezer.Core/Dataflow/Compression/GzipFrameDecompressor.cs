using System.Buffers.Binary;
using System.IO.Compression;
using ICSharpCode.SharpZipLib.Checksum;

namespace Freezer.Dataflow.Compression;

/// <summary>Decompresses a frame that is exactly one gzip member, at the speed of the platform's zlib.</summary>
/// <remarks>The platform takes a truncated member for a complete one, so the trailer is checked here.</remarks>
internal sealed class GzipFrameDecompressor : IFrameDecompressor
{
    private readonly Crc32 _checksum = new();

    public void Decompress(ReadOnlyMemory<byte> frame, Memory<byte> content)
    {
        if (frame.Length < GzipMember.ShortestMember)
        {
            throw new InvalidDataException("The gzip data ends too early.");
        }

        using MemoryStream source = frame.OpenRead();
        using var member = new GZipStream(source, CompressionMode.Decompress, leaveOpen: true);
        int length = member.ReadAtLeast(content.Span, content.Length, throwOnEndOfStream: false);
        if (length < content.Length || member.ReadByte() >= 0)
        {
            throw new InvalidDataException($"The gzip data does not hold the expected {content.Length} bytes.");
        }

        _checksum.Reset();
        _checksum.Update(((ReadOnlyMemory<byte>)content).AsArraySegment());
        ReadOnlySpan<byte> trailer = frame.Span[^GzipMember.TrailerLength..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != (uint)_checksum.Value
            || BinaryPrimitives.ReadUInt32LittleEndian(trailer[sizeof(uint)..]) != (uint)content.Length)
        {
            throw new InvalidDataException("The gzip data does not end with the checksum and the length of its content.");
        }
    }

    public void Dispose()
    {
    }
}
