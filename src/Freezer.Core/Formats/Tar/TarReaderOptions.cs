namespace Freezer.Formats.Tar;

/// <summary>Bounds for what an archive may ask of its reader.</summary>
internal sealed record TarReaderOptions
{
    /// <summary>The longest extended header in bytes. GNU tar writes a directory's whole listing into one.</summary>
    internal int LongestExtendedHeader { get; init; } = 1 << 30;

    /// <summary>The most extents of one sparse file.</summary>
    internal int MostExtents { get; init; } = 1 << 20;

    /// <summary>The most extended attributes of one member.</summary>
    internal int MostAttributes { get; init; } = 1 << 16;

    /// <summary>The longest member name in bytes.</summary>
    internal int LongestPath { get; init; } = 1 << 20;
}
