using Freezer.Platform;

namespace Freezer.Tests.Support;

/// <summary>A file tree that lets a test act, or fail, at a moment of its choice. Paths are from the source's root, in text form.</summary>
internal sealed class InterceptedFileTree(FileTree inner) : FileTree
{
    private readonly Lock _counting = new();
    private int _open;

    /// <summary>Runs before a file is opened; what it throws is what the open throws.</summary>
    internal Action<string>? OpeningFile { get; init; }

    /// <summary>Runs before a directory is opened.</summary>
    internal Action<string>? OpeningDirectory { get; init; }

    /// <summary>Runs before a directory is listed.</summary>
    internal Action<string>? Listing { get; init; }

    /// <summary>Runs before each read of a file, with the offset.</summary>
    internal Action<string, long>? Reading { get; init; }

    /// <summary>Runs before a symbolic link is read.</summary>
    internal Action<string>? ReadingLink { get; init; }

    /// <summary>Changes what a directory's status says.</summary>
    internal Func<string, FileStatus, FileStatus>? Status { get; init; }

    /// <summary>How many directories and files are open.</summary>
    internal int Open => Volatile.Read(ref _open);

    /// <summary>How many were open at the same time at most.</summary>
    internal int MostOpen { get; private set; }

    internal static FileSystemException Denied => new(FileError.AccessDenied, "Permission denied");

    internal override FileTreeCapabilities Capabilities => inner.Capabilities;

    internal override FileStatus Stat(string path) => inner.Stat(path);

    internal override SourceDirectory OpenSource(string path) => new Directory(this, Count(inner.OpenSource(path)), EntryPath.Root);

    internal override TargetDirectory OpenTarget(string path) => inner.OpenTarget(path);

    internal override byte[] GetUserName(uint userId) => inner.GetUserName(userId);

    internal override byte[] GetGroupName(uint groupId) => inner.GetGroupName(groupId);

    internal override bool TryFindUser(ReadOnlySpan<byte> name, out uint userId) => inner.TryFindUser(name, out userId);

    internal override bool TryFindGroup(ReadOnlySpan<byte> name, out uint groupId) => inner.TryFindGroup(name, out groupId);

    private T Count<T>(T opened)
    {
        lock (_counting)
        {
            MostOpen = Math.Max(MostOpen, ++_open);
        }

        return opened;
    }

    private void Release(IDisposable closed)
    {
        closed.Dispose();
        lock (_counting)
        {
            _open--;
        }
    }

    private sealed class Directory(InterceptedFileTree tree, SourceDirectory inner, EntryPath path) : SourceDirectory
    {
        internal override FileStatus Status => tree.Status?.Invoke(path.ToString(), inner.Status) ?? inner.Status;

        internal override DirectoryListing List(CancellationToken cancellationToken)
        {
            tree.Listing?.Invoke(path.ToString());
            return inner.List(cancellationToken);
        }

        internal override FileStatus Stat(ReadOnlySpan<byte> name) => inner.Stat(name);

        internal override SourceDirectory OpenDirectory(ReadOnlySpan<byte> name)
        {
            EntryPath child = path.Append(name);
            tree.OpeningDirectory?.Invoke(child.ToString());
            return new Directory(tree, tree.Count(inner.OpenDirectory(name)), child);
        }

        internal override SourceFile OpenFile(ReadOnlySpan<byte> name)
        {
            string file = path.Append(name).ToString();
            tree.OpeningFile?.Invoke(file);
            return new OpenedFile(tree, tree.Count(inner.OpenFile(name)), file);
        }

        internal override byte[] ReadLink(ReadOnlySpan<byte> name)
        {
            tree.ReadingLink?.Invoke(path.Append(name).ToString());
            return inner.ReadLink(name);
        }

        internal override IReadOnlyList<FileAttribute> ReadAttributes(ReadOnlySpan<byte> name) => inner.ReadAttributes(name);

        internal override IReadOnlyList<FileAttribute> ReadAttributes() => inner.ReadAttributes();

        protected override void Close() => tree.Release(inner);
    }

    private sealed class OpenedFile(InterceptedFileTree tree, SourceFile inner, string path) : SourceFile
    {
        internal override FileStatus Status => inner.Status;

        internal override FileStatus StatAgain() => inner.StatAgain();

        internal override int ReadAt(Span<byte> buffer, long offset)
        {
            tree.Reading?.Invoke(path, offset);
            return inner.ReadAt(buffer, offset);
        }

        internal override bool TryFindData(long offset, out long start, out long end) => inner.TryFindData(offset, out start, out end);

        internal override IReadOnlyList<FileAttribute> ReadAttributes() => inner.ReadAttributes();

        public override void Dispose() => tree.Release(inner);
    }
}
