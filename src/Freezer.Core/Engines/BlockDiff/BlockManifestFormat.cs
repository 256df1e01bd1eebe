namespace Freezer.Engines.BlockDiff;

/// <summary>The layout of the manifest of a volume: a header, runs of blocks in order, and an end. Numbers are little-endian.</summary>
/// <remarks>
/// <para>Header: magic, version, block size, length of the volume, length of the snapshot's name, and the name in UTF-8.</para>
/// <para>A run of zero blocks: tag and number of blocks. It may be as long as the volume.</para>
/// <para>A run of data: tag, number of blocks, the id of the backup whose archive holds the content (as its digits are written),
/// where the content begins in that archive, and the SHA-256 of each block. The blocks lie one behind the other in the archive.</para>
/// <para>End: tag, and the number of blocks of the volume.</para>
/// <para>A run of data is as long as it can be, but does not reach over a group of blocks. What a group's bytes are thus
/// depends on its blocks alone, and an unchanged group has the same bytes in the next level's manifest.</para>
/// </remarks>
internal static class BlockManifestFormat
{
    internal const int Version = 1;

    internal const int MagicLength = 8;
    internal const int VersionOffset = MagicLength;
    internal const int BlockSizeOffset = VersionOffset + sizeof(uint);
    internal const int VolumeLengthOffset = BlockSizeOffset + sizeof(uint);
    internal const int NameLengthOffset = VolumeLengthOffset + sizeof(ulong);
    internal const int HeaderLength = NameLengthOffset + sizeof(ushort);

    internal const byte ZeroRun = (byte)'z';
    internal const byte DataRun = (byte)'d';
    internal const byte End = (byte)'e';
    internal const int TagLength = sizeof(byte);

    internal const int ZeroRunLength = TagLength + sizeof(ulong);
    internal const int EndLength = TagLength + sizeof(ulong);

    internal const int BackupIdOffset = TagLength + sizeof(uint);
    internal const int BackupIdLength = 16;
    internal const int ArchiveOffsetOffset = BackupIdOffset + BackupIdLength;
    internal const int DataRunHeaderLength = ArchiveOffsetOffset + sizeof(ulong);

    /// <summary>How many blocks make a group.</summary>
    internal const int GroupBlocks = 256;

    internal static ReadOnlySpan<byte> Magic => "frzblock"u8;
}
