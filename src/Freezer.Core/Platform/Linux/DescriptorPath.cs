using System.Buffers.Text;

namespace Freezer.Platform.Linux;

/// <summary><c>/proc/self/fd/N</c>: a path to exactly what a descriptor holds, whatever became of its name.</summary>
internal static class DescriptorPath
{
    internal const int Capacity = 32;

    private static ReadOnlySpan<byte> Prefix => "/proc/self/fd/"u8;

    /// <summary>Writes the path and a zero.</summary>
    internal static ReadOnlySpan<byte> Write(int descriptor, Span<byte> buffer)
    {
        Prefix.CopyTo(buffer);
        Utf8Formatter.TryFormat(descriptor, buffer[Prefix.Length..^1], out int digits);
        buffer[Prefix.Length + digits] = 0;
        return buffer[..(Prefix.Length + digits + 1)];
    }

    /// <summary>An error of a call with such a path. The descriptor is open, so "no such file" means that there is no <c>/proc</c>.</summary>
    internal static FileSystemException Failure(string call, int error, ReadOnlySpan<byte> displayName) =>
        error is -Errno.NoEntry or -Errno.NotADirectory
            ? new FileSystemException(FileError.NotSupported, $"{call} of '{EntryPath.ToText(displayName)}' needs /proc, which is not mounted")
            : LinuxError.Make(call, error, displayName);
}
