using System.Globalization;

namespace Freezer;

/// <summary>How a backup is compressed: a codec, and a level of it.</summary>
/// <remarks>Which codecs and levels there are is known where a backup is made: an application may add codecs of its own.</remarks>
public sealed record Compression
{
    private const int LongestName = 32;

    /// <summary>Names a codec and a level.</summary>
    /// <param name="codec">The codec's name: 1 to 32 lower-case letters of ASCII, digits and hyphens.</param>
    /// <param name="level">A level that the codec takes, or <see langword="null"/> for the codec's own default.</param>
    /// <exception cref="ArgumentException">The text cannot be the name of a codec.</exception>
    public Compression(string codec, int? level = null)
    {
        ArgumentNullException.ThrowIfNull(codec);
        Codec = IsName(codec)
            ? codec
            : throw new ArgumentException("The name of a codec is made of lower-case letters, digits and hyphens, for example zstd.", nameof(codec));
        Level = level;
    }

    /// <summary>Nothing is compressed.</summary>
    public static Compression None { get; } = new("none");

    /// <summary>gzip (RFC 1952), levels 1 to 9.</summary>
    public static Compression Gzip { get; } = new("gzip");

    /// <summary>Zstandard (RFC 8878), levels -7 to 22. Needs the system's libzstd.</summary>
    public static Compression Zstd { get; } = new("zstd");

    /// <summary>bzip2, levels 1 to 9.</summary>
    public static Compression Bzip2 { get; } = new("bzip2");

    /// <summary>xz, levels 0 to 9. Needs the system's liblzma.</summary>
    public static Compression Xz { get; } = new("xz");

    /// <summary>The codec's name, as it is stored with each backup.</summary>
    public string Codec { get; }

    /// <summary>The level, or <see langword="null"/> for the codec's own default.</summary>
    public int? Level { get; private init; }

    /// <summary>The same codec at a level.</summary>
    /// <param name="level">A level that the codec takes.</param>
    public Compression WithLevel(int level) => this with { Level = level };

    /// <summary>Reads what <see cref="ToString"/> writes: <c>zstd</c>, or <c>zstd:9</c>.</summary>
    /// <param name="text">The codec's name, with a colon and a level after it where the default is not wanted.</param>
    /// <exception cref="ArgumentException">The text is neither.</exception>
    public static Compression Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? text : text[..colon];
        int level = 0;
        bool valid = IsName(name)
            && (colon < 0 || int.TryParse(text.AsSpan(colon + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out level));
        return valid
            ? new Compression(name, colon < 0 ? null : level)
            : throw new ArgumentException("A compression is the name of a codec, or a name and a level, for example zstd or zstd:9.", nameof(text));
    }

    /// <summary>The codec's name, and the level after a colon where one is set.</summary>
    public override string ToString() =>
        Level is { } level ? string.Create(CultureInfo.InvariantCulture, $"{Codec}:{level}") : Codec;

    internal static bool IsName(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return false;
            }
        }

        return name.Length is > 0 and <= LongestName;
    }
}
