namespace Freezer.Platform.Linux;

/// <summary>A link, FIFO or device that a descriptor stands for without opening it.</summary>
internal sealed class LinuxTargetNode : TargetNode
{
    private readonly byte[] _displayName;
    private DescriptorSlot _descriptor;

    internal LinuxTargetNode(int descriptor, byte[] displayName)
    {
        _descriptor = new DescriptorSlot(descriptor);
        _displayName = displayName;
    }

    internal override FileStatus Status => Metadata.Read();

    internal LinuxMetadata Metadata => new(_descriptor.Value, isNode: true, _displayName);

    internal override void SetOwner(uint userId, uint groupId) => Metadata.SetOwner(userId, groupId);

    internal override void SetMode(int mode) => Metadata.SetMode(mode);

    internal override void SetTimes(UnixTime modified, UnixTime? accessed = null) => Metadata.SetTimes(modified, accessed ?? modified);

    internal override void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Metadata.SetAttribute(name, value);

    internal override void RemoveAttribute(ReadOnlySpan<byte> name) => Metadata.RemoveAttribute(name);

    internal override IReadOnlyList<byte[]> ListAttributes() => Metadata.ListAttributes();

    public override void Dispose() => _ = _descriptor.Close();
}
