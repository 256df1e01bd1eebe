using System.Diagnostics;
using System.Text.Json.Nodes;
using Freezer.Cli.Tests;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>Processes that back up the same name at once do not wait for each other, and nothing is lost.</summary>
public sealed class ConcurrencyTests : IDisposable
{
    private const int Processes = 6;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task Backups_of_one_name_at_once_are_all_good()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the tree is one that only Linux can have");
        string source = _scratch.Make("source");
        var tree = new OddTree(Path.Combine(source, "odd"), beyondTar: true);
        tree.Make();
        var store = new Store(Path.Combine(_scratch.Path, "store"));

        // On nothing, and then all on the newest of these.
        await BackUpAtOnceAsync(store, source, level: 0);
        tree.Change(1);
        await BackUpAtOnceAsync(store, source, level: 1);

        store.List().Should().HaveCount(2 * Processes);
        Directory.EnumerateFiles(store.Path, "claim", SearchOption.AllDirectories).Should().BeEmpty();
    }

    private static async Task BackUpAtOnceAsync(Store store, string source, int level)
    {
        TreeSnapshot tree = TreeSnapshot.Take(source);
        Process[] processes = [.. Enumerable.Range(0, Processes).Select(_ => FreezerProgram.Start([], store.BackupCommand(source)))];
        List<JsonObject> backups = [.. processes.Select(static process => FreezerProgram.Finish(process).ShouldEndWith(0).Document)];

        backups.Select(static backup => (long)backup["timestamp"]!).Should().OnlyHaveUniqueItems();
        // One that began late may build on one that was quick.
        backups.Should().OnlyContain(backup => (int)backup["level"]! >= level).And.Contain(backup => (int)backup["level"]! == level);
        foreach (JsonObject backup in backups)
        {
            await store.ShouldRestoreAsync(DateTimeOffset.FromUnixTimeSeconds((long)backup["timestamp"]!), tree);
        }
    }
}
