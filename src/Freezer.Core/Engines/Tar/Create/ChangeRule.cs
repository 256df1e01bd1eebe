using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>When an entry counts as changed since its record was written.</summary>
internal sealed class ChangeRule(TarEngineOptions options, FileTreeCapabilities capabilities)
{
    /// <summary>File systems keep times as coarse as this.</summary>
    private const int CoarsestSeconds = 2;

    private readonly bool _hasChangeTimes = !options.IgnoreChangeTime && capabilities.HasFlag(FileTreeCapabilities.ChangeTimes);
    private readonly bool _hasInodes = !options.IgnoreInode && capabilities.HasFlag(FileTreeCapabilities.Inodes);

    /// <summary>Whether the status can tell that a link has another target than it had: a link is never changed, only replaced.</summary>
    internal bool SeesReplacedLinks => _hasChangeTimes && _hasInodes;

    internal bool IsUnchanged(in TarManifestRecord record, in FileStatus status) =>
        record.Kind == status.Kind
        && (record.Flags & (TarManifestFlags.Stale | TarManifestFlags.Racy | TarManifestFlags.Skipped)) == 0
        && record.Modified == status.Modified
        && (!_hasChangeTimes || record.Changed == status.Changed)
        && (!_hasInodes || record.Inode == status.Inode)
        && record.Mode == status.Mode
        && record.UserId == status.UserId
        && record.GroupId == status.GroupId
        && status.Kind switch
        {
            FileKind.Regular => record.Size == status.Size,
            FileKind.CharacterDevice or FileKind.BlockDevice => record.DeviceMajor == status.DeviceMajor && record.DeviceMinor == status.DeviceMinor,
            _ => true,
        };

    /// <summary>Whether something could change again within the same tick of the file system's clock, so that the next level would not see it.</summary>
    /// <remarks>The time of status change cannot be set, so it tells alone; a time of modification in the future tells nothing.</remarks>
    internal bool IsRacy(in FileStatus status, UnixTime readAt)
    {
        UnixTime latest = _hasChangeTimes ? status.Changed : status.Modified;
        return latest.CompareTo(readAt.AddSeconds(-CoarsestSeconds)) >= 0;
    }

    /// <summary>Whether a file that was open all the time is another one than when it was opened.</summary>
    internal static bool HasChanged(in FileStatus before, in FileStatus after) =>
        before.Size != after.Size || before.Modified != after.Modified || before.Changed != after.Changed;
}
