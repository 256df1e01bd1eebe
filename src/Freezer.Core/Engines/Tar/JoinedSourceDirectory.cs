using Freezer.Platform;

namespace Freezer.Engines.Tar;

/// <summary>A file or directory that was named as a source.</summary>
/// <param name="Name">Under which it appears.</param>
/// <param name="Path">Where it is; a link there is followed.</param>
/// <param name="Status">What it was when the backup began.</param>
internal sealed record JoinedSource(byte[] Name, string Path, FileStatus Status);

/// <summary>A root that exists only in the backup, with the named sources in it.</summary>
internal sealed class JoinedSourceDirectory(FileTree tree, IReadOnlyList<JoinedSource> sources) : SourceDirectory
{
    private const int Mode = 0x1ED; // rwxr-xr-x

    /// <summary>Owner and times are those of the first source, so that the root does not change unless it does.</summary>
    internal override FileStatus Status { get; } = new()
    {
        Kind = FileKind.Directory,
        Mode = Mode,
        UserId = sources[0].Status.UserId,
        GroupId = sources[0].Status.GroupId,
        Modified = sources[0].Status.Modified,
        Changed = sources[0].Status.Changed,
        Device = sources[0].Status.Device,
        LinkCount = 1,
    };

    internal override DirectoryListing List(CancellationToken cancellationToken)
    {
        var entries = new DirectoryListing.Entry[sources.Count];
        var names = new List<byte>();
        for (int i = 0; i < entries.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            entries[i].NameOffset = names.Count;
            entries[i].NameLength = sources[i].Name.Length;
            names.AddRange(sources[i].Name);
            try
            {
                entries[i].Status = tree.Stat(sources[i].Path);
            }
            catch (FileSystemException error)
            {
                entries[i].Error = error;
            }
        }

        return new DirectoryListing([.. names], entries, entries.Length);
    }

    internal override FileStatus Stat(ReadOnlySpan<byte> name) => tree.Stat(Find(name).Path);

    internal override SourceDirectory OpenDirectory(ReadOnlySpan<byte> name) => tree.OpenSource(Find(name).Path);

    internal override SourceFile OpenFile(ReadOnlySpan<byte> name)
    {
        (SourceDirectory directory, byte[] file) = OpenParent(name);
        using (directory)
        {
            return directory.OpenFile(file);
        }
    }

    internal override byte[] ReadLink(ReadOnlySpan<byte> name) =>
        throw new FileSystemException(FileError.Other, $"'{Find(name).Path}' is followed if it is a link");

    internal override IReadOnlyList<FileAttribute> ReadAttributes(ReadOnlySpan<byte> name)
    {
        (SourceDirectory directory, byte[] file) = OpenParent(name);
        using (directory)
        {
            return directory.ReadAttributes(file);
        }
    }

    internal override IReadOnlyList<FileAttribute> ReadAttributes() => [];

    protected override void Close()
    {
        // Nothing is open: each source is opened when it is asked for.
    }

    /// <summary>Opens the directory that holds what a source leads to, behind all links.</summary>
    private (SourceDirectory Directory, byte[] Name) OpenParent(ReadOnlySpan<byte> name)
    {
        string path = Find(name).Path;
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        return (tree.OpenSource(Path.GetDirectoryName(target)!), System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(target)));
    }

    private JoinedSource Find(ReadOnlySpan<byte> name)
    {
        foreach (JoinedSource source in sources)
        {
            if (name.SequenceEqual(source.Name))
            {
                return source;
            }
        }

        throw new FileSystemException(FileError.NotFound, $"There is no source '{EntryPath.ToText(name)}'");
    }
}
