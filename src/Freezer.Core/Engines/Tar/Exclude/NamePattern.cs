namespace Freezer.Engines.Tar.Exclude;

/// <summary>A pattern for one component of a path: <c>*</c>, <c>?</c>, <c>[...]</c> and backslashes, on bytes.</summary>
internal readonly struct NamePattern
{
    private readonly byte[] _pattern;
    private readonly Shape _shape;

    internal NamePattern(ReadOnlySpan<byte> pattern)
    {
        _shape = pattern.IndexOfAny("*?[\\"u8) switch
        {
            < 0 => Shape.Literal,
            0 when pattern[0] == (byte)'*' && pattern[1..].IndexOfAny("*?[\\"u8) < 0 => Shape.Suffix,
            _ => Shape.Glob,
        };
        _pattern = (_shape == Shape.Suffix ? pattern[1..] : pattern).ToArray();
    }

    /// <summary>A component that is <c>**</c> and nothing else. Git takes more than two stars for the same.</summary>
    internal static bool IsAnyDirectories(ReadOnlySpan<byte> component) => component.Length > 1 && component.TrimStart((byte)'*').IsEmpty;

    internal bool Matches(ReadOnlySpan<byte> name) => _shape switch
    {
        Shape.Literal => name.SequenceEqual(_pattern),
        Shape.Suffix => name.EndsWith(_pattern),
        _ => MatchesGlob(_pattern, name),
    };

    /// <summary>Goes back to the last star only, so that no pattern takes more than pattern times name.</summary>
    private static bool MatchesGlob(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> name)
    {
        int p = 0;
        int n = 0;
        int afterStar = -1;
        int starAt = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                afterStar = ++p;
                starAt = n;
            }
            else if (MatchesOne(pattern, p, name[n], out int next))
            {
                p = next;
                n++;
            }
            else if (afterStar >= 0)
            {
                p = afterStar;
                n = ++starAt;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart((byte)'*').IsEmpty;
    }

    private static bool MatchesOne(ReadOnlySpan<byte> pattern, int at, byte value, out int next)
    {
        next = at + 1;
        if (at >= pattern.Length)
        {
            return false;
        }

        switch (pattern[at])
        {
            case (byte)'?':
                return true;
            case (byte)'[':
                return ByteClass.TryMatch(pattern, at, value, out next);
            case (byte)'\\':
                // A backslash at the end takes nothing as it is: such a pattern matches nothing.
                next = at + 2;
                return next <= pattern.Length && pattern[at + 1] == value;
            default:
                return pattern[at] == value;
        }
    }

    private enum Shape : byte
    {
        Literal,
        Suffix,
        Glob,
    }
}
