namespace Freezer.Platform;

/// <summary>Why a file-system call failed, where the caller does something about it.</summary>
internal enum FileError
{
    Other,
    NotFound,

    /// <summary>EACCES or EPERM.</summary>
    AccessDenied,
    Exists,
    NotADirectory,
    IsADirectory,
    DirectoryNotEmpty,

    /// <summary>A symbolic link stands where none may be followed (ELOOP).</summary>
    IsALink,
    NotSupported,
    NoSpace,
    TooManyOpenFiles,
    NameTooLong,
}

/// <summary>A file-system call failed.</summary>
internal sealed class FileSystemException(FileError error, string message, Exception? innerException = null)
    : IOException(message, innerException)
{
    internal FileError Error { get; } = error;
}
