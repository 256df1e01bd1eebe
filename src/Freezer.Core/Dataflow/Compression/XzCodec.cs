using System.Buffers;
using Freezer.Formats.Xz;
using Freezer.Platform;

namespace Freezer.Dataflow.Compression;

/// <summary>xz by the system's liblzma: each frame is one .xz stream.</summary>
internal sealed class XzCodec(NativeDependency library) : ICompressionCodec
{
    internal XzCodec()
        : this(NativeDependency.Lzma)
    {
    }

    public string Name => "xz";

    public int DefaultFrameSize => 8 << 20;

    public int DefaultLevel => 6;

    public int LowestLevel => 0;

    public int HighestLevel => 9;

    public string? WhyUnavailable => library.WhyMissing is { } reason ? $"xz needs {reason}" : null;

    public IFrameCompressor CreateCompressor(int level)
    {
        this.ThrowIfNoLevel(level);
        this.ThrowIfUnavailable();
        return new Compressor(level);
    }

    public Stream OpenDecompressor(Stream source)
    {
        this.ThrowIfUnavailable();
        return new XzDecompressionStream(source);
    }

    private sealed unsafe class Compressor(int level) : IFrameCompressor
    {
        public void Compress(ReadOnlySpan<byte> content, IBufferWriter<byte> destination)
        {
            LzmaNative.EncoderOptions options;
            if (LzmaNative.Preset(&options, (uint)level) != 0)
            {
                throw new InvalidOperationException($"liblzma does not know the level {level}.");
            }

            // The encoder takes about eleven times the dictionary's size; one beyond the content's length gains nothing.
            options.DictionarySize = Math.Min(options.DictionarySize, Math.Max(LzmaNative.SmallestDictionary, (uint)content.Length));
            LzmaNative.Filter* filters = stackalloc LzmaNative.Filter[2];
            filters[0] = new LzmaNative.Filter { Id = LzmaNative.FilterLzma2, Options = &options };
            filters[1] = new LzmaNative.Filter { Id = LzmaNative.NoFilter };

            Span<byte> buffer = destination.GetSpan(checked((int)LzmaNative.BufferBound((nuint)content.Length)));
            nuint length = 0;
            LzmaNative.Result result = LzmaNative.EncodeBuffer(
                filters, LzmaNative.CheckCrc64, null, content, (nuint)content.Length, buffer, ref length, (nuint)buffer.Length);
            if (result != LzmaNative.Result.Ok)
            {
                throw result == LzmaNative.Result.OutOfMemory
                    ? new InsufficientMemoryException("liblzma cannot allocate a compressor.")
                    : new InvalidOperationException($"liblzma cannot compress: {result}.");
            }

            destination.Advance((int)length);
        }

        public void Dispose()
        {
        }
    }
}
