using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <content>Calls that take a name in a directory. None follows a link in the place of that name.</content>
[SkipLocalsInit]
internal static unsafe partial class SystemCalls
{
    private const uint ModeFifo = 0x1000;
    private const uint ModeCharacterDevice = 0x2000;
    private const uint ModeBlockDevice = 0x6000;
    private const uint OwnerOnly = 0x180;

    private static readonly nint s_mknodat = IsArm ? 33 : 259;

    /// <summary>Opens a path that a user named; links are followed.</summary>
    internal static int Open(ReadOnlySpan<byte> terminatedPath, int flags)
    {
        fixed (byte* path = terminatedPath)
        {
            return OpenAt(LookupFlags.WorkingDirectory, path, flags, 0);
        }
    }

    /// <summary>Opens a name; a symbolic link is an error.</summary>
    internal static int OpenAt(int directory, ReadOnlySpan<byte> name, int flags, uint mode = 0)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer))
        {
            return OpenAt(directory, path, flags | OpenFlags.NoFollow, mode);
        }
    }

    /// <summary>Opens the directory once more, with a position of its own.</summary>
    internal static int Reopen(int directory, int flags)
    {
        fixed (byte* path = "."u8)
        {
            return OpenAt(directory, path, flags, 0);
        }
    }

    internal static int StatAt(int directory, ReadOnlySpan<byte> name, out FileStatus status)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer))
        {
            return StatAt(directory, path, out status);
        }
    }

    /// <summary>Stats a name that ends with a zero and is known to be a single component: one that a directory's records hold.</summary>
    internal static int StatAt(int directory, byte* name, out FileStatus status) =>
        Statx(directory, name, LookupFlags.NoFollow | LookupFlags.NoAutomount, out status);

    /// <summary>Stats a path that a user named; links are followed.</summary>
    internal static int Stat(ReadOnlySpan<byte> terminatedPath, out FileStatus status)
    {
        fixed (byte* path = terminatedPath)
        {
            return Statx(LookupFlags.WorkingDirectory, path, 0, out status);
        }
    }

    internal static int ReadLinkAt(int directory, ReadOnlySpan<byte> name, Span<byte> target)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer), to = target)
        {
            nint result;
            do
            {
                result = readlinkat(directory, path, to, (nuint)target.Length);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static int MakeDirectoryAt(int directory, ReadOnlySpan<byte> name, uint mode)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer))
        {
            int result;
            do
            {
                result = mkdirat(directory, path, mode);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    internal static int SymbolicLinkAt(int directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        Span<byte> targetBuffer = stackalloc byte[NativeName.TargetCapacity];
        fixed (byte* path = NativeName.Terminate(name, buffer), to = NativeName.TerminateTarget(target, targetBuffer))
        {
            int result;
            do
            {
                result = symlinkat(to, directory, path);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    internal static int LinkAt(int existingDirectory, ReadOnlySpan<byte> existing, int directory, ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        Span<byte> existingBuffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer), from = NativeName.Terminate(existing, existingBuffer))
        {
            int result;
            do
            {
                result = linkat(existingDirectory, from, directory, path, 0);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    /// <summary>Creates a FIFO or a device node that only its owner can open.</summary>
    internal static int MakeNodeAt(int directory, ReadOnlySpan<byte> name, FileKind kind, ulong device)
    {
        uint mode = OwnerOnly | kind switch
        {
            FileKind.Fifo => ModeFifo,
            FileKind.CharacterDevice => ModeCharacterDevice,
            FileKind.BlockDevice => ModeBlockDevice,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Neither a FIFO nor a device."),
        };

        // The system call takes 32 bits; what does not fit would name another device.
        if (device > uint.MaxValue)
        {
            return -Errno.InvalidArgument;
        }

        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer))
        {
            nint result;
            do
            {
                result = Syscall(s_mknodat, directory, (nint)path, (nint)mode, (nint)device);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static int UnlinkAt(int directory, ReadOnlySpan<byte> name, int flags)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer))
        {
            int result;
            do
            {
                result = unlinkat(directory, path, flags);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    internal static int RenameAt(int directory, ReadOnlySpan<byte> name, int newDirectory, ReadOnlySpan<byte> newName)
    {
        Span<byte> buffer = stackalloc byte[NativeName.Capacity];
        Span<byte> newBuffer = stackalloc byte[NativeName.Capacity];
        fixed (byte* path = NativeName.Terminate(name, buffer), to = NativeName.Terminate(newName, newBuffer))
        {
            int result;
            do
            {
                result = renameat(directory, path, newDirectory, to);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    private static int OpenAt(int directory, byte* path, int flags, uint mode)
    {
        int result;
        do
        {
            result = openat(directory, path, flags | OpenFlags.CloseOnExec, mode);
        }
        while (IsInterrupted(result));

        return Result(result);
    }

    private static int Statx(int directory, byte* path, int flags, out FileStatus status)
    {
        StatxBuffer buffer;
        int result;
        do
        {
            result = statx(directory, path, flags, StatxBuffer.Wanted, &buffer);
        }
        while (IsInterrupted(result));

        if (result != 0)
        {
            status = default;
            return Result(result);
        }

        buffer.CopyTo(out status);
        return 0;
    }

    [LibraryImport(C, SetLastError = true)]
    private static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport(C, SetLastError = true)]
    private static partial int statx(int directory, byte* path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(C, SetLastError = true)]
    private static partial nint readlinkat(int directory, byte* path, byte* target, nuint length);

    [LibraryImport(C, SetLastError = true)]
    private static partial int mkdirat(int directory, byte* path, uint mode);

    [LibraryImport(C, SetLastError = true)]
    private static partial int symlinkat(byte* target, int directory, byte* path);

    [LibraryImport(C, SetLastError = true)]
    private static partial int linkat(int existingDirectory, byte* existing, int directory, byte* path, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int unlinkat(int directory, byte* path, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int renameat(int directory, byte* path, int newDirectory, byte* newPath);
}
