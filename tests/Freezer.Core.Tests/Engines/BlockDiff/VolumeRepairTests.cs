using Freezer.Engines.BlockDiff;
using Freezer.Storage;
using Freezer.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Chains of volumes whose manifests and indexes are lost or damaged, and which are made whole again.</summary>
public sealed class VolumeRepairTests
{
    private const string Name = "disk";
    private const int Block = 4 << 10;

    private static readonly VerifyOptions _content = new() { All = true, Depth = VerifyDepth.Content };

    private readonly MemoryStorage _storage = new();
    private readonly MemoryVolumes _volumes = new();
    private readonly BlockDiffEngine _engine;
    private readonly List<(Backup Backup, byte[] Image)> _levels = [];

    public VolumeRepairTests() =>
        _engine = new BlockDiffEngine(_storage, new BlockDiffEngineOptions { BlockSize = Block, Volumes = _volumes }, new BackupEngineOptions { Parallelism = 2 });

    [Fact]
    public async Task A_manifest_that_is_made_of_the_archives_is_the_one_that_was_lost()
    {
        await FillAsync(seed: 1);
        Dictionary<string, string> before = await _storage.HashAllAsync();
        foreach ((Backup backup, _) in _levels)
        {
            await _storage.DeleteAsync(StorageKey.Parse(DamagedObjects.KeyOf(backup, "engine_metadata")));
            await _storage.DeleteAsync(StorageKey.Parse(DamagedObjects.KeyOf(backup, "index")));
        }

        RepairResult result = await _engine.RepairAsync(Name);

        result.Backups.Should().OnlyContain(static backup => backup.Outcome == RepairOutcome.Repaired && backup.IsFromArchive);
        Dictionary<string, string> after = await _storage.HashAllAsync();
        foreach ((Backup backup, _) in _levels)
        {
            after[DamagedObjects.KeyOf(backup, "repair-1/engine_metadata")].Should().Be(before[DamagedObjects.KeyOf(backup, "engine_metadata")]);
        }
    }

    [Fact]
    public void Whatever_manifests_and_indexes_are_lost_the_chain_is_whole_again() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(20), Prop.ForAll<int>(static seed => new VolumeRepairTests().ShouldBeMadeWholeAsync(seed).GetAwaiter().GetResult()));

    private async Task ShouldBeMadeWholeAsync(int seed)
    {
        await FillAsync(seed);
        var random = new Random(seed);
        foreach ((Backup backup, _) in _levels)
        {
            foreach (string role in (string[])["engine_metadata", "index"])
            {
                await _storage.DamageAsync(DamagedObjects.KeyOf(backup, role), (Damage)random.Next(4), random);
            }
        }

        (await _engine.RepairAsync(Name)).Backups.Should().OnlyContain(static backup => backup.Obstacle == null);
        await BackupAsync(Change([.. _levels[^1].Image], random));
        (await _engine.VerifyAsync(Name, _content)).Defects.Should().BeEmpty();
        foreach ((Backup backup, byte[] image) in _levels)
        {
            await _engine.RestoreAsync(Name, $"level {backup.Level}", new RestoreOptions { To = backup.Timestamp });
            _volumes[$"level {backup.Level}"].Content.Should().Equal(image);
        }
    }

    private async Task FillAsync(int seed)
    {
        var random = new Random(seed);
        byte[] image = new byte[(random.Next(600) * Block) + random.Next(Block)];
        for (int level = 0; level < 3; level++)
        {
            await BackupAsync(Change([.. image], random));
            image = _levels[^1].Image;
        }
    }

    /// <summary>Writes stretches of random bytes and of zeros.</summary>
    private static byte[] Change(byte[] image, Random random)
    {
        for (int i = 0; i < 8; i++)
        {
            int offset = random.Next(image.Length + 1);
            Span<byte> stretch = image.AsSpan(offset, random.Next(Math.Min(image.Length - offset, 50 * Block) + 1));
            stretch.Clear();
            if (random.Next(3) > 0)
            {
                random.NextBytes(stretch);
            }
        }

        return image;
    }

    private async Task BackupAsync(byte[] image)
    {
        _volumes.Add("volume", image);
        BackupResult result = await _engine.BackupAsync("volume", Name, new BackupOptions { Compression = new Compression("none") });
        result.Backup.Level.Should().Be(_levels.Count);
        _levels.Add((result.Backup, image));
    }
}
