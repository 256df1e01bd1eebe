using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>What an entry must fulfil to be written.</summary>
internal static class TarEntryRules
{
    private const int AllPermissions = 0xFFF;

    /// <exception cref="ArgumentException">The entry breaks a rule; the message says which.</exception>
    internal static void Check(TarEntry entry)
    {
        bool isFile = entry.Type == TarEntryType.RegularFile;
        bool isDirectory = entry.Type == TarEntryType.Directory;
        bool isLink = entry.Type is TarEntryType.HardLink or TarEntryType.SymbolicLink;
        bool isDevice = entry.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice;
        Require(entry.Type is >= TarEntryType.RegularFile and <= TarEntryType.Fifo, "it has no known type");
        Require(entry.Path.Length > 0 && !entry.Path.Contains((byte)0), "its name is empty or holds a NUL");
        Require(isDirectory || entry.Path[^1] != (byte)'/', "its name ends with a slash, and it is no directory");
        Require(isLink == entry.LinkTarget.Length > 0 && !entry.LinkTarget.Contains((byte)0), "links, and only they, have a target without a NUL");
        Require(!entry.UserName.Contains((byte)0) && !entry.GroupName.Contains((byte)0), "an owner's name holds a NUL");
        Require((entry.Mode & ~AllPermissions) == 0, "its mode has more than 12 bits");
        Require(entry.UserId >= 0 && entry.GroupId >= 0, "an id is negative");
        Require(entry.Size >= 0 && (isFile || entry.Size == 0), "files, and only they, have a size");
        Require(IsTime(entry.Modified) && (entry.Accessed is not { } accessed || IsTime(accessed)), "a time has no valid nanoseconds");
        Require(isDevice || (entry.DeviceMajor | entry.DeviceMinor) == 0, "only devices have device numbers");
        Require(entry.Extents is null || (isFile && AreExtents(entry.Extents, entry.Size)), "its extents do not ascend, overlap, or lie outside of a file");
        Require(entry.DumpDirectory is null || (isDirectory && DumpDirectory.IsWritable(entry.DumpDirectory)), "its listing is not sorted, not ended, or not that of a directory");
        for (int i = 0; i < entry.Attributes.Count; i++)
        {
            byte[] name = entry.Attributes[i].Name;
            Require(name.Length > 0 && !name.Contains((byte)0), "an extended attribute's name is empty or holds a NUL");
        }
    }

    private static bool IsTime(UnixTime time) => time.Nanoseconds is >= 0 and < UnixTime.NanosecondsPerSecond;

    private static bool AreExtents(IReadOnlyList<SparseExtent> extents, long size)
    {
        long end = 0;
        for (int i = 0; i < extents.Count; i++)
        {
            SparseExtent extent = extents[i];
            if (extent.Offset < end || extent.Length < 0 || extent.Offset > size || extent.Length > size - extent.Offset)
            {
                return false;
            }

            end = extent.End;
        }

        return true;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ArgumentException($"This cannot be a member of an archive: {otherwise}.");
        }
    }
}
