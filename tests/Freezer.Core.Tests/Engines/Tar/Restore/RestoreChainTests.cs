using Freezer.Engines.Tar;
using Freezer.Platform;
using Freezer.Tests.Engines.Tar.Create;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>Chains of random trees and mutations, restored directly and by replay.</summary>
public sealed class RestoreChainTests
{
    private const int Levels = 5;
    private const int Entries = 30;
    private const int Changes = 12;

    private static int Chains => int.TryParse(Environment.GetEnvironmentVariable("FREEZER_CHAINS"), out int chains) ? chains : 6;

    [SkippableFact]
    public Task Every_level_restores_exactly_directly_by_replay_and_over_an_earlier_state() =>
        CheckAsync(LinuxFileTree.Instance, new TarEngineOptions(), TreeAspects.All);

    [SkippableFact]
    public Task Every_level_restores_exactly_where_times_of_change_are_ignored() =>
        CheckAsync(LinuxFileTree.Instance, new TarEngineOptions { IgnoreChangeTime = true }, TreeAspects.All);

    [SkippableFact]
    public Task Every_level_of_a_portable_tree_restores_exactly_on_one() =>
        CheckAsync(PortableFileTree.Instance, new TarEngineOptions(), TreeAspects.Modes | TreeAspects.Times);

    [SkippableFact]
    public async Task A_direct_restore_reads_little_of_what_it_does_not_need()
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        for (int i = 0; i < 8; i++)
        {
            File.WriteAllBytes(Path.Combine(source, $"large-{i}"), RandomBytes(i, 12 << 20));
        }

        File.WriteAllText(Path.Combine(source, "small"), "content");
        TarLevel full = await TarLevel.TakeAsync(source);

        await bench.RunAsync(new RestoreOptions { Include = [EntryPath.Parse("large-3"), EntryPath.Parse("small")] }, full);

        bench.Names().Should().Equal("large-3", "small");
        bench.BytesRead.Should().BeLessThan(16 << 20);
    }

    [SkippableFact]
    public async Task A_later_name_of_a_hard_link_is_restored_from_the_content_where_the_first_is_not_asked_for()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux's tree has hard links.");
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        Directory.CreateDirectory(Path.Combine(source, "a"));
        Directory.CreateDirectory(Path.Combine(source, "b"));
        File.WriteAllText(Path.Combine(source, "a", "first"), "content");
        NativeFiles.Link(NativeFiles.Path(Path.Combine(source, "a", "first")), NativeFiles.Path(Path.Combine(source, "b", "second")));
        NativeFiles.Link(NativeFiles.Path(Path.Combine(source, "a", "first")), NativeFiles.Path(Path.Combine(source, "b", "third")));
        TarLevel full = await TarLevel.TakeAsync(source);

        OperationReport run = await bench.RunAsync(new RestoreOptions { Include = [EntryPath.Parse("b")] }, full);

        run.Skips.Should().BeEmpty();
        bench.Names().Should().Equal("b", "b/second", "b/third");
        File.ReadAllText(bench["b/third"]).Should().Be("content");
        using TargetDirectory directory = FileTree.ForThisMachine.OpenTarget(bench["b"]);
        directory.TryStat("second"u8, out FileStatus second);
        second.LinkCount.Should().Be(2);
    }

    [SkippableFact]
    public async Task A_name_that_is_left_of_a_hard_link_is_restored_where_times_of_change_are_ignored()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux's tree has hard links.");
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        File.WriteAllText(Path.Combine(source, "a"), "content");
        NativeFiles.Link(NativeFiles.Path(Path.Combine(source, "a")), NativeFiles.Path(Path.Combine(source, "b")));
        var options = new TarEngineOptions { IgnoreChangeTime = true };
        TarLevel full = await TarLevel.TakeAsync(source, options: options);
        File.Delete(Path.Combine(source, "a"));
        TarLevel increment = await TarLevel.TakeAsync(source, full, options: options);

        OperationReport run = await bench.RunAsync(RestoreOptions.Default, full, increment);

        run.Skips.Should().BeEmpty();
        bench.Names().Should().Equal("b");
        File.ReadAllText(bench["b"]).Should().Be("content");
    }

    [SkippableFact]
    public async Task A_path_that_is_not_in_the_manifest_is_an_error_that_names_it()
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        File.WriteAllText(Path.Combine(source, "f"), "content");
        TarLevel full = await TarLevel.TakeAsync(source);

        Func<Task> restore = () => bench.RunAsync(new RestoreOptions { Include = [EntryPath.Parse("f"), EntryPath.Parse("g")] }, full);

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*'g'*");
    }

    [SkippableTheory]
    [InlineData(100)]
    [InlineData(2 << 20)]
    public async Task Content_that_is_not_what_was_stored_leaves_no_file(int length)
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        byte[] content = RandomBytes(1, length);
        File.WriteAllBytes(Path.Combine(source, "broken"), content);
        TarLevel full = await TarLevel.TakeAsync(source);
        int at = full.Archive.AsSpan().IndexOf(content.AsSpan(0, 64));
        full.Archive[at + length - 1] ^= 1;

        Func<Task> restore = () => bench.RunAsync(RestoreOptions.Default, full);

        (await restore.Should().ThrowAsync<BackupDamagedException>()).WithMessage("*'broken'*level 0*SHA-256*");
        bench.Names().Should().BeEmpty();
    }

    [SkippableFact]
    public async Task A_hard_link_to_a_file_that_was_not_restored_is_not_made_to_what_was_there_before()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux's tree has hard links.");
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        byte[] content = RandomBytes(1, 1000);
        File.WriteAllBytes(Path.Combine(source, "a"), content);
        NativeFiles.Link(NativeFiles.Path(Path.Combine(source, "a")), NativeFiles.Path(Path.Combine(source, "b")));
        TarLevel full = await TarLevel.TakeAsync(source);
        full.Archive[full.Archive.AsSpan().IndexOf(content) + 10] ^= 1;
        Directory.CreateDirectory(bench.Root);
        File.WriteAllText(bench["a"], "there before");

        OperationReport run = await bench.RunAsync(new RestoreOptions { Overwrite = true, SkipDamaged = true }, full);

        run.Skips.Select(static skip => skip.Path.ToString()).Should().Equal("a", "b");
        bench.Names().Should().Equal("a");
    }

    [SkippableFact]
    public async Task A_manifest_that_points_to_something_else_is_an_error()
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        File.WriteAllText(Path.Combine(source, "f"), "content");
        TarLevel full = await TarLevel.TakeAsync(source);
        File.WriteAllText(Path.Combine(source, "other"), "more content");
        TarLevel other = await TarLevel.TakeAsync(source);

        Func<Task> restore = () => bench.RunAsync(RestoreOptions.Default, [new StoredLevel(other.Backup, full.Archive, other.Manifest)], default);

        await restore.Should().ThrowAsync<BackupDamagedException>();
        Func<Task> foreign = () => bench.RunAsync(new RestoreOptions { Overwrite = true }, [new StoredLevel(full.Backup, other.Archive, other.Manifest)], default);
        (await foreign.Should().ThrowAsync<BackupDamagedException>()).WithMessage("*not in its chain*");
    }

    [SkippableFact]
    public async Task A_manifest_that_is_cut_off_anywhere_is_an_error()
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        new TreeMutator(source, 7).Grow(5);
        TarLevel full = await TarLevel.TakeAsync(source);
        for (int length = 0; length < full.Manifest.Length; length += 7)
        {
            Func<Task> restore = () => bench.RunAsync(new RestoreOptions { Overwrite = true }, [new StoredLevel(full.Backup, full.Archive, full.Manifest[..length])], default);
            await restore.Should().ThrowAsync<BackupDamagedException>();
        }
    }

    [SkippableFact]
    public async Task What_could_not_be_read_is_restored_as_it_was_and_noted()
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        Directory.CreateDirectory(Path.Combine(source, "d"));
        foreach (string name in (string[])["f", "d/x", "same"])
        {
            File.WriteAllText(Path.Combine(source, name), "before");
        }

        TarLevel full = await TarLevel.TakeAsync(source);
        File.WriteAllText(Path.Combine(source, "f"), "changed, and never read");
        File.WriteAllText(Path.Combine(source, "new"), "never read");
        var denying = new InterceptedFileTree(FileTree.ForThisMachine)
        {
            OpeningFile = static path =>
            {
                if (path is "f" or "new")
                {
                    throw InterceptedFileTree.Denied;
                }
            },
            OpeningDirectory = static path =>
            {
                if (path == "d")
                {
                    throw InterceptedFileTree.Denied;
                }
            },
        };
        TarLevel increment = await TarLevel.TakeAsync(source, full, denying);

        OperationReport run = await bench.RunAsync(RestoreOptions.Default, full, increment);

        run.Skips.Should().BeEmpty();
        bench.Names().Should().Equal("d", "d/x", "f", "same");
        File.ReadAllText(bench["f"]).Should().Be("before");
        run.Notes.Select(static note => note.Path.ToString()).Should().BeEquivalentTo("f", "new", "d", "d/x");
        run.Notes.Single(static note => note.Path.ToString() == "new").Reason.Should().Contain("Permission denied");
    }

    [SkippableFact]
    public async Task Progress_counts_every_entry_once()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "The tree is made with Linux's system calls.");
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        var mutator = new TreeMutator(source, 3);
        mutator.Grow(Entries);
        TarLevel full = await TarLevel.TakeAsync(source);
        mutator.Mutate(Changes);
        TarLevel increment = await TarLevel.TakeAsync(source, full);

        OperationReport run = await bench.RunAsync(RestoreOptions.Default, full, increment);

        run.Entries.Should().Be(bench.Names().Length + 1);
        run.Notes.Should().BeEmpty();
    }

    private static async Task CheckAsync(FileTree tree, TarEngineOptions options, TreeAspects aspects)
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "The mutations are made with Linux's system calls.");
        for (int seed = 1; seed <= Chains; seed++)
        {
            await CheckChainAsync(seed, tree, options, aspects);
        }
    }

    private static async Task CheckChainAsync(int seed, FileTree tree, TarEngineOptions options, TreeAspects aspects)
    {
        using var bench = new RestoreBench(tree);
        string source = bench.MakeDirectory("source");
        var mutator = new TreeMutator(source, seed, options.IgnoreChangeTime ? tree.Capabilities & ~FileTreeCapabilities.ChangeTimes : tree.Capabilities);
        mutator.Grow(Entries);
        List<TarLevel> levels = [];
        for (int number = 0; number < Levels; number++)
        {
            levels.Add(await TarLevel.TakeAsync(source, levels.LastOrDefault(), tree, options));
            TreeSnapshot expected = TreeSnapshot.Take(source, aspects);
            string because = $"level {number} of seed {seed} was restored {{0}} after {string.Join("; ", mutator.History).Replace("{", "{{").Replace("}", "}}")}";

            // What an earlier round restored is still there: the levels since are restored over it.
            if (number > 0)
            {
                OperationReport over = await bench.RunAsync(new RestoreOptions { Overwrite = true }, [.. levels]);
                over.Skips.Should().BeEmpty();
                expected.DifferencesTo(TreeSnapshot.Take(bench.Root, aspects)).Should().BeEmpty(because, "directly over the level before");
                Remove(bench.Root);
            }

            OperationReport replay = await bench.ReplayAsync([.. levels.Select(static level => level.Archive)]);
            replay.Skips.Should().BeEmpty();
            expected.DifferencesTo(TreeSnapshot.Take(bench.Root, aspects)).Should().BeEmpty(because, "by replay");
            Remove(bench.Root);

            OperationReport direct = await bench.RunAsync(RestoreOptions.Default, [.. levels]);
            direct.Skips.Should().BeEmpty();
            expected.DifferencesTo(TreeSnapshot.Take(bench.Root, aspects)).Should().BeEmpty(because, "directly");

            if (number == Levels - 1)
            {
                await bench.ReplayAsync(new RestoreOptions { Overwrite = true }, [.. levels.Select(static level => level.Archive)]);
                expected.DifferencesTo(TreeSnapshot.Take(bench.Root, aspects)).Should().BeEmpty(because, "by replay over itself");
            }

            mutator.Mutate(Changes);
        }
    }

    private static void Remove(string path) => Tool.Run("rm", ["-rf", "--", path]);

    private static byte[] RandomBytes(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
