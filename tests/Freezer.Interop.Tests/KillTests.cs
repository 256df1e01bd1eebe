using System.Diagnostics;
using System.Globalization;
using Freezer.Catalog;
using Freezer.Cli.Tests;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A backup that is killed at any instant is whole and listed, or invisible and swept later. FREEZER_KILLS is how often; 25 times by default.</summary>
public sealed class KillTests : IDisposable
{
    private const int DefaultKills = 25;
    private const int LargeFile = 12 << 20;

    private readonly ScratchDirectory _scratch = new();
    private readonly Random _random = new(1);
    private readonly string _source;
    private readonly Store _store;

    /// <summary>What the source was for each backup that is listed.</summary>
    private readonly SortedDictionary<DateTimeOffset, TreeSnapshot> _trees = [];

    public KillTests()
    {
        _source = _scratch.Make("source");
        _store = new Store(Path.Combine(_scratch.Path, "store"));
    }

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task A_backup_that_is_killed_harms_no_other_one_and_is_never_half_there()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the tree is one that only Linux can have");
        int kills = int.TryParse(Environment.GetEnvironmentVariable("FREEZER_KILLS"), CultureInfo.InvariantCulture, out int wanted) ? wanted : DefaultKills;
        new OddTree(Path.Combine(_source, "odd"), beyondTar: false).Make();
        TimeSpan whole = await RunAsync(null);
        for (int kill = 0; kill < kills; kill++)
        {
            await RunAsync(whole * _random.NextDouble());
            if (kill % 5 == 4)
            {
                await RunAsync(null);
            }
        }

        Leftovers().Should().NotBeEmpty("some of the kills hit a backup at its work");
        await SweepAsync();

        Leftovers().Should().BeEmpty();
        await RunAsync(null);
        foreach ((DateTimeOffset timestamp, TreeSnapshot tree) in _trees)
        {
            await _store.ShouldRestoreAsync(timestamp, tree);
        }
    }

    /// <summary>Changes the source, and backs it up, with an end to the process after a while.</summary>
    /// <returns>How long the process took.</returns>
    private async Task<TimeSpan> RunAsync(TimeSpan? killAfter)
    {
        byte[] content = new byte[LargeFile];
        _random.NextBytes(content);
        File.WriteAllBytes(Path.Combine(_source, "large"), content);
        TreeSnapshot tree = TreeSnapshot.Take(_source);
        var watch = Stopwatch.StartNew();
        Process process = FreezerProgram.Start([], _store.BackupCommand(_source, "--max-level", "3"));
        bool isKilled = killAfter is { } instant && !process.WaitForExit(instant);
        if (isKilled)
        {
            process.Kill();
        }

        ProgramRun run = FreezerProgram.Finish(process);
        List<Backup> added = await ListNewAsync();
        if (!isKilled)
        {
            run.ShouldEndWith(0);
            added.Should().ContainSingle();
        }

        added.Should().HaveCountLessThan(2);
        added.ForEach(backup => _trees.Add(backup.Timestamp, tree));
        (DateTimeOffset newest, TreeSnapshot its) = _trees.Last();
        await _store.ShouldRestoreAsync(newest, its);
        return watch.Elapsed;
    }

    private async Task<List<Backup>> ListNewAsync()
    {
        if (!Directory.Exists(_store.Path))
        {
            return [];
        }

        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(_store.OpenEngine().Storage).ListAsync())
        {
            backup.Problem.Should().BeNull();
            backups.Add(backup);
        }

        _trees.Keys.Should().BeSubsetOf(backups.Select(static backup => backup.Timestamp), "what was committed stays");
        return backups.FindAll(backup => !_trees.ContainsKey(backup.Timestamp));
    }

    /// <summary>Sweeps as on a later day.</summary>
    private async Task SweepAsync()
    {
        Tool.Run("find", [_store.Path, "-exec", "touch", "-d", "2 days ago", "{}", "+"]);
        int swept = await new BackupCatalog(_store.OpenEngine().Storage).SweepAsync(TimeSpan.FromHours(1));
        swept.Should().BePositive();
    }

    /// <summary>Everything in the storage that is no part of a backup that is listed.</summary>
    private List<string> Leftovers()
    {
        string[] roles = ["data", "engine_metadata", "index", "metadata"];
        HashSet<string> places = [.. _trees.Keys.Select(static time => Store.Seconds(time))];
        return
        [
            .. Directory.EnumerateFiles(_store.Path, "*", SearchOption.AllDirectories)
                .Where(file => !roles.Contains(Path.GetFileName(file)) || !places.Contains(Path.GetFileName(Path.GetDirectoryName(file)!).Split('_')[^1])),
            .. Directory.EnumerateDirectories(_store.Path, "*", SearchOption.AllDirectories)
                .Where(static folder => !Directory.EnumerateFileSystemEntries(folder).Any()),
        ];
    }
}
