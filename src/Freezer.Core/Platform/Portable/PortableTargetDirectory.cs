namespace Freezer.Platform.Portable;

/// <summary>A directory of a destination, by its path.</summary>
/// <remarks>Before each change every component below the root is looked at, and a link among them is refused. That keeps an
/// archive from leading a restore astray; it does not stop another process that swaps a directory for a link between the
/// look and the change, which only descriptors can (<see cref="LinuxFileTree"/>).</remarks>
internal sealed class PortableTargetDirectory : TargetDirectory
{
    private const UnixFileMode OwnerEnters = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly PortableTargetDirectory? _parent;
    private readonly string _path;

    /// <param name="parent">The directory that this one was opened in; null for the root, where a user's own links count.</param>
    /// <param name="path">A full path.</param>
    internal PortableTargetDirectory(PortableTargetDirectory? parent, string path)
    {
        _parent = parent;
        _path = path;
    }

    internal override FileStatus Status
    {
        get
        {
            ThrowIfMoved();
            return PortableStatus.Read(_path);
        }
    }

    internal override bool TryStat(ReadOnlySpan<byte> name, out FileStatus status) => PortableStatus.TryRead(PathOf(name), out status);

    internal override IReadOnlyList<byte[]> ListNames()
    {
        ThrowIfMoved();
        using PortableSourceDirectory directory = PortableSourceDirectory.Open(_path);
        DirectoryListing listing = directory.List(CancellationToken.None);
        byte[][] names = new byte[listing.Count][];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = listing.Name(i).ToArray();
        }

        return names;
    }

    internal override TargetDirectory OpenDirectory(ReadOnlySpan<byte> name)
    {
        var directory = new PortableTargetDirectory(this, PathOf(name));
        directory.ThrowIfNotADirectory();
        return directory;
    }

    internal override TargetDirectory Duplicate() => new PortableTargetDirectory(_parent, _path);

    internal override void CreateDirectory(ReadOnlySpan<byte> name)
    {
        string path = FreePathOf(name);
        try
        {
            _ = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerEnters);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("create the directory", path, exception);
        }
    }

    internal override TargetFile CreateFile(ReadOnlySpan<byte> name) => PortableTargetFile.Create(FreePathOf(name));

    internal override void CreateSymbolicLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        string path = FreePathOf(name);
        string text = PortableName.TargetToText(target);
        try
        {
            // Windows has two kinds of links; only a look at the target tells which one is meant.
            if (OperatingSystem.IsWindows() && Directory.Exists(Path.Combine(_path, text)))
            {
                Directory.CreateSymbolicLink(path, text);
            }
            else
            {
                File.CreateSymbolicLink(path, text);
            }
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("create the link", path, exception);
        }
    }

    internal override void CreateHardLink(ReadOnlySpan<byte> name, TargetDirectory directory, ReadOnlySpan<byte> existing) =>
        throw PortableError.NotSupported("create the hard link", PathOf(name));

    internal override void CreateFifo(ReadOnlySpan<byte> name) => throw PortableError.NotSupported("create the FIFO", PathOf(name));

    internal override void CreateDevice(ReadOnlySpan<byte> name, FileKind kind, uint major, uint minor) =>
        throw PortableError.NotSupported("create the device", PathOf(name));

    internal override void RemoveFile(ReadOnlySpan<byte> name)
    {
        string path = PathOf(name);
        FileStatus status = PortableStatus.Read(path);
        if (status.Kind == FileKind.Directory)
        {
            throw new FileSystemException(FileError.IsADirectory, $"'{PortableError.Printable(path)}' is a directory");
        }

        try
        {
            // On Windows a link to a directory is removed as a directory is.
            if (OperatingSystem.IsWindows() && File.GetAttributes(path).HasFlag(FileAttributes.Directory))
            {
                Directory.Delete(path);
            }
            else
            {
                File.Delete(path);
            }
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("remove", path, exception);
        }
    }

    internal override void RemoveDirectory(ReadOnlySpan<byte> name)
    {
        string path = PathOf(name);
        if (PortableStatus.Read(path).Kind != FileKind.Directory)
        {
            throw new FileSystemException(FileError.NotADirectory, $"'{PortableError.Printable(path)}' is not a directory");
        }

        try
        {
            Directory.Delete(path, recursive: false);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("remove the directory", path, exception);
        }
    }

    internal override void Rename(ReadOnlySpan<byte> name, TargetDirectory directory, ReadOnlySpan<byte> newName)
    {
        string from = PathOf(name);
        var target = (PortableTargetDirectory)directory;
        string to = target.PathOf(newName);
        try
        {
            if (PortableStatus.Read(from).Kind != FileKind.Directory)
            {
                File.Move(from, to, overwrite: true);
                return;
            }

            // A directory takes the place of an empty one only.
            if (PortableStatus.TryRead(to, out _))
            {
                target.RemoveDirectory(newName);
            }

            Directory.Move(from, to);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("move", from, exception);
        }
    }

    internal override TargetNode OpenNode(ReadOnlySpan<byte> name)
    {
        string path = PathOf(name);
        _ = PortableStatus.Read(path);
        return new PortableTargetNode(this, path);
    }

    internal override void SetOwner(uint userId, uint groupId) => throw PortableError.NotSupported("set the owner of", _path);

    internal override void SetMode(int mode)
    {
        ThrowIfMoved();
        PortableMetadata.SetMode(_path, mode);
    }

    internal override void SetTimes(UnixTime modified, UnixTime? accessed = null)
    {
        ThrowIfMoved();
        PortableMetadata.SetTimes(_path, modified, accessed ?? modified);
    }

    internal override void SetAttribute(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => throw PortableError.NotSupported("set an attribute of", _path);

    internal override void RemoveAttribute(ReadOnlySpan<byte> name) => throw PortableError.NotSupported("remove an attribute of", _path);

    internal override IReadOnlyList<byte[]> ListAttributes() => [];

    public override void Dispose()
    {
        // Nothing is open: the path is all there is.
    }

    /// <summary>Throws where a component below the root is no longer a directory itself.</summary>
    internal void ThrowIfMoved()
    {
        for (PortableTargetDirectory directory = this; directory._parent is not null; directory = directory._parent)
        {
            directory.ThrowIfNotADirectory();
        }
    }

    private void ThrowIfNotADirectory()
    {
        FileStatus status = PortableStatus.Read(_path);
        if (status.Kind == FileKind.SymbolicLink)
        {
            throw new FileSystemException(FileError.IsALink, $"'{PortableError.Printable(_path)}' is a symbolic link, which is not followed in a destination");
        }

        if (status.Kind != FileKind.Directory)
        {
            throw new FileSystemException(FileError.NotADirectory, $"'{PortableError.Printable(_path)}' is not a directory");
        }
    }

    private string PathOf(ReadOnlySpan<byte> name)
    {
        string text = PortableName.ToText(name);
        ThrowIfMoved();
        return Path.Join(_path, text);
    }

    /// <summary>The path of a name that nothing has yet.</summary>
    private string FreePathOf(ReadOnlySpan<byte> name)
    {
        string path = PathOf(name);
        return PortableStatus.TryRead(path, out _)
            ? throw new FileSystemException(FileError.Exists, $"'{PortableError.Printable(path)}' is there already")
            : path;
    }
}
