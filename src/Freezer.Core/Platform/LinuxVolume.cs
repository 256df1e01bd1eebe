using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Freezer.Platform.Linux;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform;

/// <summary>What .NET does not offer for volumes on Linux: holes, and the length of a block device.</summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxVolume
{
    private const string Libc = "libc";

    private const int SEEK_DATA = 3;
    private const int SEEK_HOLE = 4;
    private const int FALLOC_FL_KEEP_SIZE = 0x01;
    private const int FALLOC_FL_PUNCH_HOLE = 0x02;
    private const int O_RDONLY = 0;
    private const int O_EXCL = 0x80;
    private const int O_CLOEXEC = 0x80000;
    private const int TypeShift = 12;
    private const int EINTR = 4;
    private const int ENXIO = 6;
    private const int EBUSY = 16;

    // _IOR(0x12, 114, size_t); PowerPC, SPARC and MIPS number the directions differently, and .NET runs on none of the latter two.
    private const nuint BLKGETSIZE64 = 0x80081272;
    private const nuint BLKGETSIZE64_PowerPC = 0x40081272;

    /// <summary>Whether this machine has what is here. The offsets of 32-bit systems are too short for volumes.</summary>
    [SupportedOSPlatformGuard("linux")]
    internal static bool IsAvailable => OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Finds the next extent of data at or after an offset, up to a length. False where only a hole, or nothing, is left.
    /// Where the file system, or the kind of file, cannot tell, the rest is one extent.</summary>
    internal static bool TryFindData(SafeFileHandle handle, long offset, long length, out long start, out long end)
    {
        start = lseek(handle, offset, SEEK_DATA);
        if (start < 0)
        {
            bool isHole = Marshal.GetLastPInvokeError() == ENXIO;
            (start, end) = (offset, length);
            return !isHole && end > start;
        }

        // A hole is at the end of the file at the latest. Where it cannot be found (the file has just shrunk, or the disk fails), reading tells.
        end = lseek(handle, start, SEEK_HOLE);
        end = end < 0 ? length : Math.Min(end, length);
        return end > start;
    }

    /// <summary>What a path leads to, links followed; <see cref="FileKind.Unknown"/> where that cannot be told.</summary>
    internal static FileKind FindKind(string path) =>
        LinuxFileSync.Stat(LinuxFileSync.AT_FDCWD, path, 0, LinuxFileSync.STATX_BASIC_STATS, out LinuxFileSync.StatResult result) == 0
            ? StatxBuffer.KindOf(result.Mode >> TypeShift)
            : FileKind.Unknown;

    /// <summary>The length of a block device in bytes; false where the handle is something else.</summary>
    internal static bool TryGetDeviceLength(SafeFileHandle handle, out long length)
    {
        nuint request = RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? BLKGETSIZE64_PowerPC : BLKGETSIZE64;
        return ioctl(handle, request, out length) == 0;
    }

    /// <summary>Claims a block device, so that it cannot be mounted until the handle is disposed.</summary>
    /// <exception cref="IOException">It is mounted, or somebody else has claimed it.</exception>
    internal static SafeFileHandle ClaimDevice(string path)
    {
        SafeFileHandle handle = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
        if (handle.IsInvalid)
        {
            int error = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new IOException(error == EBUSY
                ? $"The device {path} is in use: it is mounted, or part of another device."
                : $"The device {path} cannot be claimed: {Marshal.GetPInvokeErrorMessage(error)}.");
        }

        return handle;
    }

    /// <summary>Makes a range read as zeros and gives its space back, within the file's length.</summary>
    /// <returns>False where the file system or the device does not do this, or not for this range: write zeros then.</returns>
    internal static bool TryPunchHole(SafeFileHandle handle, long offset, long length)
    {
        int result;
        do
        {
            result = fallocate(handle, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
        }
        while (result != 0 && Marshal.GetLastPInvokeError() == EINTR);

        return result == 0;
    }

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static partial long lseek(SafeFileHandle handle, long offset, int whence);

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int fallocate(SafeFileHandle handle, int mode, long offset, long length);

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int ioctl(SafeFileHandle handle, nuint request, out long value);
}
