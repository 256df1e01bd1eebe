namespace Freezer.Engines.BlockDiff;

/// <summary>A volume that is backed up: an image, a device, a snapshot, or anything that is read by offset.</summary>
/// <remarks>An author overrides <see cref="Length"/> and <see cref="ReadAsync"/>, and what else the volume can tell. Reads come
/// from several threads at the same time; the other members are called one after another, also while reads go on.</remarks>
public abstract class VolumeSource : IAsyncDisposable
{
    /// <summary>The volume's length in bytes as it is now. The engine asks at the beginning and at the end: a volume that has
    /// shrunk fails the backup, and of one that has grown the length at the beginning is backed up.</summary>
    public abstract long Length { get; }

    /// <summary>Reads at an offset, as many bytes as there are up to the buffer's length.</summary>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>How many bytes were read; fewer than asked for is fine, and 0 means that the volume ends here.</returns>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken = default);

    /// <summary>Finds the next range that may hold data, at or after an offset. What lies between reads as zeros and is not read.
    /// By default everything may hold data.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A range that ends behind the offset, or <see langword="null"/> where only zeros are left.</returns>
    public virtual ValueTask<VolumeExtent?> FindDataAsync(long offset, CancellationToken cancellationToken = default)
    {
        long length = Length - offset;
        return new(length > 0 ? new VolumeExtent(offset, length) : null);
    }

    /// <summary>Finds what may have changed since an earlier backup: from a dirty bitmap, or the difference of two snapshots.</summary>
    /// <param name="parent">The backup that the new one builds on. Its identity, its time and its
    /// <see cref="Backup.EngineFacts"/> (<c>snapshot</c> is its name in the archive) say which point is meant.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The changed ranges, ascending and without overlaps; what reaches beyond the volume's end is ignored.
    /// <see langword="null"/> (the default) where the volume cannot tell: then everything is read and compared.</returns>
    /// <remarks>A change that is left out is missing from the backup. <see cref="BlockDiffEngineOptions.VerifyChangedExtents"/>
    /// puts the answer to the test.</remarks>
    public virtual ValueTask<IAsyncEnumerable<VolumeExtent>?> FindChangesSinceAsync(Backup parent, CancellationToken cancellationToken = default) => new((IAsyncEnumerable<VolumeExtent>?)null);

    /// <summary>Releases what the volume holds. Called once, last.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
