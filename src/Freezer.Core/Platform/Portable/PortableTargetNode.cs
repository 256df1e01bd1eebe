namespace Freezer.Platform.Portable;

/// <summary>A link or another node of a destination, by its path.</summary>
internal sealed class PortableTargetNode(PortableTargetDirectory directory, string path) : TargetNode
{
    private readonly PortableTargetDirectory _directory = directory;
    private readonly string _path = path;

    internal override FileStatus Status => PortableStatus.Read(_path);

    internal override void SetOwner(uint userId, uint groupId) => throw PortableError.NotSupported("set the owner of", _path);

    internal override void SetMode(int mode)
    {
        _directory.ThrowIfMoved();
        PortableMetadata.SetMode(_path, mode);
    }

    internal override void SetTimes(UnixTime modified, UnixTime? accessed = null)
    {
        _directory.ThrowIfMoved();
        PortableMetadata.SetTimes(_path, modified, accessed ?? modified);
    }

    internal override void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => throw PortableError.NotSupported("set an attribute of", _path);

    internal override void RemoveAttribute(ReadOnlySpan<byte> name) => throw PortableError.NotSupported("remove an attribute of", _path);

    internal override IReadOnlyList<byte[]> ListAttributes() => [];

    public override void Dispose()
    {
        // Nothing is open: the path is all there is.
    }
}
