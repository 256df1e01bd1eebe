using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <content>Extended attributes: of an open file, or of what a path below <c>/proc/self/fd</c> stands for.
/// An empty path means the open file.</content>
internal static unsafe partial class SystemCalls
{
    internal static int ListAttributes(int descriptor, ReadOnlySpan<byte> terminatedPath, Span<byte> names)
    {
        fixed (byte* to = names, path = terminatedPath)
        {
            nint result;
            do
            {
                result = path == null
                    ? flistxattr(descriptor, to, (nuint)names.Length)
                    : listxattr(path, to, (nuint)names.Length);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static int GetAttribute(int descriptor, ReadOnlySpan<byte> terminatedPath, ReadOnlySpan<byte> terminatedName, Span<byte> value)
    {
        fixed (byte* name = terminatedName, to = value, path = terminatedPath)
        {
            nint result;
            do
            {
                result = path == null
                    ? fgetxattr(descriptor, name, to, (nuint)value.Length)
                    : getxattr(path, name, to, (nuint)value.Length);
            }
            while (IsInterrupted(result));

            return (int)Result((long)result);
        }
    }

    internal static int SetAttribute(int descriptor, ReadOnlySpan<byte> terminatedPath, ReadOnlySpan<byte> terminatedName, ReadOnlySpan<byte> value)
    {
        fixed (byte* name = terminatedName, from = value, path = terminatedPath)
        {
            int result;
            do
            {
                result = path == null
                    ? fsetxattr(descriptor, name, from, (nuint)value.Length, 0)
                    : setxattr(path, name, from, (nuint)value.Length, 0);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    internal static int RemoveAttribute(int descriptor, ReadOnlySpan<byte> terminatedPath, ReadOnlySpan<byte> terminatedName)
    {
        fixed (byte* name = terminatedName, path = terminatedPath)
        {
            int result;
            do
            {
                result = path == null ? fremovexattr(descriptor, name) : removexattr(path, name);
            }
            while (IsInterrupted(result));

            return Result(result);
        }
    }

    [LibraryImport(C, SetLastError = true)]
    private static partial nint flistxattr(int descriptor, byte* names, nuint length);

    [LibraryImport(C, SetLastError = true)]
    private static partial nint listxattr(byte* path, byte* names, nuint length);

    [LibraryImport(C, SetLastError = true)]
    private static partial nint fgetxattr(int descriptor, byte* name, byte* value, nuint length);

    [LibraryImport(C, SetLastError = true)]
    private static partial nint getxattr(byte* path, byte* name, byte* value, nuint length);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fsetxattr(int descriptor, byte* name, byte* value, nuint length, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int setxattr(byte* path, byte* name, byte* value, nuint length, int flags);

    [LibraryImport(C, SetLastError = true)]
    private static partial int fremovexattr(int descriptor, byte* name);

    [LibraryImport(C, SetLastError = true)]
    private static partial int removexattr(byte* path, byte* name);
}
