using System.Runtime.CompilerServices;

namespace Freezer.Platform.Linux;

/// <summary>A directory that is read through a descriptor.</summary>
[SkipLocalsInit]
internal sealed class LinuxSourceDirectory : SourceDirectory
{
    private readonly byte[] _displayName;
    private readonly FileStatus _status;
    private readonly Lock _listing = new();
    private DescriptorSlot _descriptor;
    private bool _isListed;

    /// <summary>Set once the system has refused <c>O_NOATIME</c> here: only owners and root may ask for it.</summary>
    private volatile bool _accessTimesChange;

    private LinuxSourceDirectory(int descriptor, FileStatus status, byte[] displayName)
    {
        _descriptor = new DescriptorSlot(descriptor);
        _status = status;
        _displayName = displayName;
    }

    internal override FileStatus Status => _status;

    private static int DirectoryFlags => OpenFlags.ReadOnly | OpenFlags.Directory;

    /// <summary>Opens a path that a user named, following links.</summary>
    internal static LinuxSourceDirectory Open(string path)
    {
        byte[] terminated = NativeName.TerminatePath(path);
        int descriptor = SystemCalls.Open(terminated, DirectoryFlags | OpenFlags.NoAccessTime);
        if (descriptor == -Errno.NotPermitted)
        {
            descriptor = SystemCalls.Open(terminated, DirectoryFlags);
        }

        byte[] displayName = terminated[..^1];
        return descriptor >= 0 ? Own(descriptor, displayName) : throw LinuxError.Make("open", descriptor, displayName);
    }

    internal override DirectoryListing List(CancellationToken cancellationToken)
    {
        lock (_listing)
        {
            int descriptor = _descriptor.Value;
            if (_isListed)
            {
                long result = SystemCalls.Rewind(descriptor);
                if (result < 0)
                {
                    throw LinuxError.Make("lseek", result, _displayName);
                }
            }

            _isListed = true;
            return DirectoryReader.List(descriptor, _displayName, cancellationToken);
        }
    }

    internal override FileStatus Stat(ReadOnlySpan<byte> name)
    {
        int result = SystemCalls.StatAt(_descriptor.Value, name, out FileStatus status);
        return result == 0 ? status : throw LinuxError.Make("statx", result, name);
    }

    internal override SourceDirectory OpenDirectory(ReadOnlySpan<byte> name)
    {
        int descriptor = OpenToRead(name, DirectoryFlags);
        return descriptor >= 0 ? Own(descriptor, name.ToArray()) : throw LinuxError.MakeForDirectory(_descriptor.Value, name, descriptor);
    }

    internal override SourceFile OpenFile(ReadOnlySpan<byte> name)
    {
        // Without O_NONBLOCK the open of a FIFO would wait for a writer.
        int descriptor = OpenToRead(name, OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal);
        if (descriptor < 0)
        {
            throw LinuxError.Make("openat", descriptor, name);
        }

        return LinuxSourceFile.Own(descriptor, name);
    }

    internal override byte[] ReadLink(ReadOnlySpan<byte> name)
    {
        Span<byte> target = stackalloc byte[NativeName.TargetCapacity];
        int length = SystemCalls.ReadLinkAt(_descriptor.Value, name, target);
        if (length < 0)
        {
            throw LinuxError.Make("readlinkat", length, name);
        }

        // A target fills the buffer only when it is longer than any that can be made.
        return length < target.Length ? target[..length].ToArray() : throw LinuxError.Make("readlinkat", Errno.NameTooLong, name);
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes(ReadOnlySpan<byte> name)
    {
        int descriptor = SystemCalls.OpenAt(_descriptor.Value, name, OpenFlags.PathOnly);
        if (descriptor < 0)
        {
            throw LinuxError.Make("openat", descriptor, name);
        }

        try
        {
            return new ExtendedAttributes(DescriptorPath.Write(descriptor, stackalloc byte[DescriptorPath.Capacity]), name).Read();
        }
        finally
        {
            _ = SystemCalls.Close(descriptor);
        }
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes() => new ExtendedAttributes(_descriptor.Value, _displayName).Read();

    protected override void Close() => _ = _descriptor.Close();

    private int OpenToRead(ReadOnlySpan<byte> name, int flags)
    {
        if (!_accessTimesChange)
        {
            int descriptor = SystemCalls.OpenAt(_descriptor.Value, name, flags | OpenFlags.NoAccessTime);
            if (descriptor != -Errno.NotPermitted)
            {
                return descriptor;
            }

            _accessTimesChange = true;
        }

        return SystemCalls.OpenAt(_descriptor.Value, name, flags);
    }

    private static LinuxSourceDirectory Own(int descriptor, byte[] displayName)
    {
        int result = SystemCalls.Stat(descriptor, out FileStatus status);
        if (result < 0)
        {
            _ = SystemCalls.Close(descriptor);
            throw LinuxError.Make("statx", result, displayName);
        }

        return new LinuxSourceDirectory(descriptor, status, displayName);
    }
}
