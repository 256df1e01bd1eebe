namespace Freezer.Engines.BlockDiff;

/// <summary>Opens volumes by name: what the engine reads from and restores to.</summary>
/// <remarks>The engine may call it from any thread, and disposes what it opened. What cannot be opened is told by an
/// <see cref="IOException"/> or an <see cref="UnauthorizedAccessException"/>.</remarks>
public interface IVolumeProvider
{
    /// <summary>Names a volume in the one way in which it is recognised: a backup builds only on one of the same volume.
    /// By default as the application named it.</summary>
    /// <param name="resource">What is backed up, as the application named it.</param>
    string Identify(string resource) => resource;

    /// <summary>Opens a volume to read from.</summary>
    /// <param name="resource">What is backed up, as the application named it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default);

    /// <summary>Opens a volume to restore to, and creates it where there is none. What it holds is left as it is.</summary>
    /// <param name="destination">Where to restore to, as the application named it.</param>
    /// <param name="length">The length of the volume that will be restored, in bytes; 0 where it is not known yet.</param>
    /// <param name="overwrite">Whether a volume that holds something may be written over; otherwise that is an error.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="BackupException">There is something and it may not be written over, or it is too small.</exception>
    ValueTask<VolumeTarget> OpenTargetAsync(string destination, long length, bool overwrite, CancellationToken cancellationToken = default);
}
