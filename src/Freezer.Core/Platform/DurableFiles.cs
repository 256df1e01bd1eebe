using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform;

/// <summary>The calls by which files are published one by one, whole and durable. Paths are absolute; links are never followed in the last name.</summary>
/// <remarks>Every call throws an <see cref="IOException"/> or an <see cref="UnauthorizedAccessException"/> as the base
/// class library does: on Unix the exception's <see cref="Exception.HResult"/>, or that of the one inside, is the error number.</remarks>
internal abstract class DurableFiles
{
    /// <summary>The best one for this machine.</summary>
    internal static DurableFiles ForThisMachine { get; } =
        OperatingSystem.IsLinux() ? new LinuxDurableFiles() : new PortableDurableFiles();

    /// <summary>Stats a name, or answers that there is nothing of this name.</summary>
    internal abstract bool TryStat(string path, out FileStatus status);

    internal abstract FileStatus Stat(SafeFileHandle file);

    /// <summary>Opens a file to be read. One that is replaced or deleted meanwhile can be read on.</summary>
    internal abstract SafeFileHandle OpenRead(string path);

    /// <summary>Says that a file is about to be read in order, so that the system reads further ahead.</summary>
    internal abstract void WillReadInOrder(SafeFileHandle file, long offset, long length);

    /// <summary>Starts to move a range of a file to the disk, without waiting for it.</summary>
    internal abstract void StartWriteBack(SafeFileHandle file, long offset, long length);

    /// <summary>Gives a file its final name where that is free: exactly one of several processes that try succeeds.</summary>
    /// <returns>Whether the name was free. The file keeps its old name where it was not.</returns>
    internal abstract bool TryPublish(string path, string newPath);

    /// <summary>Creates a file that is written without a buffer.</summary>
    internal virtual FileStream Create(string path, FileStreamOptions how) => new(path, how);

    /// <summary>Writes all of a span.</summary>
    internal virtual void Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset) => FileWrite.InPieces(file, content, offset);

    /// <summary>Writes small segments with one call.</summary>
    internal virtual void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> segments, long offset) =>
        RandomAccess.Write(file, segments, offset);

    /// <summary>Waits until the content of a file is on the disk.</summary>
    internal virtual void SyncFile(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    /// <summary>Gives a file its final name, in the place of the file that has it now.</summary>
    internal virtual void Replace(string path, string newPath) => File.Move(path, newPath, overwrite: true);

    /// <summary>Removes a name; one that is not there is no error.</summary>
    internal virtual void Delete(string path) => File.Delete(path);

    /// <summary>Makes the names in a directory durable. Does nothing where the platform has no such call.</summary>
    /// <returns>Whether there is such a directory.</returns>
    internal abstract bool TrySyncDirectory(string path);

    /// <summary>Creates a directory. One that is there already stays as it is.</summary>
    /// <returns>Whether it is there; not where the one above it is missing.</returns>
    internal abstract bool TryCreateDirectory(string path, UnixFileMode mode);

    /// <summary>Removes a directory where it is there and empty.</summary>
    /// <returns>Whether it was.</returns>
    internal abstract bool TryRemoveDirectory(string path);
}
