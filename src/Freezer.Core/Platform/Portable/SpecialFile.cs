using System.Formats.Tar;

namespace Freezer.Platform.Portable;

/// <summary>Tells FIFOs, devices and sockets from empty files.</summary>
/// <remarks>The base class library has no call that does; opening a FIFO to find out waits for a writer for ever. Its tar
/// writer knows, though: it looks at a path before it opens anything, and writes the kind into the header.</remarks>
internal static class SpecialFile
{
    private const int HeaderSize = 512;
    private const int TypeOffset = 156;

    /// <summary><c>COR_E_IO</c>: what the tar writer throws of its own accord. Errors of the system carry the system's number.</summary>
    private const int NotSupportedInTar = unchecked((int)0x8013_1620);

    /// <summary>The kind of a path that is neither directory nor link and has no length.</summary>
    internal static FileKind KindOf(string path)
    {
        // Room for a header and the end of the archive, and none for content.
        byte[] archive = new byte[3 * HeaderSize];
        try
        {
            using var writer = new TarWriter(new MemoryStream(archive), TarEntryFormat.Gnu);
            writer.WriteEntry(path, "x");
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or NotSupportedException)
        {
            // It was opened, or had content: a regular file either way.
            return FileKind.Regular;
        }
        catch (IOException exception) when (exception.HResult == NotSupportedInTar)
        {
            // The one kind that tar has no type for.
            return FileKind.Socket;
        }

        return (TarEntryType)archive[TypeOffset] switch
        {
            TarEntryType.Fifo => FileKind.Fifo,
            TarEntryType.CharacterDevice => FileKind.CharacterDevice,
            TarEntryType.BlockDevice => FileKind.BlockDevice,
            _ => FileKind.Regular,
        };
    }
}
