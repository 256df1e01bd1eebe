namespace Freezer.Formats.RbdDiff;

/// <summary>What is known before the first extent.</summary>
/// <param name="FromSnapshot">The snapshot that the stream builds on, or <see langword="null"/> for a full one.</param>
/// <param name="ToSnapshot">The snapshot that the stream leads to, or <see langword="null"/> where its writer gave it no name.</param>
/// <param name="Size">The size of the volume in bytes.</param>
internal sealed record RbdDiffHeader(string? FromSnapshot, string? ToSnapshot, long Size);

/// <summary>A range of the volume that has changed. Its content follows, unless it is zero.</summary>
internal readonly record struct RbdDiffExtent(long Offset, long Length, bool IsZero)
{
    internal long End => Offset + Length;
}

/// <summary>One record as it stands in the stream: a name, a size (as the length) or an extent, by its tag.</summary>
internal readonly record struct RbdDiffRecord(byte Tag, long Offset = 0, long Length = 0, string? Name = null);
