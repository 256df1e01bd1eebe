using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Makes an entry's record of its status, and a member's header of its record. One thread at a time.</summary>
internal sealed class RecordMaker(FileTree tree, ChangeRule rule)
{
    private uint _userId;
    private uint _groupId;
    private byte[]? _userName;
    private byte[]? _groupName;

    /// <summary>The record of an entry, as far as its status tells.</summary>
    internal TarManifestRecord Make(in FileStatus status, UnixTime readAt)
    {
        var record = new TarManifestRecord
        {
            Kind = status.Kind,
            Flags = rule.IsRacy(status, readAt) ? TarManifestFlags.Racy : TarManifestFlags.None,
            Mode = status.Mode,
            UserId = status.UserId,
            GroupId = status.GroupId,
            UserName = UserName(status.UserId),
            GroupName = GroupName(status.GroupId),
            Modified = status.Modified,
            Changed = status.Changed,
            Device = status.Device,
            Inode = status.Inode,
        };
        if (status.Kind != FileKind.Directory && status.LinkCount > 1)
        {
            record.Flags |= TarManifestFlags.MultiplyLinked;
            record.LinkCount = status.LinkCount;
        }

        switch (status.Kind)
        {
            case FileKind.Regular:
                record.Size = status.Size;
                break;
            case FileKind.CharacterDevice or FileKind.BlockDevice:
                record.DeviceMajor = status.DeviceMajor;
                record.DeviceMinor = status.DeviceMinor;
                break;
        }

        return record;
    }

    /// <summary>Fills in all of a member's header that the record tells.</summary>
    internal void Fill(TarEntry entry, in TarManifestRecord record)
    {
        entry.Type = record.Kind switch
        {
            FileKind.Regular => TarEntryType.RegularFile,
            FileKind.Directory => TarEntryType.Directory,
            FileKind.SymbolicLink => TarEntryType.SymbolicLink,
            FileKind.Fifo => TarEntryType.Fifo,
            FileKind.CharacterDevice => TarEntryType.CharacterDevice,
            FileKind.BlockDevice => TarEntryType.BlockDevice,
            _ => throw new ArgumentException($"A {record.Kind} has no place in an archive.", nameof(record)),
        };
        entry.LinkTarget = record.LinkTarget.IsEmpty ? [] : record.LinkTarget.ToArray();
        entry.Mode = record.Mode;
        entry.UserId = record.UserId;
        entry.GroupId = record.GroupId;
        entry.UserName = UserName(record.UserId);
        entry.GroupName = GroupName(record.GroupId);
        entry.Size = record.Size;
        entry.Modified = record.Modified;
        entry.DeviceMajor = record.DeviceMajor;
        entry.DeviceMinor = record.DeviceMinor;
        entry.Extents = record.Extents;
        entry.Attributes = record.Attributes;
    }

    // Files one after another mostly have the same owner.
    private byte[] UserName(uint userId)
    {
        if (_userName is null || _userId != userId)
        {
            (_userName, _userId) = (tree.GetUserName(userId), userId);
        }

        return _userName;
    }

    private byte[] GroupName(uint groupId)
    {
        if (_groupName is null || _groupId != groupId)
        {
            (_groupName, _groupId) = (tree.GetGroupName(groupId), groupId);
        }

        return _groupName;
    }
}
