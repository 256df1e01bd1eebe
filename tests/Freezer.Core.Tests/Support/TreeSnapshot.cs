using System.Security.Cryptography;
using Freezer.Platform;

namespace Freezer.Tests.Support;

/// <summary>A directory tree in every respect that a backup must keep: names as bytes, kinds, modes, owners, times to the
/// nanosecond, content, extended attributes, link targets, device numbers and which names are one inode.</summary>
internal sealed class TreeSnapshot
{
    private readonly SortedDictionary<EntryPath, string> _entries = [];

    /// <summary>What there is, by path from the root, which is there too.</summary>
    internal IReadOnlyDictionary<EntryPath, string> Entries => _entries;

    /// <param name="path">The root. Only it may be a link.</param>
    /// <param name="aspects">What is looked at.</param>
    /// <param name="tree">What it is looked at with.</param>
    internal static TreeSnapshot Take(string path, TreeAspects aspects = TreeAspects.All, FileTree? tree = null)
    {
        var snapshot = new TreeSnapshot();
        var linked = new Dictionary<(ulong Device, ulong Inode), List<EntryPath>>();
        var pending = new Stack<EntryPath>([EntryPath.Root]);
        using SourceDirectory root = (tree ?? FileTree.ForThisMachine).OpenSource(path);
        snapshot._entries.Add(EntryPath.Root, Describe(root.Status, aspects) + Attributes(root.ReadAttributes(), aspects));
        while (pending.TryPop(out EntryPath directoryPath))
        {
            using SourceDirectory directory = root.OpenPath(directoryPath.Bytes.Span);
            DirectoryListing listing = directory.List(default);
            for (int i = 0; i < listing.Count; i++)
            {
                if (listing.Error(i) is { } error)
                {
                    throw error;
                }

                EntryPath entry = directoryPath.Append(listing.Name(i));
                FileStatus status = listing.Status(i);
                string details = Describe(status, aspects);
                switch (status.Kind)
                {
                    case FileKind.Directory:
                        pending.Push(entry);
                        using (SourceDirectory child = directory.OpenDirectory(listing.Name(i)))
                        {
                            details += Attributes(child.ReadAttributes(), aspects);
                        }

                        break;
                    case FileKind.Regular:
                        using (SourceFile file = directory.OpenFile(listing.Name(i)))
                        {
                            details += $" size {status.Size} {Hash(file)}{Attributes(file.ReadAttributes(), aspects)}";
                        }

                        break;
                    case FileKind.SymbolicLink:
                        details += $" -> {EntryPath.ToText(directory.ReadLink(listing.Name(i)))}{Attributes(directory.ReadAttributes(listing.Name(i)), aspects)}";
                        break;
                    default:
                        details += $" device {status.DeviceMajor},{status.DeviceMinor}{Attributes(directory.ReadAttributes(listing.Name(i)), aspects)}";
                        break;
                }

                snapshot._entries.Add(entry, details);
                if (status.Kind != FileKind.Directory && status.LinkCount > 1 && aspects.HasFlag(TreeAspects.HardLinks))
                {
                    (linked.TryGetValue((status.Device, status.Inode), out List<EntryPath>? names) ? names : linked[(status.Device, status.Inode)] = []).Add(entry);
                }
            }
        }

        foreach (List<EntryPath> names in linked.Values)
        {
            names.Sort();
            foreach (EntryPath name in names)
            {
                snapshot._entries[name] += $" linked {string.Join(" = ", names)}";
            }
        }

        return snapshot;
    }

    /// <summary>What is different in another tree, a line each; empty where nothing is.</summary>
    internal IReadOnlyList<string> DifferencesTo(TreeSnapshot other)
    {
        List<string> differences = [];
        foreach ((EntryPath path, string details) in _entries)
        {
            if (!other._entries.TryGetValue(path, out string? there))
            {
                differences.Add($"{path}: missing, should be {details}");
            }
            else if (there != details)
            {
                differences.Add($"{path}: is {there}, should be {details}");
            }
        }

        differences.AddRange(other._entries.Keys.Where(path => !_entries.ContainsKey(path)).Select(static path => $"{path}: should not be there"));
        return differences;
    }

    private static string Describe(in FileStatus status, TreeAspects aspects) => string.Join(
        ' ',
        status.Kind,
        status.Kind != FileKind.SymbolicLink && aspects.HasFlag(TreeAspects.Modes) ? Convert.ToString(status.Mode, 8) : "-",
        aspects.HasFlag(TreeAspects.Owners) ? $"{status.UserId}:{status.GroupId}" : "-",
        aspects.HasFlag(TreeAspects.Nanoseconds) ? $"{status.Modified.Seconds}.{status.Modified.Nanoseconds:D9}"
            : aspects.HasFlag(TreeAspects.Times) ? $"{status.Modified.Seconds}.{status.Modified.Nanoseconds / 100:D7}" : "-");

    private static string Attributes(IReadOnlyList<FileAttribute> attributes, TreeAspects aspects) => !aspects.HasFlag(TreeAspects.Attributes) ? ""
        : string.Concat(attributes.Select(static a => $" {EntryPath.ToText(a.Name)}={Convert.ToHexString(a.Value)}"));

    private static string Hash(SourceFile file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 << 10];
        long offset = 0;
        for (int read = file.ReadAt(buffer, offset); read > 0; read = file.ReadAt(buffer, offset))
        {
            hash.AppendData(buffer, 0, read);
            offset += read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>What a snapshot looks at beside names, kinds, sizes, content and link targets.</summary>
[Flags]
internal enum TreeAspects
{
    None = 0,
    Modes = 1 << 0,
    Owners = 1 << 1,

    /// <summary>Times of modification, to the 100 nanoseconds that .NET keeps.</summary>
    Times = 1 << 2,
    Nanoseconds = 1 << 3,
    Attributes = 1 << 4,
    HardLinks = 1 << 5,
    All = Modes | Owners | Times | Nanoseconds | Attributes | HardLinks,
}
