namespace Freezer.Dataflow.Compression;

/// <summary>The layout of a gzip member (RFC 1952, section 2.3).</summary>
internal static class GzipMember
{
    internal const int Id1 = 0x1f;
    internal const int Id2 = 0x8b;
    internal const int MethodDeflate = 8;

    /// <summary>ID1, ID2, CM, FLG, MTIME (4), XFL, OS.</summary>
    internal const int HeaderLength = 10;

    /// <summary>CRC32 (4), ISIZE (4).</summary>
    internal const int TrailerLength = 8;

    /// <summary>An empty deflate block takes two bytes.</summary>
    internal const int ShortestMember = HeaderLength + 2 + TrailerLength;

    internal const int FlagHeaderChecksum = 1 << 1;
    internal const int FlagExtraField = 1 << 2;
    internal const int FlagName = 1 << 3;
    internal const int FlagComment = 1 << 4;
    internal const int ReservedFlags = 0b1110_0000;
}
