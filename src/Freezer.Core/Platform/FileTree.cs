namespace Freezer.Platform;

/// <summary>Access to directory trees of this machine: what the base class library does not offer on Linux, and what it does elsewhere.</summary>
internal abstract class FileTree
{
    /// <summary>The best one for this machine.</summary>
    internal static FileTree ForThisMachine => LinuxFileTree.IsSupported ? LinuxFileTree.Instance : PortableFileTree.Instance;

    internal abstract FileTreeCapabilities Capabilities { get; }

    /// <summary>Stats a path, following links: what a user who names it means.</summary>
    internal abstract FileStatus Stat(string path);

    /// <summary>Opens a directory to read from, following links.</summary>
    internal abstract SourceDirectory OpenSource(string path);

    /// <summary>Opens an existing directory to write into, following links.</summary>
    internal abstract TargetDirectory OpenTarget(string path);

    /// <summary>The user's name, or an empty one where there is none. Cached; safe from any thread.</summary>
    internal abstract byte[] GetUserName(uint userId);

    internal abstract byte[] GetGroupName(uint groupId);

    /// <summary>The id of a user's name on this machine.</summary>
    internal abstract bool TryFindUser(ReadOnlySpan<byte> name, out uint userId);

    internal abstract bool TryFindGroup(ReadOnlySpan<byte> name, out uint groupId);
}

/// <summary>What a <see cref="FileTree"/> can tell and do; tests carry the capability that they need.</summary>
[Flags]
internal enum FileTreeCapabilities
{
    None = 0,
    Owners = 1 << 0,
    HardLinks = 1 << 1,
    Attributes = 1 << 2,
    Holes = 1 << 3,
    Nanoseconds = 1 << 4,
    ChangeTimes = 1 << 5,
    Inodes = 1 << 6,
    AnyByteInNames = 1 << 7,
    Fifos = 1 << 8,
    Devices = 1 << 9,
    LongPaths = 1 << 10,
    Modes = 1 << 11,
}
