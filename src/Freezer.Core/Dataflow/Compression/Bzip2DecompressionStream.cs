using System.Diagnostics.CodeAnalysis;
using ICSharpCode.SharpZipLib.BZip2;

namespace Freezer.Dataflow.Compression;

/// <summary>Reads bzip2 streams one after another.</summary>
/// <remarks>The library below reads one stream, takes its bytes one by one and none too many, and takes what does not begin
/// like bzip2 for an empty stream. So the beginning is checked here, and each next stream is opened here.</remarks>
internal sealed class Bzip2DecompressionStream(Stream source) : DecompressionStream, IFrameFinder
{
    /// <summary>"BZh" and the size of a block in units of 100,000 bytes, '1' to '9'.</summary>
    private const int HeaderLength = 4;

    private readonly CompressedSource _source = new(source);
    private BZip2InputStream? _stream;
    private bool _hasStream;

    public bool StopsAtFrames { get; set; }

    public long Used => _source.Taken;

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty && (_stream is not null || TryStartStream()))
        {
            int count = ReadStream(buffer);
            if (count > 0)
            {
                return count;
            }

            _stream.Dispose();
            _stream = null;
            if (StopsAtFrames)
            {
                break;
            }
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static InvalidDataException TooShort(Exception? cause = null) => new("The bzip2 data ends too early.", cause);

    /// <summary>Opens the next stream; false where the data ends after at least one.</summary>
    [MemberNotNullWhen(true, nameof(_stream))]
    private bool TryStartStream()
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        for (int i = 0; i < HeaderLength; i++)
        {
            int value = _source.TakeByte();
            if (value < 0)
            {
                return i == 0 && _hasStream ? false : throw TooShort();
            }

            header[i] = (byte)value;
        }

        if (!header.StartsWith("BZh"u8) || header[3] is < (byte)'1' or > (byte)'9')
        {
            throw new InvalidDataException(_hasStream ? "The bzip2 data is followed by other data." : "The data is not bzip2.");
        }

        _source.Unread(HeaderLength);
        _stream = OpenStream();
        _hasStream = true;
        return true;
    }

    private int ReadStream(Span<byte> buffer)
    {
        try
        {
            return _stream!.Read(buffer);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            throw Translate(cause);
        }
    }

    private BZip2InputStream OpenStream()
    {
        try
        {
            return new BZip2InputStream(new ByteStream(_source)) { IsStreamOwner = false };
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            throw Translate(cause);
        }
    }

    /// <summary>The library meets damage with exceptions of many kinds, and takes a failing source for one that ended.</summary>
    private InvalidDataException Translate(Exception cause)
    {
        _source.ThrowIfFailed();
        return cause is EndOfStreamException ? TooShort(cause) : new InvalidDataException("The bzip2 data is damaged.", cause);
    }

    /// <summary>The source as the library wants it: it only ever reads single bytes.</summary>
    private sealed class ByteStream(CompressedSource source) : DecompressionStream
    {
        public override int Read(Span<byte> buffer)
        {
            int value = buffer.IsEmpty ? -1 : source.TakeByte();
            if (value < 0)
            {
                return 0;
            }

            buffer[0] = (byte)value;
            return 1;
        }

        public override int ReadByte() => source.TakeByte();
    }
}
