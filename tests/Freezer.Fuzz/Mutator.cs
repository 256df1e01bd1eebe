using System.Buffers.Binary;
using System.Text;

namespace Freezer.Fuzz;

/// <summary>Changes inputs at random: bits, bytes, numbers at their borders, text, and pieces cut out, doubled, or taken from another input.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> corpus)
{
    private const int MostChanges = 6;
    private const int LongestInput = 64 << 10;

    private static readonly long[] _numbers =
        [0, 1, -1, 127, 128, 255, 256, 511, 512, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, long.MinValue, long.MaxValue - 511];

    private static readonly byte[][] _words =
    [
        .. ((string[])["../", "/", "..", ".", "\0", "\n", "-1", "0", "99999999999999999999", "18446744073709551615", "77777777777", "null", "true", "{}", "[]", "\"\"", "1e999", ",", "=", "\\ud800", "\u00ff",
            "path=", "size=", "GNU.sparse.map=", "GNU.sparse.major=1", "SCHILY.xattr.a=", "GNU.dumpdir="]).Select(Encoding.Latin1.GetBytes),
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next input, in an array of its own.</summary>
    internal byte[] Next()
    {
        byte[] input = [.. corpus[_random.Next(corpus.Count)]];
        for (int left = _random.Next(1, MostChanges); left > 0; left--)
        {
            input = Change(input);
        }

        return input.Length > LongestInput ? input[..LongestInput] : input;
    }

    private byte[] Change(byte[] input)
    {
        if (input.Length == 0)
        {
            return [(byte)_random.Next(256)];
        }

        int at = _random.Next(input.Length);
        int length = _random.Next(Math.Min(input.Length - at, 1 << _random.Next(12)) + 1);
        switch (_random.Next(11))
        {
            case 0 or 1:
                input[at] ^= (byte)(1 << _random.Next(8));
                return input;
            case 2:
                input[at] = (byte)_random.Next(256);
                return input;
            case 3:
                PutNumber(input.AsSpan(at));
                return input;
            case 4:
                PutWord(input.AsSpan(at));
                return input;
            case 5:
                return [.. input[..at], .. input[(at + length)..]];
            case 6:
                return [.. input[..(at + length)], .. input[at..]];
            case 7:
                return [.. input[..at], .. _words[_random.Next(_words.Length)], .. input[at..]];
            case 8:
                byte[] other = corpus[_random.Next(corpus.Count)];
                int from = _random.Next(other.Length + 1);
                return [.. input[..at], .. other[from..Math.Min(other.Length, from + length)], .. input[at..]];
            case 9:
                input.AsSpan(at, length).Fill((byte)_random.Next(256));
                return input;
            default:
                return input[..at];
        }
    }

    private void PutNumber(Span<byte> place)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        long number = _numbers[_random.Next(_numbers.Length)];
        if (_random.Next(2) == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        }

        int length = Math.Min(place.Length, 1 << _random.Next(4));
        bytes[..length].CopyTo(place);
    }

    private void PutWord(Span<byte> place)
    {
        byte[] word = _words[_random.Next(_words.Length)];
        word.AsSpan(0, Math.Min(word.Length, place.Length)).CopyTo(place);
    }
}
