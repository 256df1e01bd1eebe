namespace Freezer.Platform.Linux;

/// <summary>A new file that is written through a descriptor.</summary>
internal sealed class LinuxTargetFile : TargetFile
{
    private readonly byte[] _displayName;
    private DescriptorSlot _descriptor;

    internal LinuxTargetFile(int descriptor, byte[] displayName)
    {
        _descriptor = new DescriptorSlot(descriptor);
        _displayName = displayName;
    }

    internal override FileStatus Status => Metadata.Read();

    private LinuxMetadata Metadata => new(_descriptor.Value, isNode: false, _displayName);

    internal override void WriteAt(ReadOnlySpan<byte> content, long offset)
    {
        while (!content.IsEmpty)
        {
            int written = SystemCalls.WriteAt(_descriptor.Value, content[..Math.Min(content.Length, FileWrite.PieceSize)], offset);
            if (written <= 0)
            {
                // Nothing written and no error would otherwise be tried for ever.
                throw LinuxError.Make("pwrite", written == 0 ? Errno.InputOutput : written, _displayName);
            }

            content = content[written..];
            offset += written;
        }
    }

    internal override void SetLength(long length)
    {
        int result = SystemCalls.Truncate(_descriptor.Value, length);
        if (result < 0)
        {
            throw LinuxError.Make("ftruncate", result, _displayName);
        }
    }

    internal override void Close()
    {
        int result = _descriptor.Close();
        if (result is < 0 and not -Errno.Interrupted)
        {
            throw LinuxError.Make("close", result, _displayName);
        }
    }

    internal override void SetOwner(uint userId, uint groupId) => Metadata.SetOwner(userId, groupId);

    internal override void SetMode(int mode) => Metadata.SetMode(mode);

    internal override void SetTimes(UnixTime modified, UnixTime? accessed = null) => Metadata.SetTimes(modified, accessed ?? modified);

    internal override void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Metadata.SetAttribute(name, value);

    internal override void RemoveAttribute(ReadOnlySpan<byte> name) => Metadata.RemoveAttribute(name);

    internal override IReadOnlyList<byte[]> ListAttributes() => Metadata.ListAttributes();

    public override void Dispose() => _ = _descriptor.Close();
}
