namespace Freezer.Formats.Tar;

/// <summary>Puts an entry together from its header and from what stands in front of it.</summary>
internal sealed class TarEntryBuilder(TarReaderOptions limits)
{
    private byte[] _userName = [];
    private byte[] _groupName = [];

    /// <summary>Makes an entry. What its body tells about it (a listing, a map) is still missing.</summary>
    /// <param name="header">The member's header.</param>
    /// <param name="own">What the blocks in front of it say, over what the header says.</param>
    /// <param name="global">What the archive says about all members, between the two.</param>
    /// <param name="bodyLength">How many bytes follow the header, without padding.</param>
    /// <param name="offset">The entry's place in the archive, for exceptions.</param>
    /// <exception cref="TarFormatException">The member is malformed, or contradicts itself.</exception>
    internal TarEntry Build(in TarHeader header, PaxHeader own, PaxHeader global, long bodyLength, long offset)
    {
        byte[] path = own.Sparse?.Name ?? own.Path ?? ReadPath(header, offset);
        TarEntryType type = ReadType(header, path, offset);
        if (own.Sparse is not null && (type != TarEntryType.RegularFile || header.TypeFlag == TarTypeFlag.Sparse))
        {
            throw new TarFormatException("A member that is not a plain file is described as a sparse one", offset);
        }

        if (own.Listing is not null && (type != TarEntryType.Directory || (header.TypeFlag == TarTypeFlag.DumpDirectory && bodyLength != 0)))
        {
            throw new TarFormatException("A member that is no directory, or has a listing already, is given one", offset);
        }

        return new TarEntry
        {
            Type = type,
            Path = type == TarEntryType.Directory && path[^1] != (byte)'/' ? [.. path, (byte)'/'] : path,
            LinkTarget = type is TarEntryType.HardLink or TarEntryType.SymbolicLink ? own.LinkTarget ?? ReadLinkTarget(header, offset) : [],
            Mode = header.Mode,
            UserId = own.UserId ?? global.UserId ?? header.UserId,
            GroupId = own.GroupId ?? global.GroupId ?? header.GroupId,
            UserName = own.UserName ?? global.UserName ?? Intern(ref _userName, header.UserName),
            GroupName = own.GroupName ?? global.GroupName ?? Intern(ref _groupName, header.GroupName),
            Size = ReadSize(header, own, type, bodyLength, offset),
            Modified = own.Modified ?? global.Modified ?? header.Modified,
            Accessed = own.Accessed ?? global.Accessed ?? header.GnuAccessed,
            DeviceMajor = IsDevice(type) ? ReadDevice(own.DeviceMajor, offset) ?? header.DeviceMajor : 0,
            DeviceMinor = IsDevice(type) ? ReadDevice(own.DeviceMinor, offset) ?? header.DeviceMinor : 0,
            Attributes = own.Attributes,
            DumpDirectory = own.Listing,
        };
    }

    private static bool IsDevice(TarEntryType type) => type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;

    private static TarEntryType ReadType(in TarHeader header, byte[] path, long offset)
    {
        switch (header.TypeFlag)
        {
            case >= (byte)TarEntryType.HardLink and <= (byte)TarEntryType.Fifo:
                return (TarEntryType)header.TypeFlag;
            case TarTypeFlag.DumpDirectory when header.IsGnu:
                return TarEntryType.Directory;
            case TarTypeFlag.Sparse when header.IsGnu:
                return TarEntryType.RegularFile;
            case TarTypeFlag.DumpDirectory or TarTypeFlag.Sparse or TarTypeFlag.MultiVolume:
                throw new TarFormatException($"A member is of type '{(char)header.TypeFlag}', which cannot be read", offset);
            default:
                // The oldest archives tell a directory by its name. Types that nobody knows are to be taken for files.
                return path[^1] == (byte)'/' ? TarEntryType.Directory : TarEntryType.RegularFile;
        }
    }

    private static long ReadSize(in TarHeader header, PaxHeader own, TarEntryType type, long bodyLength, long offset)
    {
        if (type != TarEntryType.RegularFile)
        {
            return 0;
        }

        if (header.TypeFlag == TarTypeFlag.Sparse)
        {
            return header.GnuRealSize;
        }

        return own.Sparse is null ? bodyLength
            : own.Sparse.Size ?? throw new TarFormatException("A sparse file has no length", offset);
    }

    private static uint? ReadDevice(long? number, long offset) =>
        number is null or <= uint.MaxValue ? (uint?)number : throw new TarFormatException("A device number is too large", offset);

    private byte[] ReadPath(in TarHeader header, long offset)
    {
        ReadOnlySpan<byte> prefix = header.Prefix;
        byte[] path = prefix.IsEmpty ? header.Name.ToArray() : [.. prefix, (byte)'/', .. header.Name];
        return path.Length == 0 || path.Length > limits.LongestPath
            ? throw new TarFormatException($"A member's name has {path.Length} bytes; at least one and at most {limits.LongestPath} are allowed", offset)
            : path;
    }

    private static byte[] ReadLinkTarget(in TarHeader header, long offset) =>
        header.LinkName.IsEmpty ? throw new TarFormatException("A link has no target", offset) : header.LinkName.ToArray();

    // Most members have the owner of the one before: the same array then serves both.
    private static byte[] Intern(ref byte[] last, ReadOnlySpan<byte> name)
    {
        if (!name.SequenceEqual(last))
        {
            last = name.ToArray();
        }

        return last;
    }
}
