namespace Freezer.Platform.Linux;

/// <summary>A regular file that is read through a descriptor.</summary>
internal sealed class LinuxSourceFile : SourceFile
{
    private readonly FileStatus _status;
    private readonly byte[] _displayName;
    private DescriptorSlot _descriptor;

    private LinuxSourceFile(int descriptor, FileStatus status, byte[] displayName)
    {
        _displayName = displayName;
        _descriptor = new DescriptorSlot(descriptor);
        _status = status;
    }

    internal override FileStatus Status => _status;

    /// <summary>Takes the descriptor over, also where it throws.</summary>
    internal static LinuxSourceFile Own(int descriptor, ReadOnlySpan<byte> name)
    {
        int result = SystemCalls.Stat(descriptor, out FileStatus status);
        if (result == 0 && status.Kind == FileKind.Regular)
        {
            return new LinuxSourceFile(descriptor, status, name.ToArray());
        }

        _ = SystemCalls.Close(descriptor);
        throw result < 0 ? LinuxError.Make("statx", result, name)
            : new FileSystemException(
                status.Kind == FileKind.Directory ? FileError.IsADirectory : FileError.Other,
                $"'{EntryPath.ToText(name)}' is not a regular file but a {status.Kind}");
    }

    internal override FileStatus StatAgain()
    {
        int result = SystemCalls.Stat(_descriptor.Value, out FileStatus status);
        return result == 0 ? status : throw LinuxError.Make("statx", result, _displayName);
    }

    internal override int ReadAt(Span<byte> buffer, long offset)
    {
        int read = SystemCalls.ReadAt(_descriptor.Value, buffer, offset);
        return read >= 0 ? read : throw LinuxError.Make("pread", read, _displayName);
    }

    internal override bool TryFindData(long offset, out long start, out long end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        start = SystemCalls.SeekData(_descriptor.Value, offset);
        end = start < 0 ? start : SystemCalls.SeekHole(_descriptor.Value, start);

        // ENXIO says that no data is left at the offset, or no file: it may have been cut between the calls.
        if (end == -Errno.NoSuchAddress)
        {
            return false;
        }

        if (end < 0)
        {
            // A file system that cannot tell, which each says by a number of its own: all the rest is data.
            start = start < 0 ? offset : start;
            end = _status.Size;
        }

        return start < end;
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes() => new ExtendedAttributes(_descriptor.Value, _displayName).Read();

    internal override void AdviseSequential() => SystemCalls.AdviseSequential(_descriptor.Value);

    public override void Dispose() => _ = _descriptor.Close();
}
