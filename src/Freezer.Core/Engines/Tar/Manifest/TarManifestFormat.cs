namespace Freezer.Engines.Tar.Manifest;

/// <summary>The wire format of a tar manifest: what stands where.</summary>
/// <remarks>
/// <code>
/// manifest  = header, directory block of the root, directory block *, end block
/// header    = "FZTM", version (1 byte), flags (1 byte, 0)
/// block     = length of the body (varint), body
/// directory = 1, path (bytes), record of the directory itself, entry *          up to the end of the body
/// end       = 2, directories (varint), entries (varint), skips (varint), bytes (varint)
/// entry     = name (bytes), record; that of a subdirectory is brief
/// record    = kind (1 byte), flags (varint), [skip kind (1 byte), reason (bytes)],
///             and unless it is brief:
///             mode (varint), user id (varint), group id (varint), user name (bytes), group name (bytes),
///             modified (time), changed (time), device (varint), inode (varint),
///             [link count (varint)], [first name of the hard-link group (bytes)],
///             number of attributes (varint), { name (bytes), value (bytes) } *,
///             regular file:  size (varint), SHA-256 of the stored bytes (32), backup id (16, as RFC 9562 orders them),
///                            offset of the member's first header in that backup's archive (varint),
///                            [number of extents (varint), { gap to the end of the one before (varint), length (varint) } *]
///             symbolic link: target (bytes)
///             device:        major (varint), minor (varint)
/// bytes     = length (varint), as many bytes
/// time      = seconds since 1970, rounded down (zigzag varint), nanoseconds (varint)
/// varint    = unsigned LEB128 in its shortest form
/// </code>
/// Blocks stand in the order of the archive: a directory, its own entries by unsigned bytes, then its subdirectories in the
/// same order. Paths lead from the root, which is empty. A record is brief where it names a subdirectory (whose full record
/// opens its own block) and where an entry was skipped of which no level holds anything (it has no block either).
/// A record says nothing about the level that it stands in, so that what has not changed has the same bytes in every level.
/// </remarks>
internal static class TarManifestFormat
{
    internal static ReadOnlySpan<byte> Magic => "FZTM"u8;

    internal const int VersionOffset = 4;
    internal const int FlagsOffset = 5;
    internal const int HeaderLength = 6;

    internal const byte Version = 1;

    internal const byte DirectoryBlock = 1;
    internal const byte EndBlock = 2;

    internal const int BackupIdLength = 16;
    internal const int LongestVarint = 10;

    /// <summary>The longest body of a block: what fits one array.</summary>
    internal const int LongestBlock = 0x7FFF_FFC7;

    /// <summary>The longest path, and the longest target of a link.</summary>
    internal const int LongestPath = 1 << 20;
    internal const int LongestName = 1 << 16;

    /// <summary>The longest name of a user, of a group or of an attribute.</summary>
    internal const int LongestLabel = 1 << 12;
    internal const int LongestAttributeValue = 16 << 20;
    internal const int LongestReason = 1 << 12;

    /// <summary>The most extents of a sparse file; the smallest holes of one that has more are stored as zeros.</summary>
    internal const int MostExtents = 1 << 16;

    internal const int MostMode = 0xFFF;
}
