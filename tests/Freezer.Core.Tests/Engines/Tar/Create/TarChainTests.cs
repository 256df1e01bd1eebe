using Freezer.Engines.Tar;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Create;

/// <summary>Chains of random trees and mutations, restored by GNU tar level after level.</summary>
public sealed class TarChainTests
{
    private const int Levels = 6;
    private const int Entries = 30;
    private const int Changes = 12;

    /// <summary>How many chains of each kind are tried; FREEZER_CHAINS asks for more.</summary>
    private static int Chains => Asked ?? 25;

    private static int Fewer => Asked ?? 8;

    private static int? Asked => int.TryParse(Environment.GetEnvironmentVariable("FREEZER_CHAINS"), out int chains) ? chains : null;

    [SkippableFact]
    public Task Every_level_restores_exactly_with_gnu_tar() => CheckAsync(Chains, LinuxFileTree.Instance, new TarEngineOptions(), TreeAspects.All);

    [SkippableFact]
    public Task Every_level_restores_exactly_where_inodes_are_ignored() =>
        CheckAsync(Fewer, LinuxFileTree.Instance, new TarEngineOptions { IgnoreInode = true }, TreeAspects.All);

    [SkippableFact]
    public Task Every_level_restores_exactly_where_times_of_change_are_ignored() =>
        CheckAsync(Fewer, LinuxFileTree.Instance, new TarEngineOptions { IgnoreChangeTime = true }, TreeAspects.All);

    [SkippableFact]
    public Task Every_level_of_a_portable_tree_restores_exactly() =>
        CheckAsync(Fewer, PortableFileTree.Instance, new TarEngineOptions(), TreeAspects.Modes | TreeAspects.Times);

    private static async Task CheckAsync(int chains, FileTree tree, TarEngineOptions options, TreeAspects aspects)
    {
        Tool.Require("tar");
        Skip.IfNot(OperatingSystem.IsLinux(), "The mutations are made with Linux's system calls.");
        for (int seed = 1; seed <= chains; seed++)
        {
            await CheckChainAsync(seed, tree, options, aspects);
        }
    }

    private static async Task CheckChainAsync(int seed, FileTree tree, TarEngineOptions options, TreeAspects aspects)
    {
        using var scratch = new ScratchDirectory();
        string source = scratch.Make("source");
        string listed = scratch.Make("listed");
        string overwritten = scratch.Make("overwritten");
        var mutator = new TreeMutator(source, seed, options.IgnoreChangeTime ? tree.Capabilities & ~FileTreeCapabilities.ChangeTimes : tree.Capabilities);
        mutator.Grow(Entries);
        TarLevel? level = null;
        for (int number = 0; number < Levels; number++)
        {
            level = await TarLevel.TakeAsync(source, level, tree, options);
            level.Skips.Should().BeEmpty();
            TreeSnapshot expected = TreeSnapshot.Take(source, aspects);
            level.Extract(listed, TarLevel.Listed);
            expected.DifferencesTo(TreeSnapshot.Take(listed, aspects)).Should().BeEmpty($"level {number} of seed {seed} was extracted after {History(mutator)}");
            level.Extract(overwritten, TarLevel.Freezer);
            expected.DifferencesTo(TreeSnapshot.Take(overwritten, aspects)).Should().BeEmpty($"level {number} of seed {seed} was extracted with --overwrite after {History(mutator)}");
            mutator.Mutate(Changes);
        }
    }

    private static string History(TreeMutator mutator) => string.Join("; ", mutator.History).Replace("{", "{{").Replace("}", "}}");
}
