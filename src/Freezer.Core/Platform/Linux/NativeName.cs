using System.Text;

namespace Freezer.Platform.Linux;

/// <summary>Names as system calls want them: bytes that end with a zero.</summary>
internal static class NativeName
{
    /// <summary>What a buffer for a single component must hold. No file system has longer names than FUSE, whose limit is 1,024 bytes.</summary>
    internal const int Capacity = 1024 + 1;

    /// <summary>What a buffer for a link's target must hold (<c>PATH_MAX</c>).</summary>
    internal const int TargetCapacity = 4096;

    /// <summary>Copies a single component, so that no call is ever led into another directory by a name.</summary>
    /// <exception cref="ArgumentException">The name is empty, <c>.</c> or <c>..</c>, or holds a slash or a zero byte.</exception>
    /// <exception cref="FileSystemException">The name is too long for the buffer.</exception>
    internal static ReadOnlySpan<byte> Terminate(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        EntryName.Check(name);
        return Copy(name, buffer);
    }

    /// <summary>Copies what may be more than a component: a link's target.</summary>
    internal static ReadOnlySpan<byte> TerminateTarget(ReadOnlySpan<byte> target, Span<byte> buffer)
    {
        if (target.Contains((byte)0))
        {
            throw new ArgumentException("A link's target holds a zero byte.", nameof(target));
        }

        return Copy(target, buffer);
    }

    /// <summary>A path that a user named.</summary>
    internal static byte[] TerminatePath(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("The path holds a zero character.", nameof(path));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, bytes);
        return bytes;
    }

    private static ReadOnlySpan<byte> Copy(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.Length >= buffer.Length)
        {
            throw LinuxError.Make("lookup", Errno.NameTooLong, name);
        }

        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return buffer[..(name.Length + 1)];
    }
}
