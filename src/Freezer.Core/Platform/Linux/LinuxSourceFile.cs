namespace Freezer.Platform.Linux;

/// <summary>A regular file that is read through a descriptor.</summary>
internal sealed class LinuxSourceFile : SourceFile
{
    private readonly FileStatus _status;
    private DescriptorSlot _descriptor;

    private LinuxSourceFile(int descriptor, FileStatus status)
    {
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
            return new LinuxSourceFile(descriptor, status);
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
        return result == 0 ? status : throw LinuxError.Make("statx", result, []);
    }

    internal override int ReadAt(Span<byte> buffer, long offset)
    {
        int read = SystemCalls.ReadAt(_descriptor.Value, buffer, offset);
        return read >= 0 ? read : throw LinuxError.Make("pread", read, []);
    }

    internal override bool TryFindData(long offset, out long start, out long end)
    {
        start = SystemCalls.SeekData(_descriptor.Value, offset);
        end = start;
        if (start == -Errno.InvalidArgument)
        {
            // A file system that cannot tell: all the rest is data.
            start = offset;
            end = _status.Size;
            return start < end;
        }

        if (start >= 0)
        {
            end = SystemCalls.SeekHole(_descriptor.Value, start);
        }

        // ENXIO says that no data, or no file, is left at the offset; the file may have been cut between the calls.
        return end switch
        {
            >= 0 => true,
            -Errno.NoSuchAddress => false,
            _ => throw LinuxError.Make("lseek", end, []),
        };
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes() => new ExtendedAttributes(_descriptor.Value, []).Read();

    internal override void AdviseSequential() => SystemCalls.AdviseSequential(_descriptor.Value);

    public override void Dispose() => _ = _descriptor.Close();
}
