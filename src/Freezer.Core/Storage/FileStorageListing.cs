using System.Diagnostics.CodeAnalysis;
using System.IO.Enumeration;
using Freezer.Platform;

namespace Freezer.Storage;

/// <summary>Walks the directory of a <see cref="FileStorage"/> in the order of keys, holding one directory of each level.</summary>
internal sealed class FileStorageListing(FileStorageDirectory directory)
{
    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
        ReturnSpecialDirectories = false,
    };

    /// <summary>A name, with a slash at its end where it is a directory: so that <c>a-b</c> sorts before <c>a/b</c>.</summary>
    private static readonly Comparison<Child> ByName = (left, right) => StoragePath.Compare(left.Name, right.Name);

    /// <summary>Lists the objects below a prefix. Blocks; fails as the file system does.</summary>
    internal IEnumerable<StorageEntry> Below(StoragePrefix prefix)
    {
        string start = prefix.Value.Length == 0 ? "" : prefix.Value + "/";
        Stack<Level> levels = new();
        levels.Push(new Level(start, directory.PathOf(prefix), ChildrenOf(directory.PathOf(prefix))));
        while (levels.TryPeek(out Level? level))
        {
            if (level.Next == level.Children.Count)
            {
                levels.Pop();
                continue;
            }

            Child child = level.Children[level.Next];
            // A name that is replaced while a directory is read may be told twice.
            bool isRepeated = level.Next > 0 && level.Children[level.Next - 1] == child;
            level.Next++;
            if (isRepeated || FileStorageNames.IsReserved(child.Name.AsSpan().TrimEnd('/'), isBelowRoot: level.Start.Length == 0))
            {
                continue;
            }

            string path = Path.Join(level.Path, child.Name);
            if (child.IsDirectory)
            {
                string childPath = Path.TrimEndingDirectorySeparator(path);
                levels.Push(new Level(level.Start + child.Name, childPath, ChildrenOf(childPath)));
            }
            else if (TryDescribe(level.Start + child.Name, path, out StorageEntry? entry))
            {
                yield return entry;
            }
        }
    }

    /// <summary>The names in a directory, in the order of keys; none where there is no such directory.</summary>
    internal static List<Child> ChildrenOf(string path)
    {
        List<Child> children = [];
        try
        {
            FileSystemEnumerable<Child> names = new(path, Describe, Everything);
            foreach (Child child in names)
            {
                children.Add(child);
            }
        }
        catch (IOException failure) when (FileStorageErrors.IsMissing(failure))
        {
            // A directory that a deletion removed meanwhile holds nothing, and neither does an unknown prefix or an object.
            return [];
        }

        children.Sort(ByName);
        return children;

        static Child Describe(ref FileSystemEntry entry) =>
            entry.IsDirectory && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint)
                ? new Child($"{entry.FileName}/", true)
                : new Child(entry.FileName.ToString(), false);
    }

    private bool TryDescribe(string key, string path, [NotNullWhen(true)] out StorageEntry? entry)
    {
        entry = null;
        if (!StorageKey.TryParse(key, out StorageKey parsed) || !directory.Files.TryStat(path, out FileStatus status))
        {
            return false;
        }

        if (status.Kind == FileKind.SymbolicLink && Directory.Exists(path))
        {
            throw new StorageException(StorageErrorKind.Unsupported, key,
                "a link to a directory stands in the storage, and a listing does not follow it; mount the file system there instead");
        }

        if (status.Kind == FileKind.Regular)
        {
            entry = FileStorageDirectory.EntryOf(parsed, status);
        }

        return entry is not null;
    }

    internal sealed record Child(string Name, bool IsDirectory);

    private sealed class Level(string start, string path, List<Child> children)
    {
        internal string Start => start;

        internal string Path => path;

        internal List<Child> Children => children;

        /// <summary>The place of the child that comes next.</summary>
        internal int Next { get; set; }
    }
}
