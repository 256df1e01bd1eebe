namespace Freezer.Formats.Tar;

/// <summary>A run of data in a file with holes. What lies between extents reads as zeros.</summary>
internal readonly record struct SparseExtent(long Offset, long Length)
{
    internal long End => Offset + Length;
}
