using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform.Portable;

/// <summary>Sets what the base class library can set, and refuses what it would bend.</summary>
internal static class PortableMetadata
{
    private const int AllModeBits = 0xFFF;

    internal static void SetMode(string path, int mode)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)mode, (uint)AllModeBits, nameof(mode));
        if (OperatingSystem.IsWindows())
        {
            throw PortableError.NotSupported("set the mode of", path);
        }

        // The base class library would follow a link.
        if (PortableStatus.Read(path).Kind == FileKind.SymbolicLink)
        {
            throw PortableError.NotSupported("set the mode of the link", path);
        }

        try
        {
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("set the mode of", path, exception);
        }
    }

    internal static void SetMode(SafeFileHandle handle, string path, int mode)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)mode, (uint)AllModeBits, nameof(mode));
        if (OperatingSystem.IsWindows())
        {
            throw PortableError.NotSupported("set the mode of", path);
        }

        try
        {
            File.SetUnixFileMode(handle, (UnixFileMode)mode);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("set the mode of", path, exception);
        }
    }

    /// <summary>Sets the times of a path, of a link itself where it is one.</summary>
    internal static void SetTimes(string path, UnixTime modified, UnixTime accessed)
    {
        (DateTime written, DateTime read) = (ToDateTime(modified, path), ToDateTime(accessed, path));
        try
        {
            if (PortableStatus.IsDirectory(path))
            {
                Directory.SetLastAccessTimeUtc(path, read);
                Directory.SetLastWriteTimeUtc(path, written);
            }
            else
            {
                File.SetLastAccessTimeUtc(path, read);
                File.SetLastWriteTimeUtc(path, written);
            }
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("set the times of", path, exception);
        }
    }

    internal static void SetTimes(SafeFileHandle handle, string path, UnixTime modified, UnixTime accessed)
    {
        (DateTime written, DateTime read) = (ToDateTime(modified, path), ToDateTime(accessed, path));
        try
        {
            File.SetLastAccessTimeUtc(handle, read);
            File.SetLastWriteTimeUtc(handle, written);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("set the times of", path, exception);
        }
    }

    private static DateTime ToDateTime(UnixTime time, string path)
    {
        DateTimeOffset instant = time.ToDateTimeOffset();
        return UnixTime.From(instant).Seconds == time.Seconds
            ? instant.UtcDateTime
            : throw new FileSystemException(FileError.NotSupported, $"The base class library has no time {time.Seconds} s since 1970, which '{PortableError.Printable(path)}' should get");
    }
}
