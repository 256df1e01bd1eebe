namespace Freezer.Engines.BlockDiff;

/// <summary>A range of a volume.</summary>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">The number of bytes.</param>
public readonly record struct VolumeExtent(long Offset, long Length)
{
    /// <summary>The byte behind the last one.</summary>
    public long End => Offset + Length;
}
