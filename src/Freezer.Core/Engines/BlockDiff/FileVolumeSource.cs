using Freezer.Platform;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Engines.BlockDiff;

/// <summary>An image file or a block device that is read.</summary>
/// <remarks>Reads are made on the calling thread: the engine calls from threads of its own, and the system offers no
/// asynchronous read of a file that is better than that.</remarks>
internal sealed class FileVolumeSource : VolumeSource
{
    private readonly SafeFileHandle _handle;
    private readonly bool _isDevice;

    private FileVolumeSource(SafeFileHandle handle)
    {
        _handle = handle;
        _isDevice = LinuxVolume.IsAvailable && LinuxVolume.TryGetDeviceLength(handle, out _);
    }

    public override long Length =>
        _isDevice && LinuxVolume.IsAvailable && LinuxVolume.TryGetDeviceLength(_handle, out long length) ? length : RandomAccess.GetLength(_handle);

    internal static FileVolumeSource Open(string path)
    {
        VolumeFile.EnsureMayBeVolume(path);
        return new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan));
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(RandomAccess.Read(_handle, buffer.Span, offset));
    }

    public override ValueTask<VolumeExtent?> FindDataAsync(long offset, CancellationToken cancellationToken = default)
    {
        if (!LinuxVolume.IsAvailable)
        {
            return base.FindDataAsync(offset, cancellationToken);
        }

        return new(LinuxVolume.TryFindData(_handle, offset, Length, out long start, out long end) ? new VolumeExtent(start, end - start) : null);
    }

    public override ValueTask DisposeAsync()
    {
        _handle.Dispose();
        return base.DisposeAsync();
    }
}
