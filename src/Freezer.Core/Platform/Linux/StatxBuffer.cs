using System.Runtime.InteropServices;

namespace Freezer.Platform.Linux;

/// <summary>What <c>statx</c> fills in; the same layout on every architecture and with every C library (<c>linux/stat.h</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct StatxBuffer
{
    /// <summary><c>STATX_BASIC_STATS</c> without the time of last access, which nobody here asks for.</summary>
    internal const uint Wanted = 0x7DF;

    private const int TypeShift = 12;
    private const int PermissionMask = 0xFFF;
    private const int BlockSize = 512;

    [FieldOffset(16)] private readonly uint _linkCount;
    [FieldOffset(20)] private readonly uint _userId;
    [FieldOffset(24)] private readonly uint _groupId;
    [FieldOffset(28)] private readonly ushort _mode;
    [FieldOffset(32)] private readonly ulong _inode;
    [FieldOffset(40)] private readonly ulong _size;
    [FieldOffset(48)] private readonly ulong _blocks;
    [FieldOffset(96)] private readonly Timestamp _changed;
    [FieldOffset(112)] private readonly Timestamp _modified;
    [FieldOffset(128)] private readonly uint _nodeMajor;
    [FieldOffset(132)] private readonly uint _nodeMinor;
    [FieldOffset(136)] private readonly uint _deviceMajor;
    [FieldOffset(140)] private readonly uint _deviceMinor;

    internal void CopyTo(out FileStatus status)
    {
        FileKind kind = KindOf(_mode >> TypeShift);
        bool isDevice = kind is FileKind.CharacterDevice or FileKind.BlockDevice;
        status = new FileStatus
        {
            Kind = kind,
            Mode = _mode & PermissionMask,
            UserId = _userId,
            GroupId = _groupId,
            Size = kind is FileKind.Regular or FileKind.SymbolicLink ? (long)_size : 0,
            Allocated = (long)_blocks * BlockSize,
            Modified = new UnixTime(_modified.Seconds, (int)_modified.Nanoseconds),
            Changed = new UnixTime(_changed.Seconds, (int)_changed.Nanoseconds),
            Device = DeviceNumber.Make(_deviceMajor, _deviceMinor),
            Inode = _inode,
            LinkCount = _linkCount,
            DeviceMajor = isDevice ? _nodeMajor : 0,
            DeviceMinor = isDevice ? _nodeMinor : 0,
        };
    }

    /// <summary>The type bits of a mode, which are also the <c>d_type</c> of a directory's record.</summary>
    internal static FileKind KindOf(int type) => type switch
    {
        0x1 => FileKind.Fifo,
        0x2 => FileKind.CharacterDevice,
        0x4 => FileKind.Directory,
        0x6 => FileKind.BlockDevice,
        0x8 => FileKind.Regular,
        0xA => FileKind.SymbolicLink,
        0xC => FileKind.Socket,
        _ => FileKind.Unknown,
    };

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private readonly struct Timestamp
    {
        [FieldOffset(0)] internal readonly long Seconds;
        [FieldOffset(8)] internal readonly uint Nanoseconds;
    }
}
