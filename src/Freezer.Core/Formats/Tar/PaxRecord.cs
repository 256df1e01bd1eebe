using System.Buffers.Text;

namespace Freezer.Formats.Tar;

/// <summary>One record of an extended header: <c>LENGTH SP KEYWORD=VALUE LF</c>, where the length counts itself too.</summary>
/// <remarks>POSIX.1-2017, <c>pax</c>, "pax Extended Header". A value may hold any byte, NUL and LF included.</remarks>
internal static class PaxRecord
{
    private const int MostLengthDigits = 10;

    /// <summary>What a record has beside length, keyword and value: the blank, the equals sign and the line feed.</summary>
    private const int Separators = 3;

    /// <summary>What a record takes at most.</summary>
    internal static long MostBytes(long keywordLength, long valueLength) => MostLengthDigits + Separators + keywordLength + valueLength;

    /// <summary>The length of a record, which is also the number that it begins with.</summary>
    internal static int Measure(int keywordLength, int valueLength)
    {
        int rest = keywordLength + valueLength + Separators;
        int length = rest + CountDigits(rest);
        return rest + CountDigits(length);
    }

    /// <summary>Reads the first record and moves <paramref name="records"/> behind it. False when there is none left.</summary>
    /// <param name="records">The body of an extended header, or what is left of it.</param>
    /// <param name="keyword">Not empty.</param>
    /// <param name="value">As it stands.</param>
    /// <param name="offset">The entry's place in the archive, for the exception.</param>
    /// <exception cref="TarFormatException">The record is malformed.</exception>
    internal static bool TryRead(ref ReadOnlySpan<byte> records, out ReadOnlySpan<byte> keyword, out ReadOnlySpan<byte> value, long offset)
    {
        keyword = value = default;
        if (records.IsEmpty)
        {
            return false;
        }

        int digits = records.IndexOf((byte)' ');
        if (digits is < 1 or > MostLengthDigits
            || !TarField.TryReadDecimal(records[..digits], out long length)
            || length < digits + 1 + Separators
            || length > records.Length)
        {
            throw new TarFormatException("A record of an extended header has no valid length", offset);
        }

        ReadOnlySpan<byte> record = records[(digits + 1)..(int)length];
        int equals = record.IndexOf((byte)'=');
        if (equals < 1 || record[^1] != (byte)'\n')
        {
            throw new TarFormatException("A record of an extended header has no keyword, or does not end where its length says", offset);
        }

        keyword = record[..equals];
        value = record[(equals + 1)..^1];
        records = records[(int)length..];
        return true;
    }

    /// <summary>Writes a record; returns its length.</summary>
    internal static int Write(Span<byte> destination, ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value)
    {
        int length = WriteFrame(destination, keyword.Length, value, out int keywordStart);
        keyword.CopyTo(destination[keywordStart..]);
        return length;
    }

    /// <summary>Writes a record but for its keyword, for which it leaves room; returns the record's length.</summary>
    internal static int WriteFrame(Span<byte> destination, int keywordLength, ReadOnlySpan<byte> value, out int keywordStart)
    {
        int length = Measure(keywordLength, value.Length);
        Utf8Formatter.TryFormat(length, destination, out int digits);
        destination[digits] = (byte)' ';
        keywordStart = digits + 1;
        int equals = keywordStart + keywordLength;
        destination[equals] = (byte)'=';
        value.CopyTo(destination[(equals + 1)..]);
        destination[length - 1] = (byte)'\n';
        return length;
    }

    private static int CountDigits(int value)
    {
        int digits = 1;
        for (; value >= 10; value /= 10)
        {
            digits++;
        }

        return digits;
    }
}
