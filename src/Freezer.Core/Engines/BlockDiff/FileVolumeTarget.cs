using Freezer.Platform;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Engines.BlockDiff;

/// <summary>An image file or a block device that is written, on the calling thread.</summary>
internal sealed class FileVolumeTarget : VolumeTarget
{
    private const int ZeroSlice = 1 << 20;

    private readonly FileStream _file;
    private readonly SafeFileHandle _handle;
    private readonly bool _isNew;
    private readonly long? _deviceLength;
    private readonly Lock _writing = new();
    private SafeFileHandle? _claim;
    private bool _isFlushed;

    private FileVolumeTarget(FileStream file, bool isNew)
    {
        _file = file;
        _handle = file.SafeFileHandle;
        _isNew = isNew;
        _deviceLength = LinuxVolume.IsAvailable && LinuxVolume.TryGetDeviceLength(_handle, out long length) ? length : null;
        IsZeroed = _deviceLength is null && RandomAccess.GetLength(_handle) == 0;
    }

    public override bool IsZeroed { get; }

    internal static FileVolumeTarget Open(string path, long length, bool overwrite)
    {
        VolumeFile.EnsureMayBeVolume(path);
        FileVolumeTarget target = OpenExisting(path) ?? Create(path);
        try
        {
            if (!target.IsZeroed && !overwrite)
            {
                throw new BackupException($"{path} is {(target._deviceLength is null ? "a file that is not empty" : "a device")}, and the restore was not asked to write over it. Name another destination, or set {nameof(RestoreOptions)}.{nameof(RestoreOptions.Overwrite)}.");
            }

            target.EnsureFits(length);
            target.Claim();
            return target;
        }
        catch
        {
            target.Close();
            throw;
        }
    }

    public override ValueTask SetLengthAsync(long length, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EnsureFits(length);
        if (_deviceLength is null)
        {
            SetFileLength(length);
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> content, long offset, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_deviceLength is not null)
        {
            FileWrite.InPieces(_handle, content.Span, offset);
            return ValueTask.CompletedTask;
        }

        // The kernel lets one thread at a time write to a file, and has the others spin.
        lock (_writing)
        {
            FileWrite.InPieces(_handle, content.Span, offset);
        }

        // So that the flush at the end finds little left to do.
        DurableFiles.ForThisMachine.StartWriteBack(_handle, offset, content.Length);
        return ValueTask.CompletedTask;
    }

    public override ValueTask ZeroAsync(long offset, long length, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!LinuxVolume.IsAvailable || !LinuxVolume.TryPunchHole(_handle, offset, length))
        {
            WriteZeros(offset, length, cancellationToken);
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RandomAccess.FlushToDisk(_handle);
        if (_isNew)
        {
            FlushName();
        }

        _isFlushed = true;
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        Close();
        return base.DisposeAsync();
    }

    private static FileVolumeTarget? OpenExisting(string path)
    {
        try
        {
            return new FileVolumeTarget(new FileStream(path, OpenOptions(FileMode.Open)), isNew: false);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Creates a file that only its owner may read: a volume holds the files of everybody who uses it.</summary>
    private static FileVolumeTarget Create(string path)
    {
        FileStreamOptions options = OpenOptions(FileMode.CreateNew);
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileVolumeTarget(new FileStream(path, options), isNew: true);
    }

    private static FileStreamOptions OpenOptions(FileMode mode) =>
        new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 };

    /// <summary>Makes sure that nobody has mounted the device, and that nobody does until the restore has ended.</summary>
    private void Claim()
    {
        if (_deviceLength is not null && LinuxVolume.IsAvailable)
        {
            _claim = LinuxVolume.ClaimDevice(_file.Name);
        }
    }

    private void SetFileLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new BackupException($"{_file.Name} cannot have the {length} bytes of the volume: its file system has no files of that length.", exception);
        }
    }

    private void EnsureFits(long length)
    {
        if (length > _deviceLength)
        {
            throw new BackupException($"{_file.Name} has {_deviceLength} bytes, and the volume that is restored has {length}.");
        }
    }

    private void WriteZeros(long offset, long length, CancellationToken cancellationToken)
    {
        byte[] zeros = new byte[Math.Min(length, ZeroSlice)];
        for (long end = offset + length; offset < end; offset += zeros.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FileWrite.InPieces(_handle, zeros.AsSpan(0, (int)Math.Min(zeros.Length, end - offset)), offset);
        }
    }

    private void FlushName()
    {
        try
        {
            DurableFiles.ForThisMachine.TrySyncDirectory(Path.GetDirectoryName(_file.Name)!);
        }
        catch (UnauthorizedAccessException)
        {
            // A directory in which files may be made and which may not be read cannot be opened, and so not be asked.
        }
    }

    private void Close()
    {
        _claim?.Dispose();
        _file.Dispose();
        if (_isNew && !_isFlushed)
        {
            File.Delete(_file.Name);
        }
    }
}
