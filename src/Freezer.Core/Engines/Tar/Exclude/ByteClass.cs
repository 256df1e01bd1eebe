namespace Freezer.Engines.Tar.Exclude;

/// <summary>A class in a pattern: <c>[abc]</c>, <c>[a-z]</c>, <c>[!a]</c>, <c>[[:digit:]]</c>.</summary>
internal static class ByteClass
{
    /// <summary>Whether the class that begins at <paramref name="at"/> holds the value. One that is never closed holds nothing.</summary>
    internal static bool TryMatch(ReadOnlySpan<byte> pattern, int at, byte value, out int next)
    {
        int i = at + 1;
        bool isNegated = i < pattern.Length && pattern[i] is (byte)'!' or (byte)'^';
        i += isNegated ? 1 : 0;
        int first = i;
        bool isHeld = false;
        next = pattern.Length;
        while (i < pattern.Length)
        {
            // A bracket that comes first is a member.
            if (pattern[i] == (byte)']' && i > first)
            {
                next = i + 1;
                return isHeld != isNegated;
            }

            if (TryReadNamed(pattern, ref i, value, ref isHeld))
            {
                continue;
            }

            if (!TryReadByte(pattern, ref i, out byte low))
            {
                return false;
            }

            byte high = low;
            if (i + 1 < pattern.Length && pattern[i] == (byte)'-' && pattern[i + 1] != (byte)']')
            {
                i++;
                if (!TryReadByte(pattern, ref i, out high))
                {
                    return false;
                }
            }

            isHeld |= value >= low && value <= high;
        }

        return false;
    }

    private static bool TryReadByte(ReadOnlySpan<byte> pattern, ref int i, out byte value)
    {
        i += pattern[i] == (byte)'\\' ? 1 : 0;
        value = i < pattern.Length ? pattern[i] : (byte)0;
        return i++ < pattern.Length;
    }

    private static bool TryReadNamed(ReadOnlySpan<byte> pattern, ref int i, byte value, ref bool isHeld)
    {
        if (!pattern[i..].StartsWith("[:"u8))
        {
            return false;
        }

        int length = pattern[(i + 2)..].IndexOf(":]"u8);
        if (length < 0)
        {
            return false;
        }

        isHeld |= IsIn(pattern.Slice(i + 2, length), (char)value);
        i += length + 4;
        return true;
    }

    private static bool IsIn(ReadOnlySpan<byte> name, char c) =>
        name.SequenceEqual("alpha"u8) ? char.IsAsciiLetter(c)
        : name.SequenceEqual("digit"u8) ? char.IsAsciiDigit(c)
        : name.SequenceEqual("alnum"u8) ? char.IsAsciiLetterOrDigit(c)
        : name.SequenceEqual("upper"u8) ? char.IsAsciiLetterUpper(c)
        : name.SequenceEqual("lower"u8) ? char.IsAsciiLetterLower(c)
        : name.SequenceEqual("xdigit"u8) ? char.IsAsciiHexDigit(c)
        : name.SequenceEqual("space"u8) ? c is ' ' or (>= '\t' and <= '\r')
        : name.SequenceEqual("blank"u8) ? c is ' ' or '\t'
        : name.SequenceEqual("cntrl"u8) ? c is < ' ' or '\x7F'
        : name.SequenceEqual("print"u8) ? c is >= ' ' and <= '~'
        : name.SequenceEqual("graph"u8) ? c is > ' ' and <= '~'
        : name.SequenceEqual("punct"u8) && c is > ' ' and <= '~' && !char.IsAsciiLetterOrDigit(c);
}
