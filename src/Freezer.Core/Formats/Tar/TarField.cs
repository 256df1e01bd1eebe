using System.Buffers.Text;

namespace Freezer.Formats.Tar;

/// <summary>Reads and writes the numbers and texts of a header's fields.</summary>
internal static class TarField
{
    private const byte Base256 = 0x80;
    private const byte Base256Sign = 0x40;

    /// <summary>Reads octal digits, or GNU's base-256 numbers. A blank field is 0.</summary>
    /// <remarks>Blanks may come before the digits; a blank, a NUL or the field's end come behind them. A first byte with the
    /// highest bit set makes the rest of the field one big-endian number in two's complement.</remarks>
    internal static bool TryReadNumber(ReadOnlySpan<byte> field, out long value)
    {
        if ((field[0] & Base256) != 0)
        {
            return TryReadBase256(field, out value);
        }

        value = 0;
        field = field.TrimStart((byte)' ');
        foreach (byte digit in field)
        {
            if (digit is 0 or (byte)' ')
            {
                break;
            }

            if (digit is < (byte)'0' or > (byte)'7')
            {
                return false;
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return true;
    }

    /// <summary>The bytes of a field up to its first NUL, or all of them.</summary>
    internal static ReadOnlySpan<byte> ReadText(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>Fills a field with octal digits and a NUL. The value must fit.</summary>
    internal static void WriteOctal(Span<byte> field, long value)
    {
        field[^1] = 0;
        for (int i = field.Length - 2; i >= 0; i--)
        {
            field[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    /// <summary>Reads digits and nothing else.</summary>
    internal static bool TryReadDecimal(ReadOnlySpan<byte> text, out long value) =>
        Utf8Parser.TryParse(text, out value, out int used) && used == text.Length && text[0] is >= (byte)'0' and <= (byte)'9';

    private static bool TryReadBase256(ReadOnlySpan<byte> field, out long value)
    {
        bool negative = (field[0] & Base256Sign) != 0;
        value = negative ? (sbyte)field[0] : field[0] & ~Base256;
        foreach (byte next in field[1..])
        {
            // What the shift pushes out must repeat the sign, or the number needs more than 64 bits.
            if (value >> (63 - 8) != (negative ? -1 : 0))
            {
                return false;
            }

            value = (value << 8) | next;
        }

        return true;
    }
}
