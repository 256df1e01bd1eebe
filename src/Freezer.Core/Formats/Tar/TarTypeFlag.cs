namespace Freezer.Formats.Tar;

/// <summary>Type flags of blocks that are not file-system objects by themselves, or that only one dialect has.</summary>
internal static class TarTypeFlag
{
    /// <summary>POSIX: records about the next member, and about all that follow.</summary>
    internal const byte ExtendedHeader = (byte)'x';
    internal const byte GlobalHeader = (byte)'g';

    /// <summary>Solaris' letter for an extended header.</summary>
    internal const byte SolarisExtendedHeader = (byte)'X';

    /// <summary>GNU: the next member's name or link target.</summary>
    internal const byte LongName = (byte)'L';
    internal const byte LongLink = (byte)'K';

    /// <summary>GNU: a file with holes, and a directory whose body is its listing.</summary>
    internal const byte Sparse = (byte)'S';
    internal const byte DumpDirectory = (byte)'D';

    /// <summary>GNU: the archive's label, and a file that began in another volume.</summary>
    internal const byte VolumeLabel = (byte)'V';
    internal const byte MultiVolume = (byte)'M';
}
