using Freezer.Catalog;
using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar;

/// <summary>Chains of trees whose manifests and indexes are lost or damaged, and which are made whole again.</summary>
public sealed class TreeRepairTests : IDisposable
{
    private const string Name = "home";

    private static readonly VerifyOptions _content = new() { All = true, Depth = VerifyDepth.Content };

    private readonly ScratchDirectory _scratch = new();
    private readonly EncryptedRepository _encrypted = EncryptedRepository.CreateAsync().GetAwaiter().GetResult();
    private readonly List<(Backup Backup, TreeSnapshot Tree)> _levels = [];
    private readonly string _source;
    private TarEngineOptions? _tarOptions;
    private BackupEngineOptions _options = new();
    private MemoryStorage _storage = new();
    private TreeMutator? _mutator;
    private int _destinations;

    public TreeRepairTests() => _source = _scratch.Make("source");

    public static TheoryData<int, string, bool> Chains => new()
    {
        { 1, "none", false },
        { 2, "zstd", false },
        { 3, "gzip", true },
        { 4, "bzip2", false },
        { 5, "xz", true },
        { 6, "zstd", true },
        { 7, "none", true },
        { 8, "none", false },
    };

    private TarEngine Engine => EngineOn(_storage);

    public void Dispose()
    {
        _encrypted.Dispose();
        _scratch.Dispose();
    }

    [SkippableTheory, MemberData(nameof(Chains))]
    public async Task Whatever_manifests_and_indexes_are_lost_the_chain_is_whole_again(int seed, string codec, bool encrypted)
    {
        await FillAsync(seed, codec, encrypted);
        var random = new Random(seed);
        bool isDamaged = false;
        foreach ((Backup backup, _) in _levels)
        {
            foreach (string role in (string[])["engine_metadata", "index"])
            {
                var damage = (Damage)random.Next(4);
                await _storage.DamageAsync(DamagedObjects.KeyOf(backup, role), damage, random);
                isDamaged |= damage != Damage.None;
            }
        }

        isDamaged.Should().BeTrue();
        await ShouldBeMadeWholeAsync();
    }

    [SkippableFact]
    public async Task A_chain_of_which_nothing_but_the_archives_is_left_is_whole_again()
    {
        await FillAsync(seed: 9, "zstd", encrypted: false);
        foreach ((Backup backup, _) in _levels)
        {
            await LoseAsync(backup, "engine_metadata");
            await LoseAsync(backup, "index");
        }

        RepairResult result = await ShouldBeMadeWholeAsync();

        result.Backups.Should().OnlyContain(static backup => backup.Outcome == RepairOutcome.Repaired && backup.IsFromArchive);
    }

    [SkippableFact]
    public async Task Where_the_index_alone_is_lost_the_manifest_loses_nothing()
    {
        await FillAsync(seed: 10, "zstd", encrypted: false, levels: 1);
        byte[] manifest = await _storage.GetAsync(DamagedObjects.KeyOf(_levels[0].Backup, "engine_metadata"));
        byte[] index = await _storage.GetAsync(DamagedObjects.KeyOf(_levels[0].Backup, "index"));
        await LoseAsync(_levels[0].Backup, "index");

        RepairedBackup repaired = (await Engine.RepairAsync(Name)).Backups.Should().ContainSingle().Subject;

        repaired.IsFromArchive.Should().BeFalse();
        repaired.Problem.Should().Contain("index is missing");
        (await _storage.GetAsync(Repaired(0, 1, "engine_metadata"))).Should().Equal(manifest);
        (await _storage.GetAsync(Repaired(0, 1, "index"))).Should().HaveSameCount(index);
        BackupResult next = await Engine.BackupAsync(_source, Name);
        next.Backup.BytesRead.Should().Be(0);
    }

    [SkippableFact]
    public async Task What_a_repair_wrote_and_is_damaged_again_is_repaired_again()
    {
        await FillAsync(seed: 11, "none", encrypted: true);
        var random = new Random(11);
        await LoseAsync(_levels[1].Backup, "engine_metadata");
        (await Engine.RepairAsync(Name)).IsWhole.Should().BeTrue();
        await _storage.DamageAsync(Repaired(1, 1, "engine_metadata"), Damage.Flipped, random);

        await ShouldBeMadeWholeAsync();

        (await _storage.KeysAsync()).Should().Contain(Repaired(1, 2, "engine_metadata")).And.Contain(Repaired(1, 1, "engine_metadata"));
    }

    [SkippableFact]
    public async Task Names_of_an_inode_whose_first_one_is_gone_stay_together()
    {
        // Without times of status change the other names count as unchanged when one is removed.
        _tarOptions = new TarEngineOptions { IgnoreChangeTime = true };
        await File.WriteAllTextAsync(Path.Combine(_source, "a"), "content");
        foreach (string other in (string[])["b", "c/d", "c/e"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_source, other))!);
            Tool.Run("ln", [Path.Combine(_source, "a"), Path.Combine(_source, other)]);
        }

        await BackupAsync();
        File.Delete(Path.Combine(_source, "a"));
        await BackupAsync();
        Tool.Run("ln", [Path.Combine(_source, "b"), Path.Combine(_source, "f")]);
        await BackupAsync();
        foreach ((Backup backup, _) in _levels)
        {
            await LoseAsync(backup, "engine_metadata");
        }

        await ShouldBeMadeWholeAsync();
    }

    [SkippableFact]
    public async Task Without_its_archive_a_level_and_what_builds_on_it_is_named_and_the_others_are_repaired()
    {
        await FillAsync(seed: 12, "none", encrypted: false);
        foreach ((Backup backup, _) in _levels)
        {
            await LoseAsync(backup, "engine_metadata");
        }

        await LoseAsync(_levels[1].Backup, "data");

        RepairResult result = await Engine.RepairAsync(Name);

        result.IsWhole.Should().BeFalse();
        result.Backups.Select(static backup => backup.Outcome).Should().Equal(
            RepairOutcome.Repaired, RepairOutcome.NotRepaired, RepairOutcome.NotRepaired, RepairOutcome.NotRepaired);
        result.Backups[1].Obstacle.Should().Contain($"{DamagedObjects.KeyOf(_levels[1].Backup, "data")} is missing");
        await ShouldRestoreAsync(_storage, 0);
    }

    [SkippableFact]
    public async Task A_damaged_archive_is_not_believed()
    {
        await FillAsync(seed: 13, "none", encrypted: false, levels: 1);
        await LoseAsync(_levels[0].Backup, "engine_metadata");
        await LoseAsync(_levels[0].Backup, "index");
        await _storage.DamageAsync(DamagedObjects.KeyOf(_levels[0].Backup, "data"), Damage.Flipped, new Random(13));
        Dictionary<string, string> before = await _storage.HashAllAsync();

        RepairResult result = await Engine.RepairAsync(Name);

        result.Backups.Should().ContainSingle().Which.Obstacle.Should().Contain("its index are damaged");
        (await _storage.HashAllAsync()).Should().BeEquivalentTo(before);
    }

    private TarEngine EngineOn(IStorage storage) => new(storage, _tarOptions, _options);

    private async Task FillAsync(int seed, string codec, bool encrypted, int levels = 4)
    {
        _storage = encrypted ? _encrypted.Storage : new MemoryStorage();
        _options = new BackupEngineOptions { Keys = encrypted ? _encrypted.Keys : null, Parallelism = 2, TimeProvider = OffsetClock.InAnHour };
        _mutator = new TreeMutator(_source, seed);
        _mutator.Grow(60);
        byte[] content = new byte[300_000];
        new Random(seed).NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(_source, "several frames long"), content);
        for (int level = 0; level < levels; level++)
        {
            await BackupAsync(codec);
            _mutator.Mutate(level == levels - 1 ? 0 : 15);
        }
    }

    private async Task<BackupResult> BackupAsync(string codec = "none")
    {
        BackupResult result = await Engine.BackupAsync(_source, Name, new BackupOptions { Compression = new Compression(codec), FrameSize = 64 << 10 });
        result.NewChainReason.Should().BeNull();
        result.Backup.Level.Should().Be(_levels.Count);
        _levels.Add((result.Backup, TreeSnapshot.Take(_source)));
        return result;
    }

    /// <summary>Repairs the chain, and looks that everything works as if nothing had been.</summary>
    private async Task<RepairResult> ShouldBeMadeWholeAsync()
    {
        Dictionary<string, string> before = await _storage.HashAllAsync();

        RepairResult result = await Engine.RepairAsync(Name);

        result.Backups.Should().OnlyContain(static backup => backup.Obstacle == null);
        result.IsWhole.Should().BeTrue();
        Dictionary<string, string> after = await _storage.HashAllAsync();
        after.Should().Contain(before, "evidence stays");
        after.Keys.Except(before.Keys).Should().OnlyContain(static key => key.Contains("/repair-"));
        (await Engine.RepairAsync(Name)).Backups.Should().OnlyContain(static backup => backup.Outcome == RepairOutcome.Sound);
        await ShouldBeSoundAsync(_storage);
        _mutator?.Mutate(10);
        await BackupAsync();
        await ShouldBeSoundAsync(_storage);

        var copy = new MemoryStorage();
        await new BackupCatalog(_storage, keys: _options.Keys).CopyAsync(_levels[^1].Backup, copy);
        await ShouldBeSoundAsync(copy);
        for (int level = _levels.Count - 1; level >= 0; level--)
        {
            await new BackupCatalog(copy, keys: _options.Keys).DeleteAsync(_levels[level].Backup);
        }

        (await copy.KeysAsync()).Should().NotContain(static key => key.StartsWith("data/") || key.StartsWith("metadata/"));
        return result;
    }

    private async Task ShouldBeSoundAsync(IStorage storage)
    {
        VerifyResult verified = await EngineOn(storage).VerifyAsync(Name, _content);
        verified.Defects.Select(static defect => $"{defect.Object}: {defect.Reason} {string.Join(", ", defect.Lost)}").Should().BeEmpty();
        verified.Orphans.Should().BeEmpty();
        for (int level = 0; level < _levels.Count; level++)
        {
            await ShouldRestoreAsync(storage, level);
        }
    }

    private async Task ShouldRestoreAsync(IStorage storage, int level)
    {
        (Backup backup, TreeSnapshot tree) = _levels[level];
        string destination = Path.Combine(_scratch.Path, $"restored-{++_destinations}");
        RestoreResult restored = await EngineOn(storage).RestoreAsync(Name, destination, new RestoreOptions { To = backup.Timestamp });
        restored.Outcome.Should().Be(BackupOutcome.Complete);
        TreeSnapshot.Take(destination).DifferencesTo(tree).Should().BeEmpty($"level {level} was repaired; {string.Join("; ", _mutator?.History ?? [])}");
    }

    private string Repaired(int level, int repair, string role) => DamagedObjects.KeyOf(_levels[level].Backup, $"repair-{repair}/{role}");

    private Task LoseAsync(Backup backup, string role) => _storage.DeleteAsync(StorageKey.Parse(DamagedObjects.KeyOf(backup, role)));
}
