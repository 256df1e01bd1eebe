using ICSharpCode.SharpZipLib;
using ICSharpCode.SharpZipLib.Checksum;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace Freezer.Dataflow.Compression;

/// <summary>Reads gzip members one after another, strictly: a member that is cut short, or anything that is no member, is an error.</summary>
/// <remarks>The platform's stream ends silently in both cases. A managed inflater tells exactly where a member ends.</remarks>
internal sealed class GzipDecompressionStream(Stream source) : DecompressionStream, IFrameFinder
{
    private readonly CompressedSource _source = new(source);
    private readonly Inflater _inflater = new(noHeader: true);
    private readonly Crc32 _checksum = new();
    private readonly byte[] _output = new byte[64 << 10];
    private bool _hasMember;
    private bool _isInMember;
    private uint _length;

    public bool StopsAtFrames { get; set; }

    public long Used => _source.Taken;

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty && (_isInMember || TryStartMember()))
        {
            int count = Inflate(Math.Min(buffer.Length, _output.Length));
            if (count > 0)
            {
                _checksum.Update(new ArraySegment<byte>(_output, 0, count));
                _length += (uint)count;
                _output.AsSpan(0, count).CopyTo(buffer);
                return count;
            }

            if (_inflater.IsFinished)
            {
                EndMember();
                if (StopsAtFrames)
                {
                    break;
                }
            }
            else if (!_inflater.IsNeedingInput)
            {
                throw Damaged();
            }
            else if (_source.Available.Count == 0 && !_source.Fill())
            {
                throw TooShort();
            }
            else
            {
                ArraySegment<byte> input = _source.Available;
                _inflater.SetInput(input.Array!, input.Offset, input.Count);
                _source.Advance(input.Count);
            }
        }

        return 0;
    }

    private static InvalidDataException Damaged(Exception? cause = null) => new("The gzip data is damaged.", cause);

    private static InvalidDataException TooShort() => new("The gzip data ends too early.");

    private int Inflate(int count)
    {
        try
        {
            return _inflater.Inflate(_output, 0, count);
        }
        catch (Exception cause) when (cause is SharpZipBaseException or IndexOutOfRangeException or ArgumentException or ArithmeticException or InvalidOperationException)
        {
            throw Damaged(cause);
        }
    }

    /// <summary>Reads the header of the next member; false where the data ends after at least one member.</summary>
    private bool TryStartMember()
    {
        int first = _source.TakeByte();
        if (first < 0)
        {
            return _hasMember ? false : throw TooShort();
        }

        if (first != GzipMember.Id1 || TakeByte() != GzipMember.Id2)
        {
            throw new InvalidDataException(_hasMember ? "The gzip data is followed by other data." : "The data is not gzip.");
        }

        int method = TakeByte();
        int flags = TakeByte();
        if (method != GzipMember.MethodDeflate || (flags & GzipMember.ReservedFlags) != 0)
        {
            throw new InvalidDataException("The gzip data has a header of an unknown kind.");
        }

        Skip(sizeof(uint) + 2); // MTIME, XFL, OS
        if ((flags & GzipMember.FlagExtraField) != 0)
        {
            Skip(TakeByte() | (TakeByte() << 8));
        }

        if ((flags & GzipMember.FlagName) != 0)
        {
            SkipText();
        }

        if ((flags & GzipMember.FlagComment) != 0)
        {
            SkipText();
        }

        if ((flags & GzipMember.FlagHeaderChecksum) != 0)
        {
            Skip(sizeof(ushort));
        }

        _inflater.Reset();
        _checksum.Reset();
        _length = 0;
        _hasMember = _isInMember = true;
        return true;
    }

    private void EndMember()
    {
        // The inflater reads ahead by a few bytes, which belong to the trailer or to the next member.
        _source.Unread(_inflater.RemainingInput);
        if (TakeUInt32() != (uint)_checksum.Value || TakeUInt32() != _length)
        {
            throw Damaged();
        }

        _isInMember = false;
    }

    private uint TakeUInt32() => (uint)(TakeByte() | (TakeByte() << 8) | (TakeByte() << 16) | (TakeByte() << 24));

    private int TakeByte() => _source.TakeByte() is >= 0 and var value ? value : throw TooShort();

    private void Skip(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TakeByte();
        }
    }

    private void SkipText()
    {
        while (TakeByte() != 0)
        {
        }
    }
}
