namespace Freezer.Formats.Tar;

/// <summary>The keywords of extended header records that are read or written.</summary>
/// <remarks>POSIX.1-2017, <c>pax</c>, "pax Extended Header Keywords"; the GNU tar manual, "Storing Sparse Files"; <c>star(5)</c>
/// for what begins with <c>SCHILY</c>.</remarks>
internal static class PaxKeyword
{
    internal static ReadOnlySpan<byte> Path => "path"u8;
    internal static ReadOnlySpan<byte> LinkPath => "linkpath"u8;
    internal static ReadOnlySpan<byte> Size => "size"u8;
    internal static ReadOnlySpan<byte> UserId => "uid"u8;
    internal static ReadOnlySpan<byte> GroupId => "gid"u8;
    internal static ReadOnlySpan<byte> UserName => "uname"u8;
    internal static ReadOnlySpan<byte> GroupName => "gname"u8;
    internal static ReadOnlySpan<byte> Modified => "mtime"u8;
    internal static ReadOnlySpan<byte> Accessed => "atime"u8;

    /// <summary>Says with the value <c>BINARY</c> that the names in this header need not be UTF-8.</summary>
    internal static ReadOnlySpan<byte> HeaderCharset => "hdrcharset"u8;
    internal static ReadOnlySpan<byte> Binary => "BINARY"u8;

    internal static ReadOnlySpan<byte> DumpDirectory => "GNU.dumpdir"u8;

    /// <summary>Version 1.0 has the map in the member's body.</summary>
    internal static ReadOnlySpan<byte> Sparse => "GNU.sparse."u8;
    internal static ReadOnlySpan<byte> SparseMajor => "GNU.sparse.major"u8;
    internal static ReadOnlySpan<byte> SparseMinor => "GNU.sparse.minor"u8;
    internal static ReadOnlySpan<byte> SparseName => "GNU.sparse.name"u8;
    internal static ReadOnlySpan<byte> SparseRealSize => "GNU.sparse.realsize"u8;

    /// <summary>Versions 0.0 (offsets and lengths in turn) and 0.1 (a list) have the map in records.</summary>
    internal static ReadOnlySpan<byte> SparseSize => "GNU.sparse.size"u8;
    internal static ReadOnlySpan<byte> SparseBlockCount => "GNU.sparse.numblocks"u8;
    internal static ReadOnlySpan<byte> SparseOffset => "GNU.sparse.offset"u8;
    internal static ReadOnlySpan<byte> SparseLength => "GNU.sparse.numbytes"u8;
    internal static ReadOnlySpan<byte> SparseList => "GNU.sparse.map"u8;

    /// <summary>An extended attribute; its name follows, with <c>%</c> as <c>%25</c> and <c>=</c> as <c>%3D</c>.</summary>
    internal static ReadOnlySpan<byte> Attribute => "SCHILY.xattr."u8;
    internal static ReadOnlySpan<byte> AccessControlList => "SCHILY.acl."u8;
    internal static ReadOnlySpan<byte> DeviceMajor => "SCHILY.devmajor"u8;
    internal static ReadOnlySpan<byte> DeviceMinor => "SCHILY.devminor"u8;
}
