using System.Text;

namespace Freezer.Platform.Portable;

/// <summary>Gathers the names of a directory, those included that text cannot hold.</summary>
internal sealed class PortableListingBuilder
{
    /// <summary>What the base class library puts in the place of bytes that are not text.</summary>
    private const char Replacement = '\uFFFD';

    private readonly HashSet<string> _replaced = [];
    private byte[] _names = new byte[256];
    private DirectoryListing.Entry[] _entries = new DirectoryListing.Entry[16];
    private int _used;
    private int _count;

    internal void Add(string directory, string name)
    {
        FileStatus status = default;
        FileSystemException? error = null;
        if (!PortableName.IsText(name))
        {
            error = NotText(name);
        }
        else if (name.Contains(Replacement, StringComparison.Ordinal))
        {
            // The name may really hold that character. Where another of these names leads to the same text, nobody can tell.
            if (!_replaced.Add(name) || !TryLook(Path.Join(directory, name), out status, out error))
            {
                error ??= NotText(name);
            }
        }
        else if (!TryLook(Path.Join(directory, name), out status, out error) && error is null)
        {
            return;
        }

        Append(name, status, error);
    }

    internal DirectoryListing Build() => new(_names, _entries, _count);

    private static bool TryLook(string path, out FileStatus status, out FileSystemException? error)
    {
        try
        {
            error = null;
            return PortableStatus.TryRead(path, out status);
        }
        catch (FileSystemException exception)
        {
            status = default;
            error = exception;
            return false;
        }
    }

    private void Append(string name, FileStatus status, FileSystemException? error)
    {
        int length = Encoding.UTF8.GetByteCount(name);
        if (_used + length > _names.Length)
        {
            Array.Resize(ref _names, Math.Max(2 * _names.Length, _used + length));
        }

        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * _count);
        }

        Encoding.UTF8.GetBytes(name, _names.AsSpan(_used));
        _entries[_count++] = new DirectoryListing.Entry { NameOffset = _used, NameLength = length, Status = status, Error = error };
        _used += length;
    }

    private static FileSystemException NotText(string name) =>
        new(FileError.NotSupported, $"The name shown as '{PortableError.Printable(name)}' is not valid Unicode: the base class library cannot open what it names");
}
