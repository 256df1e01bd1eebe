using Freezer.Platform.Portable;

namespace Freezer.Platform;

/// <summary>Directory trees through the base class library alone, for every system that has no tree of its own here.</summary>
/// <remarks>What that library lacks, this tree lacks: owners, hard links, extended attributes, holes, times finer than 100
/// nanoseconds, times of change, inodes, and names that are not text. It works by paths, so that a directory that is swapped
/// for a link at the wrong instant is not noticed.</remarks>
internal sealed class PortableFileTree : FileTree
{
    private PortableFileTree()
    {
    }

    internal static FileTree Instance { get; } = new PortableFileTree();

    internal override FileTreeCapabilities Capabilities =>
        OperatingSystem.IsWindows() ? FileTreeCapabilities.None : FileTreeCapabilities.Modes;

    internal override FileStatus Stat(string path) => PortableStatus.Read(Resolve(path));

    internal override SourceDirectory OpenSource(string path) => PortableSourceDirectory.Open(Resolve(path));

    internal override TargetDirectory OpenTarget(string path)
    {
        string resolved = Resolve(path);
        return PortableStatus.Read(resolved).Kind == FileKind.Directory
            ? new PortableTargetDirectory(parent: null, resolved)
            : throw new FileSystemException(FileError.NotADirectory, $"'{PortableError.Printable(path)}' is not a directory");
    }

    internal override byte[] GetUserName(uint userId) => [];

    internal override byte[] GetGroupName(uint groupId) => [];

    internal override bool TryFindUser(ReadOnlySpan<byte> name, out uint userId)
    {
        userId = 0;
        return false;
    }

    internal override bool TryFindGroup(ReadOnlySpan<byte> name, out uint groupId)
    {
        groupId = 0;
        return false;
    }

    /// <summary>The full path of what a user named, behind its links.</summary>
    private static string Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PortableError.Make("resolve", path, exception);
        }
    }
}
