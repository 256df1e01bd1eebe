using Freezer.Formats.Xz;

namespace Freezer.Dataflow.Compression;

/// <summary>Reads .xz streams one after another, stream padding included.</summary>
internal sealed class XzDecompressionStream(Stream source) : DecompressionStream, IFrameFinder
{
    /// <summary>The most memory that the decoder may take, in bytes. What xz -9 writes needs 65 MiB.</summary>
    private const ulong MemoryLimit = 256 << 20;

    private readonly CompressedSource _source = new(source);
    private LzmaDecoder? _decoder;

    public bool StopsAtFrames { get; set; }

    public long Used => _source.Taken;

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_decoder is null && StopsAtFrames && _source.Available.Count == 0 && !_source.Fill())
            {
                return 0;
            }

            _decoder ??= new LzmaDecoder(MemoryLimit, isConcatenated: !StopsAtFrames);
            LzmaNative.Result result = _decoder.Decode(_source.Available, _source.IsEnded, buffer, out int consumed, out int written);
            _source.Advance(consumed);
            ThrowIfDamaged(result);
            if (written > 0)
            {
                return written;
            }

            if (result == LzmaNative.Result.StreamEnd)
            {
                EndStream();
                return 0;
            }

            if (consumed == 0 && !_source.Fill() && result == LzmaNative.Result.NoProgress)
            {
                throw new InvalidDataException("The xz data ends too early.");
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>A decoder that is to stop at the end of a stream decodes no other one.</summary>
    private void EndStream()
    {
        if (StopsAtFrames)
        {
            _decoder?.Dispose();
            _decoder = null;
        }
    }

    private static void ThrowIfDamaged(LzmaNative.Result result)
    {
        switch (result)
        {
            // NoProgress only says that it wants more of the data.
            case LzmaNative.Result.Ok or LzmaNative.Result.StreamEnd or LzmaNative.Result.NoProgress:
                break;
            case LzmaNative.Result.OutOfMemory:
                throw new InsufficientMemoryException("liblzma cannot allocate a decompressor.");
            case LzmaNative.Result.MemoryLimit:
                throw new InvalidDataException($"The xz data needs more than {MemoryLimit >> 20} MiB of memory to decompress.");
            case LzmaNative.Result.NotThisFormat:
                throw new InvalidDataException("The data is not xz, or is followed by other data.");
            default:
                throw new InvalidDataException($"The xz data is damaged: {result}.");
        }
    }
}
