using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <content>Calls that take an open descriptor.</content>
internal static unsafe partial class SystemCalls
{
    private const int DuplicateCloseOnExec = 1030;
    private const int SeekSet = 0;
    private const int SeekDataNumber = 3;
    private const int SeekHoleNumber = 4;
    private const int AdviceSequential = 2;

    private static readonly nint s_getdents64 = IsArm ? 61 : 217;
    private static readonly nint s_fchmodat2 = 452;

    /// <summary>Closes a descriptor. Not started again when interrupted: Linux has closed it by then.</summary>
    internal static int Close(int descriptor) => Result(close(descriptor));

    internal static int Duplicate(int descriptor) => Result(fcntl(descriptor, DuplicateCloseOnExec, 0));

    internal static int Stat(int descriptor, out FileStatus status)
    {
        fixed (byte* path = "\0"u8)
        {
            return Statx(descriptor, path, LookupFlags.EmptyPath, out status);
        }
    }

    /// <summary>Reads records of a directory (<c>struct linux_dirent64</c>) from where the descriptor stands.</summary>
    internal static int ReadDirectory(int descriptor, Span<byte> records)
    {
        fixed (byte* to = records)
        {
            nint result;
            do
            {
                result = Syscall(s_getdents64, descriptor, (nint)to, records.Length, 0);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static long Rewind(int descriptor) => Result(lseek(descriptor, 0, SeekSet));

    internal static long SeekData(int descriptor, long offset) => Result(lseek(descriptor, offset, SeekDataNumber));

    internal static long SeekHole(int descriptor, long offset) => Result(lseek(descriptor, offset, SeekHoleNumber));

    internal static int ReadAt(int descriptor, Span<byte> buffer, long offset)
    {
        fixed (byte* to = buffer)
        {
            nint result;
            do
            {
                result = pread(descriptor, to, (nuint)buffer.Length, offset);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static int WriteAt(int descriptor, ReadOnlySpan<byte> content, long offset)
    {
        fixed (byte* from = content)
        {
            nint result;
            do
            {
                result = pwrite(descriptor, from, (nuint)content.Length, offset);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static int Truncate(int descriptor, long length)
    {
        int result;
        do
        {
            result = ftruncate(descriptor, length);
        }
        while (IsInterrupted(result));

        return Result(result);
    }

    /// <summary>Only advice: whether the system takes it changes nothing but the speed.</summary>
    internal static void AdviseSequential(int descriptor) => _ = posix_fadvise(descriptor, 0, 0, AdviceSequential);

    /// <summary>Works with a descriptor of a name alone (<c>O_PATH</c>), too.</summary>
    internal static int ChangeOwner(int descriptor, uint userId, uint groupId)
    {
        fixed (byte* path = "\0"u8)
        {
            int result;
            do
            {
                result = fchownat(descriptor, path, userId, groupId, LookupFlags.EmptyPath);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    internal static int ChangeMode(int descriptor, int mode)
    {
        int result;
        do
        {
            result = fchmod(descriptor, (uint)mode);
        }
        while (IsInterrupted(result));

        return Result(result);
    }

    /// <summary>For a descriptor of a name alone; needs Linux 6.6 (<c>ENOSYS</c> before).</summary>
    internal static int ChangeNodeMode(int descriptor, int mode)
    {
        fixed (byte* path = "\0"u8)
        {
            nint result;
            do
            {
                result = Syscall(s_fchmodat2, descriptor, (nint)path, mode, LookupFlags.EmptyPath);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    /// <summary>Follows the path: for <c>/proc/self/fd/N</c> only, which leads to what the descriptor holds and no further.</summary>
    internal static int ChangeModeByPath(ReadOnlySpan<byte> terminatedPath, int mode)
    {
        fixed (byte* path = terminatedPath)
        {
            int result;
            do
            {
                result = fchmodat(LookupFlags.WorkingDirectory, path, (uint)mode, 0);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    internal static int ChangeTimes(int descriptor, UnixTime accessed, UnixTime modified)
    {
        Timespec* times = stackalloc Timespec[] { new(accessed), new(modified) };
        int result;
        do
        {
            result = futimens(descriptor, times);
        }
        while (IsInterrupted(result));

        return Result(result);
    }

    /// <summary>For a descriptor of a name alone; needs Linux 5.8 (<c>EINVAL</c> before).</summary>
    internal static int ChangeNodeTimes(int descriptor, UnixTime accessed, UnixTime modified)
    {
        fixed (byte* path = "\0"u8)
        {
            return ChangeTimesAt(descriptor, path, accessed, modified, LookupFlags.EmptyPath);
        }
    }

    /// <summary>Follows the path: for <c>/proc/self/fd/N</c> only, which leads to what the descriptor holds and no further.</summary>
    internal static int ChangeTimesByPath(ReadOnlySpan<byte> terminatedPath, UnixTime accessed, UnixTime modified)
    {
        fixed (byte* path = terminatedPath)
        {
            return ChangeTimesAt(LookupFlags.WorkingDirectory, path, accessed, modified, 0);
        }
    }

    private static int ChangeTimesAt(int directory, byte* path, UnixTime accessed, UnixTime modified, int flags)
    {
        Timespec* times = stackalloc Timespec[] { new(accessed), new(modified) };
        int result;
        do
        {
            result = utimensat(directory, path, times, flags);
        }
        while (IsInterrupted(result));

        return Result(result);
    }

    [LibraryImport(C, SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, nint argument);

    [LibraryImport(C, SetLastError = true)]
    private static partial long lseek(int descriptor, long offset, int whence);

    [LibraryImport(C, SetLastError = true)]
    private static partial nint pread(int descriptor, byte* buffer, nuint length, long offset);

    [LibraryImport(C, SetLastError = true)]
    private static partial nint pwrite(int descriptor, byte* buffer, nuint length, long offset);

    [LibraryImport(C, SetLastError = true)]
    private static partial int ftruncate(int descriptor, long length);

    [LibraryImport(C)]
    private static partial int posix_fadvise(int descriptor, long offset, long length, int advice);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchownat(int directory, byte* path, uint userId, uint groupId, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchmod(int descriptor, uint mode);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fchmodat(int directory, byte* path, uint mode, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int futimens(int descriptor, Timespec* times);

    [LibraryImport(C, SetLastError = true)]
    private static partial int utimensat(int directory, byte* path, Timespec* times, int flags);
}
