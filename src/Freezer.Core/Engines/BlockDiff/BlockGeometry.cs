using System.Numerics;

namespace Freezer.Engines.BlockDiff;

/// <summary>How a volume is cut into blocks. The last one may be shorter.</summary>
internal readonly record struct BlockGeometry(long VolumeLength, int BlockSize)
{
    internal const int SmallestBlock = 4 << 10;
    internal const int LargestBlock = 4 << 20;

    internal long BlockCount => (VolumeLength / BlockSize) + (VolumeLength % BlockSize == 0 ? 0 : 1);

    internal static bool IsBlockSize(int size) => size is >= SmallestBlock and <= LargestBlock && BitOperations.IsPow2(size);

    /// <summary>Where a block begins.</summary>
    internal long OffsetOf(long block) => block * BlockSize;

    /// <summary>How many bytes a run of blocks has.</summary>
    internal long LengthOf(long firstBlock, long count) => Math.Min(OffsetOf(firstBlock + count), VolumeLength) - OffsetOf(firstBlock);

    /// <summary>The blocks that a range touches, within the volume: the first one, and the one behind the last.</summary>
    internal (long First, long End) BlocksOf(VolumeExtent extent)
    {
        long end = Math.Min(extent.End, VolumeLength);
        return (extent.Offset / BlockSize, (end / BlockSize) + (end % BlockSize == 0 ? 0 : 1));
    }
}
