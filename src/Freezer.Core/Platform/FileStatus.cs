namespace Freezer.Platform;

/// <summary>What a stat call tells of a name, without following it.</summary>
internal record struct FileStatus
{
    public FileKind Kind;

    /// <summary>Permission bits with set-uid, set-gid and sticky: 12 bits.</summary>
    public int Mode;
    public uint UserId;
    public uint GroupId;

    /// <summary>Length in bytes of a regular file or of a link's target; 0 for everything else.</summary>
    public long Size;

    /// <summary>Bytes allocated on disk: less than <see cref="Size"/> where a file has holes.</summary>
    public long Allocated;
    public UnixTime Modified;

    /// <summary>ctime; equal to <see cref="Modified"/> where the platform has none.</summary>
    public UnixTime Changed;

    /// <summary>The file system that the name is on; 0 where the platform does not tell.</summary>
    public ulong Device;

    /// <summary>0 where the platform does not tell.</summary>
    public ulong Inode;
    public uint LinkCount;

    /// <summary>Of a device node.</summary>
    public uint DeviceMajor;

    /// <summary>Of a device node.</summary>
    public uint DeviceMinor;
}
