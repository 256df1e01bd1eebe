namespace Freezer.Platform.Portable;

/// <summary>A new file that is written through the base class library.</summary>
internal sealed class PortableTargetFile : TargetFile
{
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly FileStream _stream;

    private PortableTargetFile(string path, FileStream stream)
    {
        _path = path;
        _stream = stream;
    }

    internal override FileStatus Status => PortableStatus.Read(_stream.SafeFileHandle, _path);

    internal static PortableTargetFile Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerReadsAndWrites;
        }

        try
        {
            return new PortableTargetFile(path, new FileStream(path, options));
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("create", path, exception);
        }
    }

    internal override void WriteAt(ReadOnlySpan<byte> content, long offset)
    {
        try
        {
            FileWrite.InPieces(_stream.SafeFileHandle, content, offset);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("write", _path, exception);
        }
    }

    internal override void SetLength(long length)
    {
        try
        {
            RandomAccess.SetLength(_stream.SafeFileHandle, length);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("set the length of", _path, exception);
        }
    }

    internal override void Close()
    {
        try
        {
            _stream.Dispose();
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("close", _path, exception);
        }
    }

    internal override void SetOwner(uint userId, uint groupId) => throw PortableError.NotSupported("set the owner of", _path);

    internal override void SetMode(int mode) => PortableMetadata.SetMode(_stream.SafeFileHandle, _path, mode);

    internal override void SetTimes(UnixTime modified, UnixTime? accessed = null) =>
        PortableMetadata.SetTimes(_stream.SafeFileHandle, _path, modified, accessed ?? modified);

    internal override void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => throw PortableError.NotSupported("set an attribute of", _path);

    internal override void RemoveAttribute(ReadOnlySpan<byte> name) => throw PortableError.NotSupported("remove an attribute of", _path);

    internal override IReadOnlyList<byte[]> ListAttributes() => [];

    public override void Dispose() => _stream.Dispose();
}
