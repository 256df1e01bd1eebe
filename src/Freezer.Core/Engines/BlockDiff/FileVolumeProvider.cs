namespace Freezer.Engines.BlockDiff;

/// <summary>Opens image files and block devices by their path, following links.</summary>
/// <remarks>
/// Block devices are known on Linux; elsewhere a path names a file. Holes are found, and made, on Linux; elsewhere zeros are read
/// and written. A new image is sparse and readable by its owner only; it is removed again when the restore fails. An existing
/// image that is not empty, and every device, is written over only where that was asked for.
/// </remarks>
public sealed class FileVolumeProvider : IVolumeProvider
{
    /// <summary>The absolute path, with its links as they are.</summary>
    /// <param name="resource">A path.</param>
    public string Identify(string resource) => Path.GetFullPath(resource);

    /// <inheritdoc/>
    public ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(FileVolumeSource.Open(resource));
    }

    /// <inheritdoc/>
    public ValueTask<VolumeTarget> OpenTargetAsync(string destination, long length, bool overwrite, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(FileVolumeTarget.Open(destination, length, overwrite));
    }
}
