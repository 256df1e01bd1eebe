namespace Freezer.Tests.Engines.BlockDiff;

public sealed partial class BlockDiffEngineTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(599)]
    public async Task A_damaged_block_fails_the_restore_with_its_place(int block)
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");
        int stored = full.Archive.AsSpan().IndexOf(volume.Content.AsSpan(block * BlockSize, BlockSize));
        full.Archive[stored + 100] ^= 1;

        Func<Task> restore = () => RestoreAsync(bed, [full]);

        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*{full.Backup}*at byte {block * BlockSize} *");
        bed.Pool.Outstanding.Should().Be(0);
        bed.Volumes["target"].Flushes.Should().Be(0);
    }

    [Fact]
    public async Task Blocks_that_are_not_what_the_manifest_says_are_lost_alone_where_damage_is_skipped()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(6000));
        StoredLevel full = await bed.BackupAsync("source");
        foreach (int block in (int[])[0, 300, 301, 5999])
        {
            full.Archive[full.Archive.AsSpan().IndexOf(volume.Content.AsSpan(block * BlockSize, BlockSize)) + 100] ^= 1;
            volume.Content.AsSpan(block * BlockSize, BlockSize).Clear();
        }

        MemoryVolume target = bed.Volumes.Add("target", Images.Dense(6000, seed: 5));
        await bed.RestoreAsync("target", [full], overwrite: true, skipDamaged: true);

        target.Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue("what is lost is zero, and all else is there");
        bed.Report.Skips.Should().OnlyContain(static skip => skip.Kind == SkipKind.Damaged);
        bed.Pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task Where_damage_is_skipped_a_sound_archive_is_read_in_one_go()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(6000));
        StoredLevel full = await bed.BackupAsync("source");

        await bed.RestoreAsync("target", [full], skipDamaged: true);

        bed.Volumes["target"].Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue();
        bed.ArchiveReads.Should().Be(1);
    }

    [Fact]
    public async Task An_archive_that_is_cut_fails_the_restore()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");
        StoredLevel cut = full with { Archive = full.Archive[..(300 * BlockSize)] };
        foreach (StoredLevel level in (StoredLevel[])[cut, cut with { Manifest = [] }])
        {
            Func<Task> restore = () => RestoreAsync(bed, [level]);

            await restore.Should().ThrowAsync<BackupDamagedException>();
            bed.Pool.Outstanding.Should().Be(0);
        }
    }

    [Fact]
    public async Task A_manifest_that_is_cut_fails_the_restore()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");

        Func<Task> restore = () => RestoreAsync(bed, [full with { Manifest = full.Manifest[..^1] }]);

        await restore.Should().ThrowAsync<BackupDamagedException>();
    }

    [Fact]
    public async Task A_chain_without_the_level_that_has_a_block_is_refused()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(20));
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content[0] ^= 1;
        StoredLevel first = await bed.BackupAsync("source", full);
        volume.Content[BlockSize] ^= 1;
        StoredLevel second = await bed.BackupAsync("source", first);

        Func<Task> restore = () => RestoreAsync(bed, [full, second]);
        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*{first.Backup.Id}*");

        Func<Task> replay = () => RestoreAsync(bed, [full with { Manifest = [] }, second with { Manifest = [] }]);
        await replay.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*builds on freezer-{first.Backup.Id:n}*leads to freezer-{full.Backup.Id:n}*");

        Func<Task> replayWithoutFull = () => RestoreAsync(bed, [first with { Manifest = [] }]);
        await replayWithoutFull.Should().ThrowAsync<BackupDamagedException>().WithMessage("*not in the chain*");
    }

    [Fact]
    public async Task The_manifest_of_another_backup_is_refused()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(20));
        StoredLevel one = await bed.BackupAsync("source");
        StoredLevel other = await bed.BackupAsync("source");

        Func<Task> restore = () => RestoreAsync(bed, [one with { Manifest = other.Manifest }]);

        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*freezer-{other.Backup.Id:n}*");
    }

    [Fact]
    public async Task Runs_far_apart_are_restored_without_reading_what_lies_between()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(6000));
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content.AsSpan(10 * BlockSize, 5000 * BlockSize).Fill(9);
        StoredLevel increment = await bed.BackupAsync("source", full);

        MemoryVolume restored = await RestoreAsync(bed, [full, increment]);

        restored.Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue();
        bed.ArchiveReads.Should().Be(3, "the full backup's archive is opened again behind the gap");
    }
}
