namespace Freezer.Formats.Tar;

/// <summary>The names of extended attributes within keywords, where an equals sign would end the keyword.</summary>
/// <remarks>GNU tar writes <c>%</c> as <c>%25</c> and <c>=</c> as <c>%3D</c>, and leaves every other byte as it is.</remarks>
internal static class PaxAttributeName
{
    private const int EscapeLength = 3;

    private static ReadOnlySpan<byte> Escaped => "%="u8;
    private static ReadOnlySpan<byte> Percent => "%25"u8;
    private static ReadOnlySpan<byte> Equal => "%3D"u8;

    /// <summary>How much longer a name becomes.</summary>
    internal static int MeasureEscapes(ReadOnlySpan<byte> name) => (EscapeLength - 1) * (name.Count((byte)'%') + name.Count((byte)'='));

    /// <summary>Writes a name; returns its length.</summary>
    internal static int Encode(ReadOnlySpan<byte> name, Span<byte> destination)
    {
        int length = 0;
        while (true)
        {
            int plain = name.IndexOfAny(Escaped);
            ReadOnlySpan<byte> run = plain < 0 ? name : name[..plain];
            run.CopyTo(destination[length..]);
            length += run.Length;
            if (plain < 0)
            {
                return length;
            }

            (name[plain] == (byte)'%' ? Percent : Equal).CopyTo(destination[length..]);
            length += EscapeLength;
            name = name[(plain + 1)..];
        }
    }

    /// <summary>Reads a name.</summary>
    /// <exception cref="TarFormatException">It is empty, or holds a NUL.</exception>
    internal static byte[] Decode(ReadOnlySpan<byte> text, long offset)
    {
        if (text.IsEmpty || text.Contains((byte)0))
        {
            throw new TarFormatException("The name of an extended attribute is empty, or holds a NUL", offset);
        }

        byte[] name = new byte[text.Length];
        int length = 0;
        while (!text.IsEmpty)
        {
            bool isEscape = text.StartsWith(Percent) || text.StartsWith(Equal);
            name[length++] = isEscape ? (text[1] == (byte)'2' ? (byte)'%' : (byte)'=') : text[0];
            text = text[(isEscape ? EscapeLength : 1)..];
        }

        return length == name.Length ? name : name[..length];
    }
}
