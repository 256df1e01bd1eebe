using System.Buffers.Binary;
using System.Numerics;

namespace Freezer.Formats.Tar;

/// <summary>The sum over all bytes of a header, its own field counted as blanks.</summary>
internal static class TarChecksum
{
    private const ulong EvenBytes = 0x00FF00FF00FF00FF;
    private const ulong HighBits = 0x8080808080808080;
    private const int Blanks = TarLayout.ShortNumberLength * ' ';

    /// <summary>Writes the field as POSIX shows it: six octal digits, a NUL and a blank.</summary>
    internal static void Write(Span<byte> block)
    {
        Span<byte> field = block.Slice(TarLayout.ChecksumOffset, TarLayout.ShortNumberLength);
        field.Fill((byte)' ');
        TarField.WriteOctal(field[..^1], Sum(block));
    }

    /// <summary>Whether the field holds the sum, of unsigned bytes or (as some old systems wrote it) of signed ones.</summary>
    internal static bool Verify(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> field = block.Slice(TarLayout.ChecksumOffset, TarLayout.ShortNumberLength);
        if (!TarField.TryReadNumber(field, out long expected))
        {
            return false;
        }

        int sum = Sum(block) - Sum(field) + Blanks;
        return sum == expected
            || sum - (256 * (CountHighBits(block) - CountHighBits(field))) == expected;
    }

    // Eight bytes at a time, in four lanes of 16 bits: a whole block adds at most 64 * 2 * 255 to a lane.
    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        ulong lanes = 0;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            lanes += (word & EvenBytes) + ((word >> 8) & EvenBytes);
        }

        return (ushort)lanes + (ushort)(lanes >> 16) + (ushort)(lanes >> 32) + (ushort)(lanes >> 48);
    }

    private static int CountHighBits(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            count += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(bytes) & HighBits);
        }

        return count;
    }
}
