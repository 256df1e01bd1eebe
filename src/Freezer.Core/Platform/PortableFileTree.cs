namespace Freezer.Platform;

/// <summary>Directory trees through the base class library, for every other system.</summary>
internal abstract class PortableFileTree : FileTree
{
    internal static FileTree Instance => throw new PlatformNotSupportedException();
}
