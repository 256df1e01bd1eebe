using Freezer.Platform;

namespace Freezer.Storage;

/// <summary>Says what a failure of the file system means for a storage.</summary>
internal static class FileStorageErrors
{
    /// <summary>Error numbers that are the same on Linux and macOS.</summary>
    private const int NoEntry = 2, TooManyOpenInSystem = 23, TooManyOpen = 24, NotADirectory = 20, NoSpaceLeft = 28, ReadOnly = 30;

    private const int LinuxNameTooLong = 36, LinuxLoop = 40, LinuxQuota = 122;

    private const int MacLoop = 62, MacNameTooLong = 63, MacQuota = 69;

    /// <summary>HRESULT_FROM_WIN32 of ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED, ERROR_SHARING_VIOLATION.</summary>
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027), WindowsDiskFull = unchecked((int)0x80070070),
        WindowsQuota = unchecked((int)0x8007050F), WindowsSharing = unchecked((int)0x80070020);

    /// <summary>Whether an exception comes from the file system and has not been told as a storage's yet. The base class
    /// library tells EFBIG, a file too large for its file system, as an argument that is out of range.</summary>
    internal static bool IsForeign(Exception failure) =>
        failure is (IOException and not StorageException) or UnauthorizedAccessException or ArgumentOutOfRangeException;

    internal static StorageException Of(string? key, Exception failure)
    {
        (StorageErrorKind kind, string message) = Describe(failure);
        bool isTransient = kind == StorageErrorKind.Unavailable;
        return new StorageException(kind, key, message, isTransient, failure);
    }

    /// <summary>Whether the failure says that a name, or a directory on the way to it, is missing.</summary>
    internal static bool IsMissing(IOException failure) =>
        failure is FileNotFoundException or DirectoryNotFoundException || ErrorNumberOf(failure) is NoEntry or NotADirectory;

    private static (StorageErrorKind Kind, string Message) Describe(Exception failure)
    {
        switch (failure)
        {
            case FileNotFoundException or DirectoryNotFoundException:
                return (StorageErrorKind.NotFound, "there is no such object");
            case PathTooLongException:
                return (StorageErrorKind.Unsupported, "its path is longer than the file system takes; choose a root with a shorter path");
            case FileSystemException { Error: FileError.NotSupported }:
                return (StorageErrorKind.Unsupported, failure.Message);
            case UnauthorizedAccessException:
                return Denied(failure);
            case ArgumentOutOfRangeException:
                return (StorageErrorKind.TooLarge, "the file system takes no file of this length");
        }

        return ErrorNumberOf(failure) switch
        {
            NoEntry or NotADirectory => (StorageErrorKind.NotFound, "there is no such object"),
            LinuxFileSync.EACCES or LinuxFileSync.EPERM or ReadOnly => Denied(failure),
            NoSpaceLeft or WindowsDiskFull or WindowsHandleDiskFull =>
                (StorageErrorKind.NoSpace, "the file system is full"),
            TooManyOpen or TooManyOpenInSystem => (StorageErrorKind.Unavailable, "too many files are open"),
            WindowsSharing => (StorageErrorKind.Unavailable, "another process keeps the file to itself"),
            WindowsQuota => OverQuota,
            LinuxQuota when !OperatingSystem.IsMacOS() => OverQuota,
            MacQuota when OperatingSystem.IsMacOS() => OverQuota,
            LinuxNameTooLong when !OperatingSystem.IsMacOS() => TooLong,
            MacNameTooLong when OperatingSystem.IsMacOS() => TooLong,
            LinuxLoop when !OperatingSystem.IsMacOS() => ALink,
            MacLoop when OperatingSystem.IsMacOS() => ALink,
            _ => (StorageErrorKind.Unknown, failure.Message),
        };
    }

    private static (StorageErrorKind Kind, string Message) OverQuota =>
        (StorageErrorKind.NoSpace, "the quota of the file system is used up");

    private static (StorageErrorKind Kind, string Message) TooLong =>
        (StorageErrorKind.Unsupported, "its path is longer than the file system takes; choose a root with a shorter path");

    private static (StorageErrorKind Kind, string Message) ALink =>
        (StorageErrorKind.NotFound, "a symbolic link stands there, and links are no objects");

    private static (StorageErrorKind Kind, string Message) Denied(Exception failure) =>
        (StorageErrorKind.AccessDenied, $"the file system refuses it to this user: {failure.Message}");

    /// <summary>The base class library wraps some failures, and leaves the number on the inner one.</summary>
    private static int ErrorNumberOf(Exception failure) =>
        failure.InnerException is IOException inner ? inner.HResult : failure.HResult;
}
