using Freezer.Platform;

namespace Freezer.Tests.Support;

/// <summary>Makes a random tree and changes it, in all the ways that a backup may stumble over. One seed, one history.</summary>
/// <remarks>Only for Linux. Set-uid bits, owners and device nodes need root and are left out without it.</remarks>
/// <param name="root">The directory that is filled.</param>
/// <param name="seed">What decides about everything.</param>
/// <param name="seen">What whoever backs up the tree can see: nothing is made, or changed, that only others could show.</param>
internal sealed class TreeMutator(string root, int seed, FileTreeCapabilities seen = (FileTreeCapabilities)(-1))
{
    private const int LongestContent = 3000;
    private const string FirstAttribute = "user.a";
    private const string SecondAttribute = "user.b=%";

    private readonly Random _random = new(seed);
    private readonly bool _isRoot = Environment.IsPrivilegedProcess;

    /// <summary>What was done, for the message of a test that fails.</summary>
    internal List<string> History { get; } = [];

    /// <summary>Fills the tree.</summary>
    internal void Grow(int entries)
    {
        for (int i = 0; i < entries; i++)
        {
            Create(Scan());
        }
    }

    /// <summary>Changes the tree in so many ways.</summary>
    internal void Mutate(int changes)
    {
        for (int i = 0; i < changes; i++)
        {
            Change(Scan());
        }
    }

    private void Change(List<Found> tree)
    {
        switch (_random.Next(20))
        {
            case 0 or 1 or 2:
                Create(tree);
                break;
            case 3 or 4 when Pick(tree, FileKind.Regular) is { } file:
                Modify(file);
                break;
            case 5 when seen.HasFlag(FileTreeCapabilities.ChangeTimes) && Pick(tree, FileKind.Regular) is { } file:
                ModifyAndKeepTime(file);
                break;
            case 6 or 7 when Pick(tree, null) is { } entry:
                Remove(entry);
                break;
            case 8 or 9 when Pick(tree, null) is { } entry:
                Move(entry, tree);
                break;
            case 10 or 11 when Pick(tree, null) is { } from && Pick(tree, null) is { } to:
                RenameOver(from, to);
                break;
            case 12 or 13 when Pick(tree, FileKind.Regular, FileKind.SymbolicLink, FileKind.Fifo) is { } entry:
                HardLink(entry, tree);
                break;
            case 14 when Pick(tree, FileKind.Regular) is { } file:
                Replace(file);
                break;
            case 15 when Pick(tree, null) is { } entry:
                ChangeKind(entry);
                break;
            case 16 when Pick(tree, FileKind.Regular, FileKind.Directory) is { } entry:
                ChangeMode(entry);
                break;
            case 17 when Pick(tree, null) is { } entry:
                ChangeTime(entry);
                break;
            case 18 when seen.HasFlag(FileTreeCapabilities.Attributes | FileTreeCapabilities.ChangeTimes) && Pick(tree, FileKind.Regular, FileKind.Directory) is { } entry:
                ChangeAttribute(entry);
                break;
            case 19 when Pick(tree, null) is { } entry:
                ChangeOwner(entry);
                break;
        }
    }

    private void Create(List<Found> tree)
    {
        byte[] path = FreePath(tree);
        switch (_random.Next(10))
        {
            case 0 or 1 or 2:
                Note("mkdir", path);
                MakeDirectory(path);
                break;
            case 3:
                Note("symlink", path);
                NativeFiles.SymbolicLink(_random.Next(3) == 0 ? "../nowhere"u8 : Name(), path);
                break;
            case 4 when seen.HasFlag(FileTreeCapabilities.Fifos):
                Note("mkfifo", path);
                NativeFiles.MakeFifo(path);
                break;
            case 5:
                Note("sparse", path);
                NativeFiles.Write(path, Content(), _random.Next(40) * 4096);
                NativeFiles.Truncate(path, _random.Next(60) * 4096);
                break;
            default:
                Note("create", path);
                NativeFiles.Write(path, Content());
                break;
        }

        if (_random.Next(3) == 0)
        {
            NativeFiles.SetTimes(path, Time());
        }
    }

    /// <summary>Every directory has both attributes from the beginning: GNU tar takes none off a directory that it extracts over.</summary>
    private void MakeDirectory(byte[] path)
    {
        NativeFiles.MakeDirectory(path);
        SetAttribute(path, FirstAttribute);
        SetAttribute(path, SecondAttribute);
    }

    private void Modify(Found file)
    {
        Note("modify", file.Path);
        NativeFiles.Write(file.Path, Content(), _random.Next(100));
    }

    private void ModifyAndKeepTime(Found file)
    {
        Note("modify, time kept", file.Path);
        NativeFiles.Write(file.Path, Content().AsSpan(0, (int)Math.Min(file.Status.Size, 1)));
        NativeFiles.SetTimes(file.Path, file.Status.Modified);
    }

    private void Remove(Found entry)
    {
        Note("remove", entry.Path);
        foreach (Found inside in Subtree(entry))
        {
            if (inside.Status.Kind == FileKind.Directory)
            {
                NativeFiles.RemoveDirectory(inside.Path);
            }
            else
            {
                NativeFiles.Unlink(inside.Path);
            }
        }
    }

    private void Move(Found entry, List<Found> tree)
    {
        byte[] target = FreePath(tree);
        if (!IsWithin(target, entry.Path))
        {
            Note("move", entry.Path, target);
            NativeFiles.Rename(entry.Path, target);
        }
    }

    private void RenameOver(Found from, Found to)
    {
        if (IsWithin(to.Path, from.Path) || IsWithin(from.Path, to.Path))
        {
            return;
        }

        Note("rename over", from.Path, to.Path);
        if ((from.Status.Kind == FileKind.Directory) != (to.Status.Kind == FileKind.Directory) || to.Status.Kind == FileKind.Directory)
        {
            Remove(to);
        }

        NativeFiles.Rename(from.Path, to.Path);
    }

    private void HardLink(Found entry, List<Found> tree)
    {
        byte[] path = FreePath(tree);
        Note("link", entry.Path, path);
        NativeFiles.Link(entry.Path, path);
    }

    /// <summary>Gives a name another inode, as editors do: a group of hard links falls apart.</summary>
    private void Replace(Found file)
    {
        Note("replace", file.Path);
        byte[] temporary = [.. file.Path, (byte)'~'];
        NativeFiles.Write(temporary, Content());
        NativeFiles.Rename(temporary, file.Path);
    }

    private void ChangeKind(Found entry)
    {
        Note("change the kind of", entry.Path);
        Remove(entry);
        switch (_random.Next(4))
        {
            case 0:
                NativeFiles.Write(entry.Path, Content());
                break;
            case 1:
                NativeFiles.SymbolicLink(Name(), entry.Path);
                break;
            case 2 when seen.HasFlag(FileTreeCapabilities.Fifos):
                NativeFiles.MakeFifo(entry.Path);
                break;
            default:
                MakeDirectory(entry.Path);
                NativeFiles.Write([.. entry.Path, (byte)'/', .. Name()], Content());
                break;
        }
    }

    private void ChangeMode(Found entry)
    {
        int mode = _random.Next(0x200) | (!_isRoot ? 0x1C0 : seen.HasFlag(FileTreeCapabilities.Owners) ? _random.Next(8) << 9 : 0);
        Note($"chmod {Convert.ToString(mode, 8)}", entry.Path);
        NativeFiles.SetMode(entry.Path, mode);
    }

    private void ChangeTime(Found entry)
    {
        UnixTime time = Time();
        Note($"touch {time}", entry.Path);
        NativeFiles.SetTimes(entry.Path, time);
    }

    private void ChangeAttribute(Found entry)
    {
        Note("setxattr", entry.Path);
        SetAttribute(entry.Path, _random.Next(2) == 0 ? FirstAttribute : SecondAttribute);
    }

    private void SetAttribute(byte[] path, string name) => NativeFiles.SetAttribute(path, name, Content()[.._random.Next(20)]);

    private void ChangeOwner(Found entry)
    {
        if (_isRoot)
        {
            Note("chown", entry.Path);
            NativeFiles.SetOwner(entry.Path, (uint)_random.Next(3) * 2_000_000_000, (uint)_random.Next(3) * 1000);
        }
    }

    private Found? Pick(List<Found> tree, params FileKind[]? kinds)
    {
        List<Found> fitting = kinds is null ? tree : tree.FindAll(found => kinds.Contains(found.Status.Kind));
        return fitting.Count == 0 ? null : fitting[_random.Next(fitting.Count)];
    }

    private byte[] FreePath(List<Found> tree)
    {
        List<Found> directories = tree.FindAll(static found => found.Status.Kind == FileKind.Directory);
        while (true)
        {
            int choice = _random.Next(directories.Count + 2);
            byte[] directory = choice < directories.Count ? directories[choice].Path : NativeFiles.Path(root);
            byte[] path = [.. directory, (byte)'/', .. Name()];
            if (!tree.Exists(found => found.Path.AsSpan().SequenceEqual(path)))
            {
                return path;
            }
        }
    }

    private byte[] Name()
    {
        bool isText = !seen.HasFlag(FileTreeCapabilities.AnyByteInNames);
        ReadOnlySpan<byte> letters = isText ? "abAB-._z \n\\"u8 : "abAB-._z \n\\\u00e9"u8;
        byte[] name = new byte[_random.Next(1, 4)];
        for (int i = 0; i < name.Length; i++)
        {
            name[i] = _random.Next(12) == 0 && !isText ? (byte)0xFF : letters[_random.Next(letters.Length)];
        }

        return name.AsSpan().SequenceEqual("."u8) || name.AsSpan().SequenceEqual(".."u8) ? "x"u8.ToArray() : name;
    }

    private byte[] Content()
    {
        byte[] content = new byte[_random.Next(5) == 0 ? 0 : _random.Next(1, LongestContent)];
        _random.NextBytes(content);
        return content.Length < 20 ? new byte[20] : content;
    }

    private UnixTime Time() => _random.Next(5) switch
    {
        0 => new UnixTime(-_random.Next(1, 1_000_000), 0),
        1 => new UnixTime(0, 1),
        2 => new UnixTime(_random.Next(), 100_000_000),
        3 => new UnixTime(_random.Next(), 999_999_999),
        _ => new UnixTime(_random.Next(), _random.Next(1_000_000_000)),
    };

    private List<Found> Scan()
    {
        List<Found> found = [];
        Scan(NativeFiles.Path(root), FileTree.ForThisMachine.OpenSource(root), found);
        return found;
    }

    private static void Scan(byte[] path, SourceDirectory directory, List<Found> found)
    {
        using (directory)
        {
            DirectoryListing listing = directory.List(default);
            for (int i = 0; i < listing.Count; i++)
            {
                byte[] entry = [.. path, (byte)'/', .. listing.Name(i)];
                found.Add(new Found(entry, listing.Status(i)));
                if (listing.Status(i).Kind == FileKind.Directory)
                {
                    Scan(entry, directory.OpenDirectory(listing.Name(i)), found);
                }
            }
        }
    }

    /// <summary>An entry and what is below it, the deepest first.</summary>
    private List<Found> Subtree(Found top)
    {
        List<Found> inside = Scan().FindAll(found => IsWithin(found.Path, top.Path));
        inside.Reverse();
        return inside;
    }

    private static bool IsWithin(byte[] path, byte[] directory) =>
        path.AsSpan().StartsWith(directory) && (path.Length == directory.Length || path[directory.Length] == (byte)'/');

    private void Note(string what, params byte[][] paths) =>
        History.Add($"{what} {string.Join(' ', paths.Select(path => EntryPath.ToText(path.AsSpan(root.Length))))}");

    private sealed record Found(byte[] Path, FileStatus Status);
}
