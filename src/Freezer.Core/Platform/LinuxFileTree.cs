using Freezer.Platform.Linux;

namespace Freezer.Platform;

/// <summary>Directory trees on Linux, by descriptors and byte names.</summary>
internal sealed class LinuxFileTree : FileTree
{
    private readonly AccountDatabase _users = new(SystemCalls.FindUserName, SystemCalls.FindUserId);
    private readonly AccountDatabase _groups = new(SystemCalls.FindGroupName, SystemCalls.FindGroupId);

    private LinuxFileTree()
    {
    }

    internal static FileTree Instance { get; } = new LinuxFileTree();

    /// <summary>Whether this is a Linux whose system calls are known here: x64 or arm64.</summary>
    internal static bool IsSupported => SystemCalls.AreKnown;

    internal override FileTreeCapabilities Capabilities =>
        FileTreeCapabilities.Owners | FileTreeCapabilities.HardLinks | FileTreeCapabilities.Attributes
        | FileTreeCapabilities.Holes | FileTreeCapabilities.Nanoseconds | FileTreeCapabilities.ChangeTimes
        | FileTreeCapabilities.Inodes | FileTreeCapabilities.AnyByteInNames | FileTreeCapabilities.Fifos
        | FileTreeCapabilities.Devices | FileTreeCapabilities.LongPaths | FileTreeCapabilities.Modes;

    internal override FileStatus Stat(string path)
    {
        byte[] terminated = NativeName.TerminatePath(path);
        int result = SystemCalls.Stat(terminated, out FileStatus status);
        return result == 0 ? status : throw LinuxError.Make("statx", result, terminated.AsSpan(0, terminated.Length - 1));
    }

    internal override SourceDirectory OpenSource(string path) => LinuxSourceDirectory.Open(path);

    internal override TargetDirectory OpenTarget(string path) => LinuxTargetDirectory.Open(path);

    internal override byte[] GetUserName(uint userId) => _users.GetName(userId);

    internal override byte[] GetGroupName(uint groupId) => _groups.GetName(groupId);

    internal override bool TryFindUser(ReadOnlySpan<byte> name, out uint userId) => _users.TryFindId(name, out userId);

    internal override bool TryFindGroup(ReadOnlySpan<byte> name, out uint groupId) => _groups.TryFindId(name, out groupId);
}
