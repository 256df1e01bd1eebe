using System.Text;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A small tree of everything that backups are known to stumble over, and three rounds of changes to it.</summary>
/// <remarks>What needs root, a tool or a file system that has it is left out where that is missing.</remarks>
/// <param name="root">Where it is.</param>
/// <param name="beyondTar">Whether it holds what GNU tar does not restore: a path longer than the system takes at once, and a file without
/// an access list in a directory whose default list it would inherit.</param>
internal sealed partial class OddTree(string root, bool beyondTar)
{
    private const int Block = 4096;
    private const int Depth = 20;

    private static readonly byte[] _longName = Encoding.ASCII.GetBytes(new string('d', 255));

    private readonly bool _isRoot = Environment.IsPrivilegedProcess;

    /// <summary>Makes the tree.</summary>
    internal void Make()
    {
        Directory.CreateDirectory(root);
        MakeChanging();
        MakeKinds();
        MakeNames();
        MakeLinks();
        MakeSparse();
        MakeMetadata();
        if (beyondTar)
        {
            MakeDeep();
        }

        SetTimes("past", new UnixTime(-1, 999_999_999));
        SetTimes("past-folder", new UnixTime(-2_000_000_000, 1));
    }

    /// <summary>Changes it, from the state after the round before.</summary>
    /// <param name="round">1 to 3.</param>
    internal void Change(int round)
    {
        ChangeContent(round);
        ChangeKinds(round);
        ChangeLinks(round);
        ChangeSparse(round);
        ChangeMetadata(round);
        if (beyondTar)
        {
            ChangeDeep(round);
        }
    }

    private void MakeChanging()
    {
        foreach (string name in (string[])["same", "edited", "edited in place", "deleted-1", "deleted-2", "renamed", "past", "replaced"])
        {
            Write(name, $"content of {name}");
        }

        Write("empty", "");
        MakeDirectory("empty-folder");
        MakeDirectory("past-folder");
        MakeDirectory("folder");
        MakeDirectory("folder/moved");
        Write("folder/moved/inside", "inside");
        Write("folder/stays", "stays");
        MakeDirectory("folder-deleted");
        Write("folder-deleted/inside", "inside");
    }

    private void ChangeContent(int round)
    {
        Write($"added-{round}", $"added in round {round}");
        Write("edited", $"content of round {round}, longer than before {new string('x', round)}");
        EditInPlace("edited in place", round);
        Write($"replaced~", $"replaced in round {round}");
        Rename("replaced~", "replaced");
        Write($"folder/added-{round}", "added");
        switch (round)
        {
            case 1:
                Unlink("deleted-1");
                Rename("renamed", "renamed on");
                Rename("folder/moved", "moved");
                break;
            case 2:
                Unlink("deleted-2");
                Unlink("folder-deleted/inside");
                NativeFiles.RemoveDirectory(PathOf("folder-deleted"));
                Rename("moved", "folder/moved");
                Rename("renamed on", "same");
                break;
            default:
                // What was there, was gone, and is there again.
                Write("deleted-1", "back again");
                MakeDirectory("folder-deleted");
                Write("folder-deleted/other", "other");
                Rename("folder/moved/inside", "folder/stays");
                break;
        }
    }

    /// <summary>Same length, same time of modification: only ctime tells.</summary>
    private void EditInPlace(string name, int round)
    {
        var time = new UnixTime(1_000_000_000, 5);
        NativeFiles.Write(PathOf(name), Encoding.UTF8.GetBytes($"{round}"));
        NativeFiles.SetTimes(PathOf(name), time);
    }

    private void MakeKinds()
    {
        Write("file-directory", "a file first");
        MakeDirectory("directory-file");
        Write("directory-file/inside", "1");
        MakeDirectory("directory-file/deep");
        Write("directory-file/deep/inside", "2");
        Write("file-link", "a file first");
        Link("link-file", "same");
        Link("link-directory", "folder");
        MakeDirectory("directory-link");
        Write("directory-link/inside", "3");
        NativeFiles.MakeFifo(PathOf("fifo-file"));
        NativeFiles.MakeFifo(PathOf("fifo"));
        Link("retargeted", "somewhere");
        Link("dangling", "/no/such/file");
        Link("absolute", "/etc");
        NativeFiles.SymbolicLink([.. "odd \n\\ "u8, 0xFF], PathOf("odd-link"));
        Link("long-link", string.Join('/', Enumerable.Repeat(new string('l', 200), 15)));
    }

    private void ChangeKinds(int round)
    {
        switch (round)
        {
            case 1:
                Unlink("file-directory");
                MakeDirectory("file-directory");
                Write("file-directory/inside", "now a directory");
                Unlink("directory-file/deep/inside");
                NativeFiles.RemoveDirectory(PathOf("directory-file/deep"));
                Unlink("directory-file/inside");
                NativeFiles.RemoveDirectory(PathOf("directory-file"));
                Write("directory-file", "now a file");
                Unlink("retargeted");
                Link("retargeted", "somewhere else");
                break;
            case 2:
                Unlink("file-link");
                Link("file-link", "directory-link");
                Unlink("link-file");
                Write("link-file", "now a file");
                Unlink("link-directory");
                MakeDirectory("link-directory");
                Write("link-directory/stays", "not in the folder that the link led to");
                Unlink("fifo-file");
                Write("fifo-file", "now a file");
                break;
            default:
                Unlink("directory-link/inside");
                NativeFiles.RemoveDirectory(PathOf("directory-link"));
                Link("directory-link", "folder");
                Unlink("file-directory/inside");
                NativeFiles.RemoveDirectory(PathOf("file-directory"));
                Write("file-directory", "a file again");
                Unlink("directory-file");
                MakeDirectory("directory-file");
                Write("directory-file/new", "a directory again");
                break;
        }
    }

    private void MakeNames()
    {
        MakeDirectory("names");
        string[] names =
        [
            "-dash", "--dash", " leading", "trailing ", "new\nline", "\n", "tab\t", "quote\"", "it's", "back\\slash", @"\xFF", "*", "?", "~", "...", "..a", ".hidden",
            "$HOME", "`id`", "a b", "\u0001", "\u007f", "e\u0301", "\u00e9", "\U0001F9CA emoji \U0001F468\u200D\U0001F469\u200D\U0001F467", "GNU.sparse", "PaxHeaders", "%n", "nul=", "C:", "lost+found",
            new string('n', 255), string.Concat(Enumerable.Repeat("\u00fc", 127)),
        ];
        foreach (string name in names)
        {
            Write($"names/{name}", name);
        }

        byte[][] bytes = [[0xFF], [0xC3], [(byte)'a', 0xFE, 0xFF, (byte)'b'], [0xED, 0xA0, 0x80], [.. Enumerable.Repeat((byte)0x80, 255)]];
        foreach (byte[] name in bytes)
        {
            NativeFiles.Write([.. PathOf("names/"), .. name], name);
            NativeFiles.MakeDirectory([.. PathOf("names/d"), .. name.AsSpan(0, Math.Min(name.Length, 254))]);
        }
    }

    private void MakeLinks()
    {
        MakeDirectory("links");
        Write("links/pair", "pair");
        HardLink("links/pair", "links/pair-too");
        Write("links/joined", "apart at first");
        Write("links/joined-too", "apart at first, too");
        Write("links/split", "together at first");
        HardLink("links/split", "links/split-too");
        Write("links/a", "three names");
        HardLink("links/a", "folder/three");
        HardLink("links/a", "z-three");
        NativeFiles.MakeFifo(PathOf("links/fifo"));
        HardLink("links/fifo", "links/fifo-too");
        Link("links/symbolic", "pair");
        HardLink("links/symbolic", "links/symbolic-too");
    }

    private void ChangeLinks(int round)
    {
        switch (round)
        {
            case 1:
                Unlink("links/joined-too");
                HardLink("links/joined", "links/joined-too");
                Unlink("links/split-too");
                Write("links/split-too", "a file of its own");
                break;
            case 2:
                // The content is written through the last name only.
                Write("z-three", "three names, other content");
                Unlink("links/pair");
                Write("links/pair", "pair");
                HardLink("links/pair", "links/pair-new");
                break;
            default:
                Unlink("links/a");
                HardLink("z-three", "links/z");
                Unlink("links/joined-too");
                Write("links/joined-too", "apart again");
                break;
        }
    }

    private void MakeSparse()
    {
        Write("sparse", "begin");
        NativeFiles.Write(PathOf("sparse"), "middle"u8, 300 * Block);
        NativeFiles.Truncate(PathOf("sparse"), 2000 * Block + 17);
        Write("all-hole", "");
        NativeFiles.Truncate(PathOf("all-hole"), 1 << 26);
        Write("many-holes", "");
        for (int i = 0; i < 200; i++)
        {
            NativeFiles.Write(PathOf("many-holes"), "x"u8, (2 * i + 1) * Block);
        }

        Write("becomes-sparse", "dense");
    }

    private void ChangeSparse(int round)
    {
        switch (round)
        {
            case 1:
                NativeFiles.Write(PathOf("sparse"), "in the hole"u8, 1000 * Block);
                break;
            case 2:
                NativeFiles.Truncate(PathOf("becomes-sparse"), 100 * Block);
                NativeFiles.Truncate(PathOf("all-hole"), 3);
                break;
            default:
                NativeFiles.Truncate(PathOf("sparse"), 0);
                NativeFiles.Truncate(PathOf("sparse"), 50 * Block);
                NativeFiles.Truncate(PathOf("becomes-sparse"), 5);
                break;
        }
    }

    private void MakeDeep()
    {
        TargetDirectory directory = FileTree.ForThisMachine.OpenTarget(root);
        for (int i = 0; i < Depth; i++)
        {
            using TargetDirectory parent = directory;
            parent.CreateDirectory(_longName);
            directory = parent.OpenDirectory(_longName);
        }

        using (directory)
        {
            Fill(directory, "bottom"u8, "at the bottom"u8);
        }
    }

    private void ChangeDeep(int round)
    {
        using TargetDirectory top = FileTree.ForThisMachine.OpenTarget(root);
        using TargetDirectory bottom = top.OpenPath(string.Join('/', Enumerable.Repeat(Encoding.ASCII.GetString(_longName), Depth)).Select(static c => (byte)c).ToArray());
        switch (round)
        {
            case 1:
                Fill(bottom, "new"u8, "another one"u8);
                break;
            case 2:
                bottom.RemoveFile("bottom"u8);
                Fill(bottom, "bottom"u8, "other content"u8);
                break;
            default:
                bottom.RemoveFile("new"u8);
                break;
        }
    }

    private static void Fill(TargetDirectory directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        using TargetFile file = directory.CreateFile(name);
        file.WriteAt(content, 0);
    }

    private byte[] PathOf(string name) => NativeFiles.Path(root, Encoding.UTF8.GetBytes(name));

    private void Write(string name, string content)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(content);
        NativeFiles.Write(PathOf(name), bytes);
        NativeFiles.Truncate(PathOf(name), bytes.Length);
    }

    private void MakeDirectory(string name) => NativeFiles.MakeDirectory(PathOf(name));

    private void Link(string name, string target) => NativeFiles.SymbolicLink(Encoding.UTF8.GetBytes(target), PathOf(name));

    private void HardLink(string existing, string name) => NativeFiles.Link(PathOf(existing), PathOf(name));

    private void Rename(string from, string to) => NativeFiles.Rename(PathOf(from), PathOf(to));

    private void Unlink(string name) => NativeFiles.Unlink(PathOf(name));

    private void SetTimes(string name, UnixTime time) => NativeFiles.SetTimes(PathOf(name), time);
}
