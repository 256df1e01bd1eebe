using System.Numerics;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Manifest;

/// <summary>Reads the primitives of a manifest out of a block, and says where it is when they are not what they should be.</summary>
/// <param name="block">The body of a block.</param>
/// <param name="origin">The byte of the manifest at which the block's body begins.</param>
/// <param name="position">Where to begin in the block.</param>
internal ref struct ManifestCursor(ReadOnlyMemory<byte> block, long origin, int position = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = block.Span;

    internal int Position { get; private set; } = position;

    internal readonly int Remaining => _bytes.Length - Position;

    internal readonly bool IsAtEnd => Position == _bytes.Length;

    internal byte ReadByte() => Remaining > 0 ? _bytes[Position++] : throw Malformed("a block ends within a field");

    internal ulong ReadVarint()
    {
        if (Position < _bytes.Length && _bytes[Position] < 0x80)
        {
            return _bytes[Position++];
        }

        int used = Varint.TryRead(_bytes[Position..], out ulong value);
        if (used <= 0)
        {
            throw Malformed("a number is cut, longer than 64 bits or not in its shortest form");
        }

        Position += used;
        return value;
    }

    internal long ReadNumber(string field, long most)
    {
        ulong value = ReadVarint();
        return value <= (ulong)most ? (long)value : throw Malformed($"{field} is {value}, and {most} is the most");
    }

    internal ReadOnlyMemory<byte> ReadBytes(string field, int most)
    {
        int length = (int)ReadNumber(field, most);
        return ReadFixed(length);
    }

    internal ReadOnlyMemory<byte> ReadFixed(int length)
    {
        if (length > Remaining)
        {
            throw Malformed("a block ends within a field");
        }

        ReadOnlyMemory<byte> bytes = block.Slice(Position, length);
        Position += length;
        return bytes;
    }

    internal UnixTime ReadTime()
    {
        long seconds = Varint.UnZigZag(ReadVarint());
        return new UnixTime(seconds, (int)ReadNumber("the nanoseconds of a time", UnixTime.NanosecondsPerSecond - 1));
    }

    /// <summary>Reads how many items follow, each of which takes so many bytes at least.</summary>
    internal int ReadCount(string field, int most, int leastLength)
    {
        int count = (int)ReadNumber(field, most);
        return (long)count * leastLength <= Remaining ? count : throw Malformed($"{field} is {count}, and the block is too short for them");
    }

    internal readonly InvalidDataException Malformed(string what) =>
        new($"The manifest is damaged at byte {origin + Position}: {what}.");
}

/// <summary>Unsigned LEB128, and zigzag for signed numbers.</summary>
internal static class Varint
{
    /// <summary>Reads a number and gives how many bytes it took; 0 where the bytes end within it, −1 where it is malformed.</summary>
    internal static int TryRead(ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte part = bytes[i];
            if (i == TarManifestFormat.LongestVarint - 1 && part > 1)
            {
                return -1;
            }

            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                // A last byte of zero adds nothing: the number has a shorter form.
                return part == 0 && i > 0 ? -1 : i + 1;
            }
        }

        return 0;
    }

    /// <summary>Writes a number and gives how many bytes it took.</summary>
    internal static int Write(Span<byte> destination, ulong value)
    {
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            destination[length++] = (byte)(value | 0x80);
        }

        destination[length++] = (byte)value;
        return length;
    }

    internal static int Length(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    internal static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    internal static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
