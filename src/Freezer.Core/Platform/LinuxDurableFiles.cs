using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Freezer.Platform.LinuxFileSync;

namespace Freezer.Platform;

/// <summary><see cref="DurableFiles"/> by the calls of Linux.</summary>
internal sealed class LinuxDurableFiles : DurableFiles
{
    internal override bool TryStat(string path, out FileStatus status)
    {
        if (LinuxFileSync.Stat(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out StatResult result) == 0)
        {
            status = StatusOf(result);
            return true;
        }

        status = default;
        int error = Marshal.GetLastPInvokeError();
        return error is ENOENT or ENOTDIR ? false : throw Failure(error, path);
    }

    internal override FileStatus Stat(SafeFileHandle file) =>
        LinuxFileSync.Stat(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, out StatResult result) == 0
            ? StatusOf(result)
            : throw Failure(Marshal.GetLastPInvokeError(), "an open file");

    /// <remarks>Without O_NONBLOCK a FIFO that somebody put there would hold the call for ever; it means nothing to a
    /// regular file. Unlike the base class library this takes no lock, since names are only ever given to finished files.</remarks>
    internal override SafeFileHandle OpenRead(string path) => OpenOrThrow(path, O_NOFOLLOW | O_NONBLOCK);

    internal override void WillReadInOrder(SafeFileHandle file, long offset, long length) =>
        _ = Advise(file, offset, length, POSIX_FADV_SEQUENTIAL);

    /// <remarks>The outcome is left alone: a file system without this call loses a little speed, and a failing disk is
    /// reported by the fsync that follows.</remarks>
    internal override void StartWriteBack(SafeFileHandle file, long offset, long length) =>
        _ = SyncFileRange(file, offset, length, SYNC_FILE_RANGE_WRITE);

    internal override bool TryPublish(string path, string newPath)
    {
        if (Link(path, newPath) == 0)
        {
            File.Delete(path);
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error switch
        {
            // A network file system may repeat a request whose answer was lost, and find its own link there.
            EEXIST when TryStat(path, out FileStatus status) && status.LinkCount > 1 => true,
            EEXIST => false,
            EPERM or EOPNOTSUPP or ENOSYS or EMLINK => TryRename(path, newPath),
            _ => throw Failure(error, newPath),
        };
    }

    internal override bool TrySyncDirectory(string path)
    {
        int descriptor = Open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error is ENOENT or ENOTDIR ? false : throw Failure(error, path);
        }

        using SafeFileHandle directory = new(descriptor, ownsHandle: true);
        if (Sync(directory) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != EINVAL)
            {
                throw Failure(error, path);
            }

            // Some network and FUSE file systems keep their names durable by themselves and know no fsync of a directory.
        }

        return true;
    }

    /// <remarks>The base class library would make missing ones above it too, open to everybody.</remarks>
    internal override bool TryCreateDirectory(string path, UnixFileMode mode)
    {
        if (CreateDirectory(path, (uint)mode) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error switch
        {
            EEXIST => true,
            ENOENT => false,
            _ => throw Failure(error, path),
        };
    }

    internal override bool TryRemoveDirectory(string path)
    {
        if (RemoveDirectory(path) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error is ENOENT or ENOTDIR or ENOTEMPTY or EEXIST ? false : throw Failure(error, path);
    }

    /// <summary>The way for file systems without hard links, exFAT for one.</summary>
    private static bool TryRename(string path, string newPath)
    {
        if (Rename(AT_FDCWD, path, AT_FDCWD, newPath, RENAME_NOREPLACE) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error switch
        {
            EEXIST => false,
            EINVAL or ENOSYS => throw new FileSystemException(
                FileError.NotSupported, "The file system has neither hard links nor a rename that spares an existing file."),
            _ => throw Failure(error, newPath),
        };
    }

    private static SafeFileHandle OpenOrThrow(string path, int flags)
    {
        int descriptor = Open(path, O_RDONLY | O_CLOEXEC | flags);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw Failure(Marshal.GetLastPInvokeError(), path);
    }

    private static FileStatus StatusOf(in StatResult result) => new()
    {
        Kind = (result.Mode & S_IFMT) switch
        {
            S_IFREG => FileKind.Regular,
            S_IFDIR => FileKind.Directory,
            S_IFLNK => FileKind.SymbolicLink,
            S_IFIFO => FileKind.Fifo,
            S_IFCHR => FileKind.CharacterDevice,
            S_IFBLK => FileKind.BlockDevice,
            S_IFSOCK => FileKind.Socket,
            _ => FileKind.Unknown,
        },
        Mode = result.Mode & 0xfff,
        Size = (long)result.Size,
        Modified = new UnixTime(result.ModifiedSeconds, (int)result.ModifiedNanoseconds),
        Inode = result.Inode,
        LinkCount = result.LinkCount,
    };

    private static IOException Failure(int error, string path) =>
        new($"{Marshal.GetPInvokeErrorMessage(error)}: '{path}'", error);
}
