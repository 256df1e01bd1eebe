using System.Globalization;
using Freezer.Cli.Tests;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>Chains that OpenStack Freezer left, made by GNU tar itself in Freezer's layout, come back to every date.</summary>
public sealed class OpenStackChainTests : IDisposable
{
    private const long FirstTime = 1_700_000_000;
    private const long Step = 86_400;

    /// <summary>GNU's own format, in which Freezer writes, keeps whole seconds and no attributes.</summary>
    private const TreeAspects Kept = TreeAspects.All & ~TreeAspects.Attributes;

    private readonly ScratchDirectory _scratch = new();
    private readonly string _source;
    private readonly Store _store;

    public OpenStackChainTests()
    {
        _source = _scratch.Make("source");
        _store = new Store(Path.Combine(_scratch.Path, "store"));
    }

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public void Every_level_comes_back_by_its_date()
    {
        List<TreeSnapshot> trees = MakeChain();
        _store.List().Should().HaveCount(trees.Count).And.OnlyContain(static backup => (bool)backup["foreign"]!);

        for (int level = 0; level < trees.Count; level++)
        {
            string target = Path.Combine(_scratch.Path, $"target-{level}");
            // Just before the next one.
            ProgramRun run = _store.Restore(target, "--to", Text(TimeOf(level + 1) - 1)).ShouldEndWith(0);

            ((int?)run.Document["level"]).Should().Be(level);
            trees[level].DifferencesTo(TreeSnapshot.Take(target, Kept)).Should().BeEmpty("this is level {0}", level);
        }
    }

    [SkippableFact]
    public void Strangers_in_the_destination_survive()
    {
        List<TreeSnapshot> trees = MakeChain();
        string target = _scratch.Make("target");
        Directory.CreateDirectory(Path.Combine(target, "gone", "own"));
        Directory.CreateDirectory(Path.Combine(target, "kept"));
        string[] strangers = ["stranger", "gone/own/stranger", "kept/stranger"];
        foreach (string stranger in strangers)
        {
            File.WriteAllText(Path.Combine(target, stranger), "mine");
        }

        _store.Restore(target).ShouldEndWith(1);
        _store.Restore(target, "--overwrite").ShouldEndWith(0);

        trees[^1].DifferencesTo(TreeSnapshot.Take(target, Kept)).Should().BeEquivalentTo(
            ((string[])[.. strangers, "gone", "gone/own"]).Select(static name => $"{name}: should not be there"));
        strangers.Should().OnlyContain(stranger => File.ReadAllText(Path.Combine(target, stranger)) == "mine");
    }

    /// <summary>Freezer itself restores whichever level 1 its storage happens to list last.</summary>
    [SkippableFact]
    public void Of_several_backups_of_one_level_the_one_of_the_date_is_restored()
    {
        RequireTar();
        string firstList = Path.Combine(_scratch.Path, "list-0");
        Write("file", "0");
        TreeSnapshot[] trees = new TreeSnapshot[3];
        trees[0] = TakeLevel(0, FirstTime, firstList);
        for (int day = 1; day <= 2; day++)
        {
            string list = Path.Combine(_scratch.Path, $"list-{day}");
            File.Copy(firstList, list);
            Write("file", $"of day {day}");
            Write($"only-{day}", "1");
            File.Delete(Path.Combine(_source, $"only-{day - 1}"));
            trees[day] = TakeLevel(1, TimeOf(day), list);
        }

        for (int day = 0; day <= 2; day++)
        {
            string target = Path.Combine(_scratch.Path, $"target-{day}");
            _store.Restore(target, "--to", Text(TimeOf(day))).ShouldEndWith(0);
            trees[day].DifferencesTo(TreeSnapshot.Take(target, Kept)).Should().BeEmpty("this is day {0}", day);
        }
    }

    [SkippableFact]
    public void A_level_that_is_gone_is_an_error_before_anything_is_written()
    {
        MakeChain();
        Directory.Delete(Path.Combine(_store.Path, "metadata", "tar", _store.Name, Text(FirstTime), $"1_{Text(TimeOf(1))}"), recursive: true);
        string target = Path.Combine(_scratch.Path, "target");

        ProgramRun run = _store.Restore(target).ShouldEndWith(1);

        ((string?)run.Document["error"]).Should().Contain("no backup of level 1");
        Directory.Exists(target).Should().BeFalse();
    }

    [SkippableFact]
    public void A_new_backup_begins_a_chain_of_its_own()
    {
        MakeChain();

        ProgramRun run = _store.Backup(_source).ShouldEndWith(0);

        ((int?)run.Document["level"]).Should().Be(0);
        ((string?)run.Document["newChainReason"]).Should().Contain("another program");
        string target = Path.Combine(_scratch.Path, "target");
        _store.Restore(target).ShouldEndWith(0);
        TreeSnapshot.Take(_source).DifferencesTo(TreeSnapshot.Take(target)).Should().BeEmpty();
    }

    /// <summary>Levels 0 to 3. What GNU tar itself gets wrong (an inode that a directory leaves to another one) does not happen in them.</summary>
    private List<TreeSnapshot> MakeChain()
    {
        RequireTar();
        string list = Path.Combine(_scratch.Path, "list");
        foreach (string name in (string[])["same", "edited", "deleted", "folder/edited", "folder/deep/file", "gone/file", "file-directory", "directory-file/inside", "renamed/a", "renamed/deep/b"])
        {
            Write(name, $"content of {name}");
        }

        Write($"folder/{new string('n', 200)}/{new string('m', 90)}", "a long name");
        NativeFiles.Write(NativeFiles.Path(_source, [(byte)'b', 0xFF, (byte)'\n']), "odd name"u8);
        NativeFiles.SymbolicLink("folder/edited"u8, NativeFiles.Path(_source, "link"u8));
        NativeFiles.Link(NativeFiles.Path(_source, "same"u8), NativeFiles.Path(_source, "folder/same-too"u8));
        NativeFiles.MakeFifo(NativeFiles.Path(_source, "fifo"u8));
        Write("sparse", "begin");
        NativeFiles.Truncate(NativeFiles.Path(_source, "sparse"u8), 1 << 20);
        List<TreeSnapshot> trees = [TakeLevel(0, FirstTime, list)];

        Write("edited", "other content");
        Write("folder/edited", "other content");
        Write("added/file", "new");
        Delete("deleted");
        Write("kept/file", "kept");
        trees.Add(TakeLevel(1, TimeOf(1), list));

        Directory.Move(Path.Combine(_source, "renamed"), Path.Combine(_source, "folder", "renamed"));
        Write("folder/renamed/deep/b", "edited after the move");
        Delete("file-directory");
        Write("file-directory/inside", "now a directory");
        Delete("same");
        trees.Add(TakeLevel(2, TimeOf(2), list));

        Directory.Delete(Path.Combine(_source, "directory-file"), recursive: true);
        Write("directory-file", "now a file");
        Directory.Delete(Path.Combine(_source, "gone"), recursive: true);
        Delete("link");
        NativeFiles.SymbolicLink("kept"u8, NativeFiles.Path(_source, "link"u8));
        NativeFiles.SetMode(NativeFiles.Path(_source, "edited"u8), Convert.ToInt32("600", 8));
        trees.Add(TakeLevel(3, TimeOf(3), list));
        return trees;
    }

    /// <summary>One run of tar with the options that Freezer gives it, and the documents that Freezer writes beside.</summary>
    private TreeSnapshot TakeLevel(int level, long time, string list)
    {
        RoundTimes();
        string place = Path.Combine("tar", _store.Name, Text(FirstTime), $"{Text(level)}_{Text(time)}");
        string data = Directory.CreateDirectory(Path.Combine(_store.Path, "data", place)).FullName;
        string metadata = Directory.CreateDirectory(Path.Combine(_store.Path, "metadata", place)).FullName;
        Tool.Run(
            "tar",
            [
                "--create", "-z", "--warning=none", "--no-check-device", "--one-file-system", "--preserve-permissions", "--same-owner", "--seek",
                "--ignore-failed-read", "--format=gnu", "-S", $"--listed-incremental={list}", "-f", Path.Combine(data, "data"), "--directory", _source, ".",
            ]);
        File.Copy(list, Path.Combine(data, "engine_metadata"));
        File.WriteAllText(Path.Combine(metadata, "metadata"), """{"engine_name": "tar", "compression": "gzip", "encryption": false}""");
        return TreeSnapshot.Take(_source, Kept);
    }

    private void RoundTimes()
    {
        foreach (EntryPath path in TreeSnapshot.Take(_source).Entries.Keys.Reverse())
        {
            byte[] bytes = path.IsRoot ? NativeFiles.Path(_source) : NativeFiles.Path(_source, path.Bytes.Span);
            NativeFiles.SetTimes(bytes, new UnixTime(1_600_000_000 + (path.Bytes.Length * 1000), 0));
        }
    }

    private void Write(string name, string content)
    {
        string path = Path.Combine(_source, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private void Delete(string name) => File.Delete(Path.Combine(_source, name));

    private static long TimeOf(int day) => FirstTime + (day * Step);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void RequireTar()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "GNU tar on Linux made these chains");
        Tool.Require("tar");
        Tool.Require("gzip");
    }
}
