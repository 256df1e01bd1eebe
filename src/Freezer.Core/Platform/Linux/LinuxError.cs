using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <summary>Makes exceptions of error numbers: the call, the name, what the system says, and what can be done.</summary>
internal static class LinuxError
{
    /// <param name="call">The system call's name.</param>
    /// <param name="error">The error number, positive or as the negative result of a <see cref="SystemCalls"/> method.</param>
    /// <param name="name">What the call was for; empty where it has no name of its own.</param>
    internal static FileSystemException Make(string call, long error, ReadOnlySpan<byte> name)
    {
        int number = (int)Math.Abs(error);
        string subject = name.IsEmpty ? "an open file" : $"'{EntryPath.ToText(name)}'";
        return new FileSystemException(Classify(number), $"{call} of {subject}: {Marshal.GetPInvokeErrorMessage(number)}{Hint(number)}");
    }

    /// <summary>The error of a directory that could not be opened. The system says "not a directory" of a link as well.</summary>
    internal static FileSystemException MakeForDirectory(int directory, ReadOnlySpan<byte> name, int error)
    {
        bool isLink = error == -Errno.NotADirectory
            && SystemCalls.StatAt(directory, name, out FileStatus status) == 0
            && status.Kind == FileKind.SymbolicLink;
        return Make("openat", isLink ? Errno.TooManyLinks : error, name);
    }

    private static FileError Classify(int error) => error switch
    {
        Errno.NoEntry => FileError.NotFound,
        Errno.AccessDenied or Errno.NotPermitted => FileError.AccessDenied,
        Errno.Exists => FileError.Exists,
        Errno.NotADirectory => FileError.NotADirectory,
        Errno.IsADirectory => FileError.IsADirectory,
        Errno.NotEmpty => FileError.DirectoryNotEmpty,
        Errno.TooManyLinks => FileError.IsALink,
        Errno.NotSupported or Errno.NoSystemCall => FileError.NotSupported,
        Errno.NoSpace or Errno.QuotaExceeded => FileError.NoSpace,
        Errno.SystemFileTableFull or Errno.ProcessFileTableFull => FileError.TooManyOpenFiles,
        Errno.NameTooLong => FileError.NameTooLong,
        _ => FileError.Other,
    };

    private static string Hint(int error) => error switch
    {
        Errno.AccessDenied or Errno.NotPermitted => " (run as root, or as a user who may do this)",
        Errno.TooManyLinks => " (a symbolic link stands where none is followed)",
        Errno.NotSupported or Errno.NoSystemCall => " (the file system or the kernel cannot do this)",
        Errno.NoSpace => " (free some space)",
        Errno.QuotaExceeded => " (the quota is used up)",
        Errno.ReadOnlyFileSystem => " (mount the file system for writing)",
        Errno.SystemFileTableFull => " (the whole system has too many files open)",
        Errno.ProcessFileTableFull => " (raise the limit of open files, ulimit -n)",
        _ => "",
    };
}
