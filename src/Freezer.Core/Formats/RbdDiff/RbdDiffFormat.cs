namespace Freezer.Formats.RbdDiff;

/// <summary>The layout of an <c>rbd diff v1</c> stream, as Ceph's developer guide documents it ("RBD Incremental Backup").
/// Numbers are little-endian. Metadata records come first, then extents, then one end record.</summary>
internal static class RbdDiffFormat
{
    /// <summary>The name of the snapshot that the stream builds on; none in a full one.</summary>
    internal const byte FromSnapshot = (byte)'f';

    /// <summary>The name of the snapshot that the stream leads to.</summary>
    internal const byte ToSnapshot = (byte)'t';

    /// <summary>The size of the volume in bytes, once the stream is applied.</summary>
    internal const byte Size = (byte)'s';

    /// <summary>An extent and its content.</summary>
    internal const byte Data = (byte)'w';

    /// <summary>An extent that is zero now.</summary>
    internal const byte Zero = (byte)'z';

    internal const byte End = (byte)'e';

    internal const int TagLength = sizeof(byte);
    internal const int NameHeaderLength = TagLength + sizeof(uint);
    internal const int SizeRecordLength = TagLength + sizeof(ulong);
    internal const int ExtentHeaderLength = TagLength + (2 * sizeof(ulong));

    /// <summary>The longest snapshot name that is taken, in bytes of UTF-8. The format sets no limit; readers hold a name in memory.</summary>
    internal const int LongestName = 4096;

    /// <summary>The longest content that is written as one record: <c>rbd merge-diff</c> holds a whole one in memory.</summary>
    internal const int LargestData = 4 << 20;

    internal static ReadOnlySpan<byte> Magic => "rbd diff v1\n"u8;
}
