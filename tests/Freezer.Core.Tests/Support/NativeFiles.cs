using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Freezer.Platform;

namespace Freezer.Tests.Support;

/// <summary>The system calls that tests change a tree with, on paths of any bytes. Independent of what they test.</summary>
internal static unsafe partial class NativeFiles
{
    private const int WorkingDirectory = -100;
    private const int NoFollow = 0x100;

    internal static byte[] Path(string directory, ReadOnlySpan<byte> relative) => [.. Encoding.UTF8.GetBytes(directory), (byte)'/', .. relative];

    internal static byte[] Path(string path) => Encoding.UTF8.GetBytes(path);

    internal static void Rename(ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) => Check(rename(Terminate(from), Terminate(to)));

    internal static void Link(ReadOnlySpan<byte> existing, ReadOnlySpan<byte> name) => Check(link(Terminate(existing), Terminate(name)));

    internal static void SymbolicLink(ReadOnlySpan<byte> target, ReadOnlySpan<byte> name) => Check(symlink(Terminate(target), Terminate(name)));

    internal static void MakeDirectory(ReadOnlySpan<byte> path) => Check(mkdir(Terminate(path), 0x1ED));

    internal static void MakeFifo(ReadOnlySpan<byte> path) => Check(mkfifo(Terminate(path), 0x1A4));

    internal static void Unlink(ReadOnlySpan<byte> path) => Check(unlink(Terminate(path)));

    internal static void RemoveDirectory(ReadOnlySpan<byte> path) => Check(rmdir(Terminate(path)));

    internal static void SetMode(ReadOnlySpan<byte> path, int mode) => Check(chmod(Terminate(path), (uint)mode));

    internal static void SetOwner(ReadOnlySpan<byte> path, uint user, uint group) => Check(lchown(Terminate(path), user, group));

    internal static void Truncate(ReadOnlySpan<byte> path, long length) => Check(truncate(Terminate(path), length));

    internal static void SetTimes(ReadOnlySpan<byte> path, UnixTime modified)
    {
        Span<long> times = [modified.Seconds, modified.Nanoseconds, modified.Seconds, modified.Nanoseconds];
        fixed (long* pair = times)
        {
            Check(utimensat(WorkingDirectory, Terminate(path), pair, NoFollow));
        }
    }

    internal static void SetAttribute(ReadOnlySpan<byte> path, string name, byte[] value) =>
        Check(lsetxattr(Terminate(path), Terminate(Encoding.UTF8.GetBytes(name)), value, (nuint)value.Length, 0));

    /// <summary>Creates a file, or writes over what an existing one holds, without giving it another inode.</summary>
    internal static void Write(ReadOnlySpan<byte> path, ReadOnlySpan<byte> content, long offset = 0)
    {
        const int WriteOnly = 1;
        const int Create = 0x40;
        int descriptor = open(Terminate(path), WriteOnly | Create, 0x1A4);
        Check(descriptor);
        try
        {
            while (!content.IsEmpty)
            {
                fixed (byte* bytes = content)
                {
                    nint written = pwrite(descriptor, bytes, (nuint)content.Length, offset);
                    Check((int)written);
                    content = content[(int)written..];
                    offset += written;
                }
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    private static byte[] Terminate(ReadOnlySpan<byte> path) => [.. path, 0];

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int rename(byte[] from, byte[] to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int link(byte[] existing, byte[] name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlink(byte[] target, byte[] name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdir(byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkfifo(byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlink(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int rmdir(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int chmod(byte[] path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lchown(byte[] path, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int truncate(byte[] path, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int directory, byte[] path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte[] path, byte[] name, byte[] value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(byte[] path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(int descriptor, byte* bytes, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
