using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A full backup and three increments of a tree that changes in every way: each comes back as the tree was.</summary>
public sealed class MainJobTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData(1, "zstd")]
    [InlineData(2, "gzip")]
    public async Task Each_level_comes_back_as_the_tree_was(int seed, string compression)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the tree is one that only Linux can have");
        string source = _scratch.Make("source");
        var tree = new SyntheticTree(source, seed);
        await CheckAsync(source, tree.Change, new BackupOptions { Compression = Compression.Parse(compression) });
    }

    /// <summary>The same with a real tree, of which a copy is changed: set FREEZER_TREE to its path.</summary>
    [SkippableFact]
    public async Task Each_level_of_a_real_tree_comes_back_as_it_was()
    {
        string? tree = Environment.GetEnvironmentVariable("FREEZER_TREE");
        Skip.If(string.IsNullOrEmpty(tree), "FREEZER_TREE names no tree");
        string source = Path.Combine(_scratch.Path, "source");
        Tool.Run("cp", ["-a", "--sparse=always", tree, source]);
        var mutator = new TreeMutator(source, seed: 1);
        await CheckAsync(source, _ => mutator.Mutate(40), BackupOptions.Default);
    }

    private async Task CheckAsync(string source, Action<int> change, BackupOptions options)
    {
        var store = new Store(Path.Combine(_scratch.Path, "store"));
        List<(Backup Backup, TreeSnapshot Tree, SortedDictionary<EntryPath, string> Holes)> levels = [];
        for (int level = 0; level <= SyntheticTree.Rounds; level++)
        {
            if (level > 0)
            {
                change(level);
            }

            BackupResult result = await store.OpenEngine().BackupAsync(source, store.Name, options);
            result.Skips.Should().BeEmpty();
            result.Backup.Level.Should().Be(level);
            levels.Add((result.Backup, TreeSnapshot.Take(source), HoleMap.Take(source)));
        }

        string moving = _scratch.Make("moving");
        foreach ((Backup backup, TreeSnapshot tree, SortedDictionary<EntryPath, string> holes) in levels)
        {
            string target = Path.Combine(_scratch.Path, $"level-{backup.Level}");
            await RestoreAsync(store, backup, target, overwrite: false);
            tree.DifferencesTo(TreeSnapshot.Take(target)).Should().BeEmpty("this is level {0}", backup.Level);
            HoleMap.Take(target).Should().Equal(holes, "this is level {0}", backup.Level);

            // Over what the level before left, every name is the chain's: the result is the same.
            await RestoreAsync(store, backup, moving, overwrite: true);
            tree.DifferencesTo(TreeSnapshot.Take(moving)).Should().BeEmpty("this is level {0} over the one before", backup.Level);
        }
    }

    private static async Task RestoreAsync(Store store, Backup backup, string target, bool overwrite)
    {
        RestoreResult result = await store.OpenEngine().RestoreAsync(
            store.Name, target, new RestoreOptions { To = backup.Timestamp, Overwrite = overwrite, Strict = true });
        result.Skips.Should().BeEmpty();
        result.Notes.Should().BeEmpty();
        result.Outcome.Should().Be(BackupOutcome.Complete);
        result.Backup.Id.Should().Be(backup.Id);
    }
}
