using System.Text;
using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>Reads the values of records, and says which one is malformed.</summary>
internal static class PaxValue
{
    /// <summary>A name: some bytes, none of them NUL.</summary>
    /// <exception cref="TarFormatException">It is empty, too long, or holds a NUL.</exception>
    internal static byte[] ReadName(ReadOnlySpan<byte> value, int longest, long offset)
    {
        if (value.IsEmpty || value.Length > longest)
        {
            throw new TarFormatException($"A name has {value.Length} bytes; at least one and at most {longest} are allowed", offset);
        }

        return value.Contains((byte)0) ? throw new TarFormatException("A name holds a NUL", offset) : value.ToArray();
    }

    /// <summary>A decimal number from 0 to 2⁶³ − 1.</summary>
    /// <exception cref="TarFormatException">It is none.</exception>
    internal static long ReadNumber(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, long offset) =>
        TarField.TryReadDecimal(value, out long number) ? number : throw Malformed(keyword, "number", offset);

    /// <summary>A time.</summary>
    /// <exception cref="TarFormatException">It is none.</exception>
    internal static UnixTime ReadTime(ReadOnlySpan<byte> keyword, ReadOnlySpan<byte> value, long offset) =>
        PaxTime.TryRead(value, out UnixTime time) ? time : throw Malformed(keyword, "time", offset);

    private static TarFormatException Malformed(ReadOnlySpan<byte> keyword, string what, long offset) =>
        new($"The extended header's {Encoding.ASCII.GetString(keyword)} is no {what}, or is out of range", offset);
}
