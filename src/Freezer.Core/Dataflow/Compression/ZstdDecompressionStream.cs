using Freezer.Formats.Zstd;

namespace Freezer.Dataflow.Compression;

/// <summary>Reads zstd frames one after another, skippable frames included.</summary>
internal sealed unsafe class ZstdDecompressionStream : DecompressionStream, IFrameFinder
{
    /// <summary>The largest window that is accepted, as a power of two: 128 MiB, which is also the limit of <c>zstd -d</c>.</summary>
    private const int LargestWindowLog = 27;

    private readonly CompressedSource _source;
    private readonly ZstdDecompressionContext _context = ZstdNative.CreateDecompressionContext();
    private bool _isBetweenFrames;
    private bool _hasToStop;

    internal ZstdDecompressionStream(Stream source)
    {
        _source = new CompressedSource(source);
        if (_context.IsInvalid)
        {
            throw new InsufficientMemoryException("libzstd cannot allocate a decompressor.");
        }

        ThrowIfDamaged(ZstdNative.SetDecompressionParameter(_context, ZstdNative.WindowLogMaxParameter, LargestWindowLog));
    }

    public bool StopsAtFrames { get; set; }

    public long Used => _source.Taken;

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_hasToStop)
            {
                _hasToStop = false;
                break;
            }

            int written = Decode(buffer, out int consumed);
            _hasToStop = StopsAtFrames && _isBetweenFrames && consumed > 0;
            if (written > 0)
            {
                return written;
            }

            if (consumed == 0 && !_source.Fill())
            {
                return _isBetweenFrames ? 0 : throw new InvalidDataException("The zstd data ends too early.");
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _context.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void ThrowIfDamaged(nuint result)
    {
        if (ZstdNative.IsError(result) != 0)
        {
            throw new InvalidDataException($"The zstd data is damaged: {ZstdNative.DescribeError(result)}.");
        }
    }

    private int Decode(Span<byte> buffer, out int consumed)
    {
        ReadOnlySpan<byte> available = _source.Available;
        fixed (byte* source = available)
        fixed (byte* destination = buffer)
        {
            var input = new ZstdNative.Buffer { Start = source, Size = (nuint)available.Length };
            var output = new ZstdNative.Buffer { Start = destination, Size = (nuint)buffer.Length };
            nuint result = ZstdNative.DecompressStream(_context, &output, &input);
            ThrowIfDamaged(result);
            consumed = (int)input.Position;
            _source.Advance(consumed);
            if (consumed > 0 || output.Position > 0)
            {
                // A call that moves nothing says how much a next frame would need, not that one has begun.
                _isBetweenFrames = result == 0;
            }

            return (int)output.Position;
        }
    }
}
