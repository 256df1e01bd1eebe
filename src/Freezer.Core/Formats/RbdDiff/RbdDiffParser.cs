using System.Buffers;
using System.Text;

namespace Freezer.Formats.RbdDiff;

/// <summary>Reads the pieces of a stream from memory. Where a piece is not there whole, nothing is consumed; what is wrong is
/// refused as soon as it is seen.</summary>
internal static class RbdDiffParser
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the line that a stream begins with.</summary>
    internal static bool TryReadMagic(ref SequenceReader<byte> input)
    {
        Span<byte> start = stackalloc byte[RbdDiffFormat.Magic.Length];
        start = start[..(int)Math.Min(start.Length, input.Remaining)];
        input.TryCopyTo(start);
        if (!RbdDiffFormat.Magic.StartsWith(start))
        {
            throw new RbdDiffFormatException("This is not an rbd diff v1 stream.", 0);
        }

        if (start.Length < RbdDiffFormat.Magic.Length)
        {
            return false;
        }

        input.Advance(start.Length);
        return true;
    }

    /// <summary>Reads a record, without the content of an extent.</summary>
    /// <param name="input">What is there.</param>
    /// <param name="position">Where the input stands in the stream, for errors.</param>
    /// <param name="record">The record.</param>
    internal static bool TryReadRecord(ref SequenceReader<byte> input, long position, out RbdDiffRecord record)
    {
        record = default;
        if (!input.TryPeek(out byte tag))
        {
            return false;
        }

        switch (tag)
        {
            case RbdDiffFormat.FromSnapshot or RbdDiffFormat.ToSnapshot:
                return TryReadName(ref input, tag, position, out record);

            case RbdDiffFormat.Size when input.Remaining >= RbdDiffFormat.SizeRecordLength:
                input.Advance(RbdDiffFormat.TagLength);
                record = new RbdDiffRecord(tag, Length: ReadNumber(ref input, position));
                return true;

            case RbdDiffFormat.Data or RbdDiffFormat.Zero when input.Remaining >= RbdDiffFormat.ExtentHeaderLength:
                input.Advance(RbdDiffFormat.TagLength);
                record = new RbdDiffRecord(tag, ReadNumber(ref input, position), ReadNumber(ref input, position));
                return true;

            case RbdDiffFormat.Size or RbdDiffFormat.Data or RbdDiffFormat.Zero:
                return false;

            case RbdDiffFormat.End:
                input.Advance(RbdDiffFormat.TagLength);
                record = new RbdDiffRecord(tag);
                return true;

            default:
                throw new RbdDiffFormatException($"There is no record with the tag 0x{tag:X2}.", position);
        }
    }

    private static bool TryReadName(ref SequenceReader<byte> input, byte tag, long position, out RbdDiffRecord record)
    {
        record = default;
        if (input.Remaining < RbdDiffFormat.NameHeaderLength)
        {
            return false;
        }

        SequenceReader<byte> rest = input;
        rest.Advance(RbdDiffFormat.TagLength);
        rest.TryReadLittleEndian(out int length);
        if (length is < 0 or > RbdDiffFormat.LongestName)
        {
            throw new RbdDiffFormatException($"A snapshot name of {(uint)length} bytes is longer than {RbdDiffFormat.LongestName}.", position);
        }

        if (!rest.TryReadExact(length, out ReadOnlySequence<byte> name))
        {
            return false;
        }

        try
        {
            record = new RbdDiffRecord(tag, Name: StrictUtf8.GetString(name));
        }
        catch (DecoderFallbackException e)
        {
            throw new RbdDiffFormatException("A snapshot name is not UTF-8.", position, e);
        }

        input = rest;
        return true;
    }

    private static long ReadNumber(ref SequenceReader<byte> input, long position)
    {
        input.TryReadLittleEndian(out long value);
        return value >= 0 ? value : throw new RbdDiffFormatException($"The number {(ulong)value} is larger than any volume.", position);
    }
}
