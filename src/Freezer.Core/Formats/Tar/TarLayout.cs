namespace Freezer.Formats.Tar;

/// <summary>Where the fields of a header block lie, in bytes.</summary>
/// <remarks>POSIX.1-2017, <c>pax</c>, "ustar Interchange Format"; for GNU's fields the GNU tar manual, "Basic Tar Format".</remarks>
internal static class TarLayout
{
    /// <summary>Headers and contents fill whole blocks.</summary>
    internal const int BlockLength = 512;

    internal const int NameOffset = 0;
    internal const int NameLength = 100;
    internal const int ModeOffset = 100;
    internal const int UserIdOffset = 108;
    internal const int GroupIdOffset = 116;
    internal const int SizeOffset = 124;
    internal const int ModifiedOffset = 136;
    internal const int ChecksumOffset = 148;
    internal const int TypeFlagOffset = 156;
    internal const int LinkNameOffset = 157;
    internal const int LinkNameLength = 100;
    internal const int MagicOffset = 257;
    internal const int MagicLength = 8;
    internal const int UserNameOffset = 265;
    internal const int GroupNameOffset = 297;
    internal const int OwnerNameLength = 32;
    internal const int DeviceMajorOffset = 329;
    internal const int DeviceMinorOffset = 337;

    /// <summary>POSIX headers only: what stands before the name, without the slash between them.</summary>
    internal const int PrefixOffset = 345;
    internal const int PrefixLength = 155;

    /// <summary>Headers of star keep times behind a shorter prefix, and say so at the end of the block.</summary>
    internal const int StarPrefixLength = 131;
    internal const int StarMarkOffset = 508;

    /// <summary>GNU headers only, in the place of the prefix.</summary>
    internal const int GnuAccessedOffset = 345;
    internal const int GnuSparseOffset = 386;
    internal const int GnuSparseCount = 4;
    internal const int GnuIsExtendedOffset = 482;
    internal const int GnuRealSizeOffset = 483;

    /// <summary>The blocks of further extents that follow a GNU header.</summary>
    internal const int GnuExtensionCount = 21;
    internal const int GnuExtensionIsExtendedOffset = 504;

    /// <summary>Mode, ids, device numbers and the checksum.</summary>
    internal const int ShortNumberLength = 8;

    /// <summary>Sizes, times and the two numbers of a GNU extent.</summary>
    internal const int LongNumberLength = 12;

    /// <summary>The largest values that these fields hold as octal digits and a NUL.</summary>
    internal const long LargestShortNumber = (1L << 21) - 1;
    internal const long LargestLongNumber = (1L << 33) - 1;

    internal static ReadOnlySpan<byte> PosixMagic => "ustar\000"u8;
    internal static ReadOnlySpan<byte> GnuMagic => "ustar  \0"u8;
    internal static ReadOnlySpan<byte> StarMark => "tar\0"u8;

    /// <summary>How many zeros fill the last block of this many bytes.</summary>
    internal static int Padding(long length) => (int)(-length & (BlockLength - 1));
}
