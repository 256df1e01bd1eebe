namespace Freezer.Formats.Tar;

/// <summary>What a member of a tar archive is: the type flags of POSIX.1-2017 <c>pax</c> that stand for file-system objects.</summary>
internal enum TarEntryType : byte
{
    RegularFile = (byte)'0',
    HardLink = (byte)'1',
    SymbolicLink = (byte)'2',
    CharacterDevice = (byte)'3',
    BlockDevice = (byte)'4',
    Directory = (byte)'5',
    Fifo = (byte)'6',
}
