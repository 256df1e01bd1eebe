using System.Buffers;
using Freezer.Formats.Zstd;
using Freezer.Platform;

namespace Freezer.Dataflow.Compression;

/// <summary>Zstandard (RFC 8878) by the system's libzstd: each frame is one zstd frame that tells its content's length.</summary>
internal sealed class ZstdCodec(NativeDependency library) : ICompressionCodec
{
    internal ZstdCodec()
        : this(NativeDependency.Zstd)
    {
    }

    public string Name => "zstd";

    public int DefaultFrameSize => 4 << 20;

    public int DefaultLevel => 3;

    public int LowestLevel => -7;

    public int HighestLevel => 22;

    public string? WhyUnavailable => library.WhyMissing is { } reason ? $"zstd needs {reason}" : null;

    public IFrameCompressor CreateCompressor(int level)
    {
        this.ThrowIfNoLevel(level);
        this.ThrowIfUnavailable();
        return new Compressor(level);
    }

    public IFrameDecompressor CreateDecompressor()
    {
        this.ThrowIfUnavailable();
        return new Decompressor();
    }

    public Stream OpenDecompressor(Stream source)
    {
        this.ThrowIfUnavailable();
        return new ZstdDecompressionStream(source);
    }

    private sealed class Compressor : IFrameCompressor
    {
        private readonly ZstdCompressionContext _context = ZstdNative.CreateCompressionContext();

        internal Compressor(int level)
        {
            if (_context.IsInvalid)
            {
                throw new InsufficientMemoryException("libzstd cannot allocate a compressor.");
            }

            Check(ZstdNative.SetCompressionParameter(_context, ZstdNative.CompressionLevelParameter, level));
        }

        public void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination)
        {
            Span<byte> buffer = destination.GetSpan(checked((int)ZstdNative.CompressBound((nuint)content.Length)));
            nuint length = ZstdNative.Compress(_context, buffer, (nuint)buffer.Length, content, (nuint)content.Length);
            Check(length);
            destination.Advance((int)length);
        }

        public void Dispose() => _context.Dispose();

        private static void Check(nuint result)
        {
            if (ZstdNative.IsError(result) != 0)
            {
                throw new InvalidOperationException($"libzstd cannot compress: {ZstdNative.DescribeError(result)}.");
            }
        }
    }

    private sealed class Decompressor : IFrameDecompressor
    {
        private readonly ZstdDecompressionContext _context = ZstdNative.CreateDecompressionContext();

        internal Decompressor()
        {
            if (_context.IsInvalid)
            {
                throw new InsufficientMemoryException("libzstd cannot allocate a decompressor.");
            }
        }

        public void Decompress(ReadOnlyMemory<byte> frame, Memory<byte> content)
        {
            // No bytes at all are no frames to libzstd, which is no error to it.
            nuint length = frame.IsEmpty
                ? throw new InvalidDataException("The zstd data ends too early.")
                : ZstdNative.Decompress(_context, content.Span, (nuint)content.Length, frame.Span, (nuint)frame.Length);
            if (ZstdNative.IsError(length) != 0)
            {
                throw new InvalidDataException($"The zstd data is damaged: {ZstdNative.DescribeError(length)}.");
            }

            if (length != (nuint)content.Length)
            {
                throw new InvalidDataException($"The zstd data holds {length} bytes of content instead of {content.Length}.");
            }
        }

        public void Dispose() => _context.Dispose();
    }
}
