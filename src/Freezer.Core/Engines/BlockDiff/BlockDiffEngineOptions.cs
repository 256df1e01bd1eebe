using System.Buffers;

namespace Freezer.Engines.BlockDiff;

/// <summary>How a <see cref="BlockDiffEngine"/> reads and writes volumes. Everything has a default.</summary>
public sealed record BlockDiffEngineOptions
{
    /// <summary>The unit of comparison in bytes: a power of two from 4 KiB to 4 MiB, 64 KiB by default. Smaller blocks find
    /// smaller changes and make larger manifests (32 bytes a block). A parent with another size is not built on.</summary>
    public int BlockSize { get; init; } = 64 << 10;

    /// <summary>What opens volumes; image files and block devices by path by default.</summary>
    public IVolumeProvider Volumes { get; init; } = new FileVolumeProvider();

    /// <summary>Whether all is read although the volume can tell what has changed, and its answer is checked: a change that is
    /// missing from it fails the backup. <see langword="false"/> by default: only what the volume names is read.</summary>
    public bool VerifyChangedExtents { get; init; }

    /// <summary>Where buffers come from; tests look that all come back.</summary>
    internal MemoryPool<byte> Pool { get; init; } = MemoryPool<byte>.Shared;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Volumes);
        if (!BlockGeometry.IsBlockSize(BlockSize))
        {
            throw new ArgumentOutOfRangeException(nameof(BlockSize), BlockSize, "The block size must be a power of two from 4 KiB to 4 MiB.");
        }
    }
}
