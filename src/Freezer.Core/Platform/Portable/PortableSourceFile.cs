using Microsoft.Win32.SafeHandles;

namespace Freezer.Platform.Portable;

/// <summary>A regular file that is read through the base class library.</summary>
internal sealed class PortableSourceFile : SourceFile
{
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly FileStatus _status;

    private PortableSourceFile(string path, SafeFileHandle handle)
    {
        _path = path;
        _handle = handle;
        _status = StatAgain();
    }

    internal override FileStatus Status => _status;

    internal static PortableSourceFile Open(string path)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("open", path, exception);
        }

        try
        {
            return new PortableSourceFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    internal override FileStatus StatAgain() => PortableStatus.Read(_handle, _path);

    internal override int ReadAt(Span<byte> buffer, long offset)
    {
        try
        {
            return RandomAccess.Read(_handle, buffer, offset);
        }
        catch (Exception exception) when (PortableError.IsExpected(exception))
        {
            throw PortableError.Make("read", _path, exception);
        }
    }

    internal override bool TryFindData(long offset, out long start, out long end)
    {
        start = offset;
        end = _status.Size;
        return start < end;
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes() => [];

    public override void Dispose() => _handle.Dispose();
}
