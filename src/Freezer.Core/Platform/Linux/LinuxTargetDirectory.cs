namespace Freezer.Platform.Linux;

/// <summary>A directory of a destination, held by a descriptor: whatever happens to the path that led here, it stays this directory.</summary>
internal sealed class LinuxTargetDirectory : TargetDirectory
{
    private const uint OwnerReadsAndWrites = 0x180;
    private const uint OwnerEnters = 0x1C0;

    private readonly byte[] _displayName;
    private DescriptorSlot _descriptor;

    private LinuxTargetDirectory(int descriptor, byte[] displayName)
    {
        _descriptor = new DescriptorSlot(descriptor);
        _displayName = displayName;
    }

    internal override FileStatus Status => Metadata.Read();

    private LinuxMetadata Metadata => new(_descriptor.Value, isNode: false, _displayName);

    /// <summary>Opens a path that a user named, following links.</summary>
    internal static LinuxTargetDirectory Open(string path)
    {
        byte[] terminated = NativeName.TerminatePath(path);
        int descriptor = SystemCalls.Open(terminated, OpenFlags.ReadOnly | OpenFlags.Directory);
        byte[] displayName = terminated[..^1];
        return descriptor >= 0 ? new LinuxTargetDirectory(descriptor, displayName) : throw LinuxError.Make("open", descriptor, displayName);
    }

    internal override bool TryStat(ReadOnlySpan<byte> name, out FileStatus status)
    {
        int result = SystemCalls.StatAt(_descriptor.Value, name, out status);
        return result switch
        {
            0 => true,
            -Errno.NoEntry => false,
            _ => throw LinuxError.Make("statx", result, name),
        };
    }

    internal override IReadOnlyList<byte[]> ListNames()
    {
        // A descriptor of its own has its own position, so that several threads may list.
        int descriptor = SystemCalls.Reopen(_descriptor.Value, OpenFlags.ReadOnly | OpenFlags.Directory);
        if (descriptor < 0)
        {
            throw LinuxError.Make("openat", descriptor, _displayName);
        }

        try
        {
            return DirectoryReader.ListNames(descriptor, _displayName);
        }
        finally
        {
            _ = SystemCalls.Close(descriptor);
        }
    }

    internal override TargetDirectory OpenDirectory(ReadOnlySpan<byte> name)
    {
        int descriptor = SystemCalls.OpenAt(_descriptor.Value, name, OpenFlags.ReadOnly | OpenFlags.Directory);
        return descriptor >= 0
            ? new LinuxTargetDirectory(descriptor, name.ToArray())
            : throw LinuxError.MakeForDirectory(_descriptor.Value, name, descriptor);
    }

    internal override TargetDirectory Duplicate()
    {
        int descriptor = SystemCalls.Duplicate(_descriptor.Value);
        return descriptor >= 0 ? new LinuxTargetDirectory(descriptor, _displayName) : throw LinuxError.Make("fcntl", descriptor, _displayName);
    }

    internal override void CreateDirectory(ReadOnlySpan<byte> name) =>
        Check("mkdirat", SystemCalls.MakeDirectoryAt(_descriptor.Value, name, OwnerEnters), name);

    internal override TargetFile CreateFile(ReadOnlySpan<byte> name)
    {
        int descriptor = SystemCalls.OpenAt(_descriptor.Value, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerReadsAndWrites);
        Check("openat", descriptor, name);
        return new LinuxTargetFile(descriptor, name.ToArray());
    }

    internal override void CreateSymbolicLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target) =>
        Check("symlinkat", SystemCalls.SymbolicLinkAt(_descriptor.Value, name, target), name);

    internal override void CreateHardLink(ReadOnlySpan<byte> name, TargetDirectory directory, ReadOnlySpan<byte> existing)
    {
        if (directory is not LinuxTargetDirectory other)
        {
            throw new ArgumentException("The directory is of another tree.", nameof(directory));
        }

        Check("linkat", SystemCalls.LinkAt(other._descriptor.Value, existing, _descriptor.Value, name), name);
    }

    internal override void CreateFifo(ReadOnlySpan<byte> name) =>
        Check("mknodat", SystemCalls.MakeNodeAt(_descriptor.Value, name, FileKind.Fifo, 0), name);

    internal override void CreateDevice(ReadOnlySpan<byte> name, FileKind kind, uint major, uint minor)
    {
        if (kind is not (FileKind.CharacterDevice or FileKind.BlockDevice))
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a device.");
        }

        Check("mknodat", SystemCalls.MakeNodeAt(_descriptor.Value, name, kind, DeviceNumber.Make(major, minor)), name);
    }

    internal override void RemoveFile(ReadOnlySpan<byte> name) =>
        Check("unlinkat", SystemCalls.UnlinkAt(_descriptor.Value, name, 0), name);

    internal override void RemoveDirectory(ReadOnlySpan<byte> name) =>
        Check("unlinkat", SystemCalls.UnlinkAt(_descriptor.Value, name, LookupFlags.RemoveDirectory), name);

    internal override void Rename(ReadOnlySpan<byte> name, TargetDirectory directory, ReadOnlySpan<byte> newName)
    {
        if (directory is not LinuxTargetDirectory other)
        {
            throw new ArgumentException("The directory is of another tree.", nameof(directory));
        }

        Check("renameat", SystemCalls.RenameAt(_descriptor.Value, name, other._descriptor.Value, newName), name);
    }

    internal override TargetNode OpenNode(ReadOnlySpan<byte> name)
    {
        int descriptor = SystemCalls.OpenAt(_descriptor.Value, name, OpenFlags.PathOnly);
        Check("openat", descriptor, name);
        return new LinuxTargetNode(descriptor, name.ToArray());
    }

    internal override void SetOwner(uint userId, uint groupId) => Metadata.SetOwner(userId, groupId);

    internal override void SetMode(int mode) => Metadata.SetMode(mode);

    internal override void SetTimes(UnixTime modified, UnixTime? accessed = null) => Metadata.SetTimes(modified, accessed ?? modified);

    internal override void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Metadata.SetAttribute(name, value);

    internal override void RemoveAttribute(ReadOnlySpan<byte> name) => Metadata.RemoveAttribute(name);

    internal override IReadOnlyList<byte[]> ListAttributes() => Metadata.ListAttributes();

    public override void Dispose() => _ = _descriptor.Close();

    private static void Check(string call, int result, ReadOnlySpan<byte> name)
    {
        if (result < 0)
        {
            throw LinuxError.Make(call, result, name);
        }
    }
}
