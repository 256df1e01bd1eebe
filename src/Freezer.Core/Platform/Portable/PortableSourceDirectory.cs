using System.IO.Enumeration;
using System.Text;

namespace Freezer.Platform.Portable;

/// <summary>A directory that is read by its path. What is done to the path meanwhile is only noticed where it is looked at.</summary>
internal sealed class PortableSourceDirectory : SourceDirectory
{
    private static readonly EnumerationOptions s_everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
        ReturnSpecialDirectories = false,
    };

    private readonly string _path;
    private readonly FileStatus _status;
    private volatile bool _isClosed;

    private PortableSourceDirectory(string path, FileStatus status)
    {
        _path = path;
        _status = status;
    }

    internal override FileStatus Status => _status;

    /// <summary>Opens a full path, which must be a directory itself.</summary>
    internal static PortableSourceDirectory Open(string path)
    {
        FileStatus status = PortableStatus.Read(path);
        return status.Kind switch
        {
            FileKind.Directory => new PortableSourceDirectory(path, status),
            FileKind.SymbolicLink => throw new FileSystemException(FileError.IsALink, $"'{PortableError.Printable(path)}' is a symbolic link, which is not followed here"),
            _ => throw new FileSystemException(FileError.NotADirectory, $"'{PortableError.Printable(path)}' is not a directory"),
        };
    }

    internal override DirectoryListing List(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        var builder = new PortableListingBuilder();
        try
        {
            var names = new FileSystemEnumerable<string>(_path, static (ref FileSystemEntry entry) => entry.FileName.ToString(), s_everything);
            foreach (string name in names)
            {
                cancellationToken.ThrowIfCancellationRequested();
                builder.Add(_path, name);
            }
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("list", _path, exception);
        }

        return builder.Build();
    }

    internal override FileStatus Stat(ReadOnlySpan<byte> name) => PortableStatus.Read(PathOf(name));

    internal override SourceDirectory OpenDirectory(ReadOnlySpan<byte> name) => Open(PathOf(name));

    internal override SourceFile OpenFile(ReadOnlySpan<byte> name)
    {
        string path = PathOf(name);
        FileStatus status = PortableStatus.Read(path);
        return status.Kind switch
        {
            FileKind.Regular => PortableSourceFile.Open(path),
            FileKind.SymbolicLink => throw new FileSystemException(FileError.IsALink, $"'{PortableError.Printable(path)}' is a symbolic link, which is not followed here"),
            FileKind.Directory => throw new FileSystemException(FileError.IsADirectory, $"'{PortableError.Printable(path)}' is a directory"),
            _ => throw new FileSystemException(FileError.Other, $"'{PortableError.Printable(path)}' is not a regular file but a {status.Kind}"),
        };
    }

    internal override byte[] ReadLink(ReadOnlySpan<byte> name)
    {
        string path = PathOf(name);
        try
        {
            string? target = new FileInfo(path).LinkTarget;
            return target is not null ? Encoding.UTF8.GetBytes(target)
                : PortableStatus.TryRead(path, out _) ? throw new FileSystemException(FileError.Other, $"'{PortableError.Printable(path)}' is not a symbolic link")
                : throw new FileSystemException(FileError.NotFound, $"There is no '{PortableError.Printable(path)}'");
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("read the link", path, exception);
        }
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes(ReadOnlySpan<byte> name) => [];

    internal override IReadOnlyList<FileAttribute> ReadAttributes() => [];

    protected override void Close() => _isClosed = true;

    private string PathOf(ReadOnlySpan<byte> name)
    {
        ThrowIfClosed();
        return Path.Join(_path, PortableName.ToText(name));
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_isClosed, this);
}
