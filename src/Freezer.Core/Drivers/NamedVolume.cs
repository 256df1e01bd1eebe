using Freezer.Engines.BlockDiff;

namespace Freezer.Drivers;

/// <summary>Opens one volume under its identity: its path may be another one each time, and an increment must find its parent nevertheless.</summary>
internal sealed class NamedVolume(IVolumeProvider volumes, string path) : IVolumeProvider
{
    public ValueTask<VolumeSource> OpenSourceAsync(string resource, CancellationToken cancellationToken = default) =>
        volumes.OpenSourceAsync(path, cancellationToken);

    public ValueTask<VolumeTarget> OpenTargetAsync(string destination, long length, bool overwrite, CancellationToken cancellationToken = default) =>
        volumes.OpenTargetAsync(path, length, overwrite, cancellationToken);
}
