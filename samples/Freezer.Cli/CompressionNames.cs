namespace Freezer.Cli;

/// <summary>The compressions that the program offers.</summary>
internal static class CompressionNames
{
    private static readonly string[] _known = ["none", "gzip", "zstd", "bzip2", "xz"];

    /// <exception cref="FormatException">There is no such compression.</exception>
    internal static Compression Parse(string text)
    {
        Compression compression = Compression.Parse(text);
        return _known.Contains(compression.Codec)
            ? compression
            : throw new FormatException($"There is no compression '{compression.Codec}'; there are {string.Join(", ", _known)}.");
    }
}
