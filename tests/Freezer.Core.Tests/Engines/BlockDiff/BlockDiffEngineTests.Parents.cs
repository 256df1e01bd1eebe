using Freezer.Engines.BlockDiff;

namespace Freezer.Tests.Engines.BlockDiff;

public sealed partial class BlockDiffEngineTests
{
    [Fact]
    public async Task A_parent_of_the_same_shape_is_built_on()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(10));
        StoredLevel full = await bed.BackupAsync("source");

        (await bed.PlanAsync("source", full)).Should().BeSameAs(BackupPlan.Incremental);
    }

    [Fact]
    public async Task A_parent_of_another_length_or_block_size_begins_a_new_chain()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(10));
        StoredLevel full = await bed.BackupAsync("source");

        (await new BlockTestBed(bed.Volumes, blockSize: 8192).PlanAsync("source", full)).NewChainReason.Should().Contain("8192").And.Contain("4096");
        bed.Volumes.Add("source", Images.Dense(11));
        (await bed.PlanAsync("source", full)).NewChainReason.Should().Contain("45056").And.Contain("40960");
    }

    [Fact]
    public async Task A_parent_whose_manifest_cannot_be_read_begins_a_new_chain()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(10));
        StoredLevel full = await bed.BackupAsync("source");
        byte[] later = [.. full.Manifest];
        later[BlockManifestFormat.VersionOffset] = 2;
        StoredLevel other = await bed.BackupAsync("source");

        (await bed.PlanAsync("source", full with { Manifest = later })).NewChainReason.Should().Contain("version 2");
        (await bed.PlanAsync("source", full with { Manifest = [1, 2, 3] })).NewChainReason.Should().Contain("not the manifest of a volume");
        (await bed.PlanAsync("source", full with { Manifest = [] })).NewChainReason.Should().Contain("ends too early");
        (await bed.PlanAsync("source", full with { Manifest = other.Manifest })).NewChainReason.Should().Contain($"{other.Backup.Id:n}");
    }

    [Fact]
    public async Task A_volume_that_changes_its_length_after_the_plan_fails_the_backup()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(10));
        StoredLevel full = await bed.BackupAsync("source");
        bed.Volumes.Add("source", Images.Dense(11));

        Func<Task> backup = () => bed.BackupAsync("source", full);

        await backup.Should().ThrowAsync<BackupException>().WithMessage("*45056*");
    }

    [Fact]
    public async Task A_parent_manifest_that_is_cut_fails_the_backup()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");
        foreach (int length in (int[])[10, 100, full.Manifest.Length / 2, full.Manifest.Length - 1])
        {
            Func<Task> backup = () => bed.BackupAsync("source", full with { Manifest = full.Manifest[..length] });

            await backup.Should().ThrowAsync<BackupDamagedException>();
            bed.Pool.Outstanding.Should().Be(0);
        }
    }

    [Fact]
    public async Task Only_what_the_volume_counts_among_its_changes_is_read()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(2000));
        volume.Content.AsSpan(500 * BlockSize, 500 * BlockSize).Clear();
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content[(5 * BlockSize) + 17] ^= 1;
        volume.Content[600 * BlockSize] = 1;
        volume.Content.AsSpan(1999 * BlockSize).Clear();
        volume.BytesRead = 0;

        // Borders that no block has, two changes in one block, an empty one, and one that reaches beyond the end.
        volume.Changes =
        [
            new VolumeExtent((5 * BlockSize) + 17, 1), new VolumeExtent((5 * BlockSize) + 100, 1), new VolumeExtent(9 * BlockSize, 0),
            new VolumeExtent((600 * BlockSize) - 1, 2), new VolumeExtent((2000 * BlockSize) - 1, 12345), new VolumeExtent(3000 * BlockSize, 1),
        ];
        StoredLevel increment = await bed.BackupAsync("source", full);

        volume.BytesRead.Should().Be(4 * BlockSize);
        volume.AskedFor.Should().Be(full.Backup);
        increment.Archive.Length.Should().BeInRange(2 * BlockSize, (2 * BlockSize) + 250);
        volume.Changes = null;
        (await bed.BackupAsync("source", increment)).Archive.Length.Should().BeLessThan(150, "nothing was missed");
        (await RestoreAsync(bed, [full, increment])).Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue();
    }

    [Fact]
    public async Task A_volume_without_changes_is_not_read_at_all()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(2000));
        StoredLevel full = await bed.BackupAsync("source");
        volume.BytesRead = 0;
        volume.Changes = [];

        StoredLevel increment = await bed.BackupAsync("source", full);

        volume.BytesRead.Should().Be(0);
        increment.Manifest.Length.Should().Be(full.Manifest.Length);
    }

    [Fact]
    public async Task Changes_that_are_right_stand_the_test()
    {
        var bed = new BlockTestBed(verify: true);
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content[100 * BlockSize] ^= 1;
        volume.Changes = [new VolumeExtent(100 * BlockSize, BlockSize)];
        volume.BytesRead = 0;

        StoredLevel increment = await bed.BackupAsync("source", full);

        volume.BytesRead.Should().Be(600 * BlockSize);
        (await RestoreAsync(bed, [full, increment])).Content.AsSpan().SequenceEqual(volume.Content).Should().BeTrue();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_change_that_the_volume_does_not_tell_of_fails_the_test_and_is_named(bool becomesHole)
    {
        var bed = new BlockTestBed(verify: true);
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content.AsSpan(100 * BlockSize, BlockSize).Clear();
        volume.Content[500 * BlockSize] ^= 1;
        volume.Changes = [new VolumeExtent(0, 100 * BlockSize)];
        volume.Data = becomesHole ? Images.FindData(volume.Content, BlockSize) : null;

        Func<Task> backup = () => bed.BackupAsync("source", full);

        await backup.Should().ThrowAsync<BackupException>().WithMessage($"Block 100 *at byte {100 * BlockSize}*");
        bed.Pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task Changes_out_of_order_fail_the_backup()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(600));
        StoredLevel full = await bed.BackupAsync("source");
        foreach (VolumeExtent second in (VolumeExtent[])[new(0, 10), new(20, -1), new(long.MaxValue, 1)])
        {
            volume.Changes = [new VolumeExtent(0, 15), second];

            Func<Task> backup = () => bed.BackupAsync("source", full);

            await backup.Should().ThrowAsync<BackupException>().WithMessage("*changes must ascend*");
        }
    }
}
