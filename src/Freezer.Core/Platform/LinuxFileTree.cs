namespace Freezer.Platform;

/// <summary>Directory trees on Linux, by descriptors and byte names.</summary>
internal abstract class LinuxFileTree : FileTree
{
    internal static FileTree Instance => throw new PlatformNotSupportedException();
}
