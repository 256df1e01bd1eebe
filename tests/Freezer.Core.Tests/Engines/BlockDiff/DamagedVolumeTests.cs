using Freezer.Catalog;
using Freezer.Engines.BlockDiff;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Volumes of which something is damaged: which bytes are lost at which levels, and what comes back all the same.</summary>
public sealed class DamagedVolumeTests
{
    private const int Megabyte = 1 << 20;
    private const int Block = 64 << 10;

    private static readonly VerifyOptions _content = new() { All = true, Depth = VerifyDepth.Content };

    private readonly MemoryStorage _storage = new();
    private readonly MemoryVolumes _volumes = new();
    private readonly BlockDiffEngine _engine;
    private readonly List<byte[]> _images = [];

    public DamagedVolumeTests() =>
        _engine = new BlockDiffEngine(_storage, new BlockDiffEngineOptions { BlockSize = Block, Volumes = _volumes }, new BackupEngineOptions { Parallelism = 2 });

    [Fact]
    public async Task A_chain_that_nobody_touched_is_sound()
    {
        await FillAsync();

        VerifyResult result = await _engine.VerifyAsync("disk", _content);

        result.IsSound.Should().BeTrue();
        result.Backups.Should().HaveCount(3).And.OnlyContain(static backup => backup.Restores);
    }

    [Fact]
    public async Task Damage_in_an_archive_costs_the_blocks_that_lie_there_at_the_levels_that_have_them()
    {
        List<Backup> chain = await FillAsync();
        string archive = KeyOf(chain[0], "data");
        await DamageAsync(archive, (Megabyte * 5) / 2);

        VerifyResult result = await _engine.VerifyAsync("disk", _content);

        result.Defects.Select(static defect => $"{defect.Kind} {defect.Object} {defect.Offset} {defect.Reason}").Should().ContainSingle();
        Defect defect = result.Defects[0];
        (defect.Kind, defect.Object.Value, defect.Offset).Should().Be((DefectKind.Altered, archive, 2 * Megabyte));
        defect.Lost.Should().Contain(static lost => lost.Backup.Level == 0).And.Contain(static lost => lost.Backup.Level == 1).And.NotContain(static lost => lost.Backup.Level == 2);
        result.Backups.Select(static backup => backup.Restores).Should().Equal(false, false, true);

        RestoreResult restored = await RestoreAsync(chain[1], "sound");
        restored.Outcome.Should().Be(BackupOutcome.CompleteWithSkips);
        restored.Skips.Should().OnlyContain(static skip => skip.Kind == SkipKind.Damaged);
        byte[] content = _volumes["sound"].Content;
        List<int> lost = [.. Enumerable.Range(0, content.Length / Block).Where(block => !BlockOf(content, block).SequenceEqual(BlockOf(_images[1], block)))];
        lost.Should().NotBeEmpty().And.OnlyContain(static block => block >= 1.5 * Megabyte / Block && block <= 3.5 * Megabyte / Block);
        lost.Should().OnlyContain(block => !BlockOf(content, block).ToArray().Any(static value => value != 0));
        await RestoreAsync(chain[2], "whole");
        _volumes["whole"].Content.Should().Equal(_images[2]);
        await FluentActions.Awaiting(() => _engine.RestoreAsync("disk", "refused", new RestoreOptions { To = chain[1].Timestamp })).Should().ThrowAsync<BackupDamagedException>();
    }

    [Theory]
    [InlineData("engine_metadata")]
    [InlineData("index")]
    public async Task A_damaged_manifest_or_index_costs_no_block(string role)
    {
        List<Backup> chain = await FillAsync();
        await DamageAsync(KeyOf(chain[2], role), 5);

        (await _engine.VerifyAsync("disk", _content)).Backups.Select(static backup => backup.Restores).Should().Equal(true, true, false);
        (await RestoreAsync(chain[2], "target")).Outcome.Should().Be(BackupOutcome.Complete);
        _volumes["target"].Content.Should().Equal(_images[2]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Megabyte * 5 / 2)]
    public async Task Without_a_manifest_the_levels_behind_a_damaged_one_count_all_the_same(int offset)
    {
        List<Backup> chain = await FillAsync();
        await DamageAsync(KeyOf(chain[2], "engine_metadata"), 5);
        await DamageAsync(KeyOf(chain[0], "data"), offset);
        byte[] before = new byte[8 * Megabyte];
        new Random(9).NextBytes(before);
        _volumes.Add("target", [.. before]);

        RestoreResult result = await _engine.RestoreAsync("disk", "target", new RestoreOptions { SkipDamaged = true, Overwrite = true });

        result.Outcome.Should().Be(BackupOutcome.CompleteWithSkips);
        byte[] content = _volumes["target"].Content;
        content.Length.Should().Be(6 * Megabyte);
        content.AsSpan(Megabyte, 3 * Megabyte).SequenceEqual(_images[2].AsSpan(Megabyte, 3 * Megabyte)).Should().BeTrue("level 2 has it");
        BlockOf(content, (6 * Megabyte / Block) - 1).SequenceEqual(BlockOf(_images[2], (6 * Megabyte / Block) - 1)).Should().BeTrue("level 1 has it");
        for (int block = 0; block < content.Length / Block; block++)
        {
            (BlockOf(content, block).SequenceEqual(BlockOf(_images[2], block)) || !BlockOf(content, block).ContainsAnyExcept((byte)0))
                .Should().BeTrue("block {0} is what it was, or zero, and nothing of what the target held before", block);
        }
    }

    /// <summary>Level 0 is random; level 1 changes a block at the end; level 2 all from 1 to 4 MiB.</summary>
    private async Task<List<Backup>> FillAsync()
    {
        byte[] image = new byte[6 * Megabyte];
        new Random(1).NextBytes(image);
        List<Backup> chain = [await BackupAsync(image)];
        new Random(2).NextBytes(image.AsSpan(^Block..));
        chain.Add(await BackupAsync(image));
        new Random(3).NextBytes(image.AsSpan(Megabyte, 3 * Megabyte));
        chain.Add(await BackupAsync(image));
        chain.Select(static backup => backup.Level).Should().Equal(0, 1, 2);
        return chain;
    }

    private async Task<Backup> BackupAsync(byte[] image)
    {
        _images.Add([.. image]);
        _volumes.Add("volume", [.. image]);
        return (await _engine.BackupAsync("volume", "disk", new BackupOptions { Compression = new Compression("none") })).Backup;
    }

    private Task<RestoreResult> RestoreAsync(Backup backup, string target) =>
        _engine.RestoreAsync("disk", target, new RestoreOptions { To = backup.Timestamp, SkipDamaged = true });

    private static ReadOnlySpan<byte> BlockOf(byte[] image, int block) => image.AsSpan(block * Block, Block);

    private async Task DamageAsync(string key, int offset)
    {
        byte[] content = await _storage.GetAsync(key);
        content[offset] ^= 1;
        await _storage.PutAsync(key, content);
    }

    private static string KeyOf(Backup backup, string role) => $"data/{BackupLocation.Of(backup).Folder}/{role}";
}
