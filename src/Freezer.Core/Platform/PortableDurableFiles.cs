using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform;

/// <summary><see cref="DurableFiles"/> by the base class library, for Windows and macOS.</summary>
/// <remarks>Neither has an inode in .NET nor a way to flush a directory; both journal the names in it.</remarks>
internal sealed partial class PortableDurableFiles : DurableFiles
{
    /// <summary>EEXIST, the same number on every Unix.</summary>
    private const int Exists = 17;

    /// <summary>HRESULT_FROM_WIN32 of ERROR_FILE_EXISTS and ERROR_ALREADY_EXISTS.</summary>
    private const int WindowsFileExists = unchecked((int)0x80070050);
    private const int WindowsAlreadyExists = unchecked((int)0x800700B7);

    internal override bool TryStat(string path, out FileStatus status)
    {
        status = default;
        FileInfo file = new(path);
        if (file.LinkTarget is not null)
        {
            status.Kind = FileKind.SymbolicLink;
            return true;
        }

        if (!file.Exists)
        {
            bool isDirectory = Directory.Exists(path);
            status.Kind = isDirectory ? FileKind.Directory : FileKind.Unknown;
            status.Modified = isDirectory ? TimeOf(Directory.GetLastWriteTimeUtc(path)) : default;
            return isDirectory;
        }

        status.Kind = FileKind.Regular;
        status.Size = file.Length;
        status.Modified = TimeOf(file.LastWriteTimeUtc);
        return true;
    }

    internal override FileStatus Stat(SafeFileHandle file) => new()
    {
        Kind = FileKind.Regular,
        Size = RandomAccess.GetLength(file),
        Modified = TimeOf(File.GetLastWriteTimeUtc(file)),
    };

    internal override SafeFileHandle OpenRead(string path) =>
        TryStat(path, out FileStatus status) && status.Kind == FileKind.Regular
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan)
            : throw new FileNotFoundException($"There is no regular file '{path}'.", path);

    internal override void WillReadInOrder(SafeFileHandle file, long offset, long length)
    {
        // Said when the file was opened.
    }

    internal override void StartWriteBack(SafeFileHandle file, long offset, long length)
    {
        // There is no such call; the flush at the end does all of it.
    }

    internal override bool TryPublish(string path, string newPath)
    {
        if (!OperatingSystem.IsWindows())
        {
            return TryLink(path, newPath);
        }

        try
        {
            File.Move(path, newPath, overwrite: false);
            return true;
        }
        catch (IOException failure) when (failure.HResult is WindowsFileExists or WindowsAlreadyExists)
        {
            return false;
        }
    }

    internal override bool TrySyncDirectory(string path) => Directory.Exists(path);

    internal override bool TryCreateDirectory(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, mode);
        }

        return true;
    }

    internal override bool TryRemoveDirectory(string path)
    {
        try
        {
            Directory.Delete(path, recursive: false);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException) when (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            return false;
        }
    }

    /// <summary>Links and unlinks, since a move in .NET looks for the target and then renames: two may find it free.</summary>
    private static bool TryLink(string path, string newPath)
    {
        if (Link(path, newPath) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error == Exists ? false : throw new IOException($"{Marshal.GetPInvokeErrorMessage(error)}: '{newPath}'", error);
        }

        File.Delete(path);
        return true;
    }

    private static UnixTime TimeOf(DateTime time) => UnixTime.From(new DateTimeOffset(time, TimeSpan.Zero));

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string path, string newPath);
}
