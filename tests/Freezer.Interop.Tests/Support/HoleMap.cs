using Freezer.Platform;

namespace Freezer.Interop.Tests;

/// <summary>Where the files of a tree have data. Everything else of them is holes.</summary>
internal static class HoleMap
{
    /// <summary>The extents of every regular file, by path.</summary>
    internal static SortedDictionary<EntryPath, string> Take(string root)
    {
        var map = new SortedDictionary<EntryPath, string>();
        using SourceDirectory directory = FileTree.ForThisMachine.OpenSource(root);
        Add(directory, EntryPath.Root, map);
        return map;
    }

    /// <summary>The extents of one file.</summary>
    internal static IEnumerable<(long Start, long End)> ExtentsOf(SourceFile file)
    {
        long offset = 0;
        while (file.TryFindData(offset, out long start, out long end))
        {
            yield return (start, end);
            offset = end;
        }
    }

    private static void Add(SourceDirectory directory, EntryPath path, SortedDictionary<EntryPath, string> map)
    {
        DirectoryListing listing = directory.List(default);
        for (int i = 0; i < listing.Count; i++)
        {
            EntryPath entry = path.Append(listing.Name(i));
            if (listing.Status(i).Kind == FileKind.Directory)
            {
                using SourceDirectory child = directory.OpenDirectory(listing.Name(i));
                Add(child, entry, map);
            }
            else if (listing.Status(i).Kind == FileKind.Regular)
            {
                using SourceFile file = directory.OpenFile(listing.Name(i));
                map.Add(entry, string.Join(' ', ExtentsOf(file).Select(static extent => $"{extent.Start}-{extent.End}")));
            }
        }
    }
}
