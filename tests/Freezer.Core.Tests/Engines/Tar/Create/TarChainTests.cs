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
    private static int Chains => int.TryParse(Environment.GetEnvironmentVariable("FREEZER_CHAINS"), out int chains) ? chains : 25;

    [SkippableFact]
    public async Task Every_level_restores_exactly_with_gnu_tar()
    {
        Tool.Require("tar");
        Skip.IfNot(OperatingSystem.IsLinux(), "The mutations are made with Linux's system calls.");
        for (int seed = 1; seed <= Chains; seed++)
        {
            await CheckAsync(seed);
        }
    }

    private static async Task CheckAsync(int seed)
    {
        using var scratch = new ScratchDirectory();
        string source = scratch.Make("source");
        string listed = scratch.Make("listed");
        string overwritten = scratch.Make("overwritten");
        var mutator = new TreeMutator(source, seed);
        mutator.Grow(Entries);
        TarLevel? level = null;
        for (int number = 0; number < Levels; number++)
        {
            level = await TarLevel.TakeAsync(source, level);
            level.Skips.Should().BeEmpty();
            TreeSnapshot expected = TreeSnapshot.Take(source);
            level.Extract(listed, TarLevel.Listed);
            expected.DifferencesTo(TreeSnapshot.Take(listed)).Should().BeEmpty($"level {number} of seed {seed} was extracted after {History(mutator)}");
            level.Extract(overwritten, TarLevel.Freezer);
            expected.DifferencesTo(TreeSnapshot.Take(overwritten)).Should().BeEmpty($"level {number} of seed {seed} was extracted with --overwrite after {History(mutator)}");
            mutator.Mutate(Changes);
        }
    }

    private static string History(TreeMutator mutator) => string.Join("; ", mutator.History).Replace("{", "{{").Replace("}", "}}");
}
