using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform.Portable;

/// <summary>What the base class library tells of a path, without following it.</summary>
internal static class PortableStatus
{
    private const int LinkMode = 0x1FF;
    private const int DirectoryMode = 0x1ED;
    private const int FileMode = 0x1A4;
    private const int WriteBits = 0x92;
    private const FileAttributes Missing = (FileAttributes)(-1);

    /// <exception cref="FileSystemException">The path cannot be looked at, or is not there.</exception>
    internal static FileStatus Read(string path) =>
        TryRead(path, out FileStatus status) ? status : throw new FileSystemException(FileError.NotFound, $"There is no '{PortableError.Printable(path)}'");

    /// <returns>False where nothing of this name is there.</returns>
    internal static bool TryRead(string path, out FileStatus status)
    {
        try
        {
            return TryRead(new FileInfo(path), out status);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // It vanished between two of the questions.
            status = default;
            return false;
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("look at", path, exception);
        }
    }

    /// <summary>The status of a regular file that is open.</summary>
    /// <param name="handle">The open file.</param>
    /// <param name="path">For messages, and for what a handle does not tell.</param>
    internal static FileStatus Read(SafeFileHandle handle, string path)
    {
        try
        {
            UnixTime modified = UnixTime.From(File.GetLastWriteTimeUtc(handle));
            long length = RandomAccess.GetLength(handle);
            return new FileStatus
            {
                Kind = FileKind.Regular,
                Mode = OperatingSystem.IsWindows() ? Read(path).Mode : (int)File.GetUnixFileMode(handle),
                Size = length,
                Allocated = length,
                Modified = modified,
                Changed = modified,
                LinkCount = 1,
            };
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("look at", path, exception);
        }
    }

    /// <summary>Whether a path is a directory itself and not a link to one.</summary>
    internal static bool IsDirectory(string path) =>
        (File.GetAttributes(path) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) == FileAttributes.Directory;

    private static bool TryRead(FileInfo info, out FileStatus status)
    {
        FileAttributes attributes = info.Attributes;
        if (attributes == Missing)
        {
            status = default;
            return false;
        }

        FileKind kind = KindOf(info, attributes);
        UnixTime modified = UnixTime.From(info.LastWriteTimeUtc);
        status = new FileStatus
        {
            Kind = kind,
            Mode = ModeOf(info, kind, attributes),
            Size = kind switch
            {
                FileKind.Regular => info.Length,
                FileKind.SymbolicLink => Encoding.UTF8.GetByteCount(info.LinkTarget ?? ""),
                _ => 0,
            },
            Modified = modified,
            Changed = modified,
            LinkCount = 1,
        };
        status.Allocated = kind == FileKind.Regular ? status.Size : 0;
        return true;
    }

    private static FileKind KindOf(FileInfo info, FileAttributes attributes)
    {
        if (attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            // Windows knows more that is neither file nor directory nor link: placeholders of files that are elsewhere.
            return info.LinkTarget is null ? FileKind.Unknown : FileKind.SymbolicLink;
        }

        return attributes.HasFlag(FileAttributes.Directory) ? FileKind.Directory
            : OperatingSystem.IsWindows() || info.Length != 0 ? FileKind.Regular
            : SpecialFile.KindOf(info.FullName);
    }

    private static int ModeOf(FileInfo info, FileKind kind, FileAttributes attributes)
    {
        if (kind == FileKind.SymbolicLink)
        {
            return LinkMode;
        }

        if (!OperatingSystem.IsWindows())
        {
            return (int)info.UnixFileMode;
        }

        int mode = kind == FileKind.Directory ? DirectoryMode : FileMode;
        return kind == FileKind.Regular && attributes.HasFlag(FileAttributes.ReadOnly) ? mode & ~WriteBits : mode;
    }
}
