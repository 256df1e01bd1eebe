using System.IO.Pipelines;
using Freezer.Engines.BlockDiff;

namespace Freezer.Tests.Engines.BlockDiff;

public sealed partial class BlockDiffEngineTests
{
    private const int BlockSize = BlockTestBed.SmallBlock;

    [Fact]
    public async Task A_full_backup_stores_neither_holes_nor_zero_blocks()
    {
        var bed = new BlockTestBed();
        byte[] image = Images.Dense(300);
        image.AsSpan(10 * BlockSize, 5 * BlockSize).Clear();
        image.AsSpan(100 * BlockSize, 100 * BlockSize).Clear();
        MemoryVolume volume = bed.Volumes.Add("source", image);
        volume.Data = [new VolumeExtent(0, 100 * BlockSize), new VolumeExtent(200 * BlockSize, 100 * BlockSize)];

        StoredLevel full = await bed.BackupAsync("source");

        full.Archive.Length.Should().BeInRange(195 * BlockSize, (195 * BlockSize) + 200);
        volume.BytesRead.Should().Be(200 * BlockSize, "holes are not read");
        bed.Report.Bytes.Should().Be(200 * BlockSize);
        bed.Report.TotalBytes.Should().Be(200 * BlockSize);
        bed.Report.Entries.Should().Be(300);
        volume.Disposals.Should().Be(1);
    }

    [Fact]
    public async Task An_increment_stores_what_changed_and_where_blocks_became_zero()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(300));
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content.AsSpan(7 * BlockSize, BlockSize * 3).Fill(1);
        volume.Content.AsSpan(50 * BlockSize, 100 * BlockSize).Clear();

        StoredLevel increment = await bed.BackupAsync("source", full);
        StoredLevel unchanged = await bed.BackupAsync("source", increment);

        increment.Backup.Level.Should().Be(1);
        increment.Archive.Length.Should().BeInRange(3 * BlockSize, (3 * BlockSize) + 250);
        unchanged.Archive.Length.Should().BeLessThan(150);
    }

    [Fact]
    public async Task What_has_not_changed_has_the_same_bytes_in_the_next_manifest()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(4096));
        volume.Content.AsSpan(1000 * BlockSize, 1100 * BlockSize).Clear();
        StoredLevel full = await bed.BackupAsync("source");
        volume.Content[600 * BlockSize] ^= 1;

        StoredLevel increment = await bed.BackupAsync("source", full);

        byte[][] before = Split(full);
        byte[][] after = Split(increment);
        after.Should().HaveSameCount(before);
        after.Skip(1).Where((block, i) => !block.SequenceEqual(before[i + 1])).Should().HaveCount(1, "one group of blocks has changed");
    }

    private static byte[][] Split(StoredLevel level)
    {
        int[] borders = [0, .. level.ManifestBlocks, level.Manifest.Length];
        return [.. borders.Zip(borders.Skip(1), (begin, end) => level.Manifest[begin..end])];
    }

    [Fact]
    public async Task A_sparse_volume_of_a_tebibyte_costs_next_to_nothing()
    {
        const long Tebibyte = 1L << 40;
        var volumes = new SparseVolumes(Tebibyte, dataOffset: (Tebibyte / 2) + 12345);
        var bed = new BlockTestBed(volumes, blockSize: 64 << 10);

        StoredLevel full = await bed.BackupAsync("source");
        StoredLevel increment = await bed.BackupAsync("source", full);
        await bed.RestoreAsync("target", [full, increment]);

        full.Manifest.Length.Should().BeLessThan(300);
        full.Archive.Length.Should().BeLessThan((64 << 10) + 200);
        increment.Archive.Length.Should().BeLessThan(200);
        volumes.BytesRead.Should().Be(2 * (64 << 10));
        volumes.BytesWritten.Should().Be(64 << 10);
        bed.Pool.MostBytesRented.Should().BeLessThan(4 << 20);
        bed.Pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task Memory_does_not_depend_on_the_volume()
    {
        var bed = new BlockTestBed(parallelism: 64, blockSize: 4 << 20);
        bed.Volumes.Add("source", Images.Dense(25 << 10));

        StoredLevel full = await bed.BackupAsync("source");
        await bed.RestoreAsync("target", [full]);

        bed.Pool.MostBytesRented.Should().BeLessThanOrEqualTo(48 << 20);
        bed.Pool.Outstanding.Should().Be(0);
        bed.Volumes["target"].Content.AsSpan().SequenceEqual(bed.Volumes["source"].Content).Should().BeTrue();
    }

    [Fact]
    public async Task A_block_that_changes_during_the_backup_is_stored_as_it_was_hashed()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(1000));
        int value = 0;
        volume.BeforeRead = _ => volume.Content.AsSpan(0, 20 * BlockSize).Fill((byte)Interlocked.Increment(ref value));
        volume.LongestRead = 3000;

        StoredLevel full = await bed.BackupAsync("source");

        // The restore verifies every block against the manifest.
        await bed.RestoreAsync("target", [full]);
        bed.Volumes["target"].Content.Length.Should().Be(volume.Content.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    [InlineData(999)]
    public async Task A_read_error_fails_the_backup_with_its_place_and_cause(int block)
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(1000));
        volume.LongestRead = BlockSize;
        var cause = new IOException("the medium is gone");
        volume.BeforeRead = offset => ThrowIf(offset == block * BlockSize, cause);

        Func<Task> backup = () => bed.BackupAsync("source");

        (await backup.Should().ThrowAsync<BackupException>().WithMessage($"*at byte {block * BlockSize}*")).Which.InnerException.Should().BeSameAs(cause);
        bed.Pool.Outstanding.Should().Be(0);
        volume.Disposals.Should().Be(1);
    }

    [Theory]
    [InlineData(0, 500)]
    [InlineData(500, 999)]
    public async Task A_volume_that_shrinks_fails_the_backup(int when, int blocks)
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(1000));
        volume.LongestRead = BlockSize;
        volume.BeforeRead = offset => volume.Content = offset == when * BlockSize ? volume.Content[..(blocks * BlockSize)] : volume.Content;

        Func<Task> backup = () => bed.BackupAsync("source");

        await backup.Should().ThrowAsync<BackupException>().WithMessage("*when the backup began*");
        bed.Pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task A_volume_that_shrinks_where_it_has_a_hole_fails_the_backup()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(1000));
        volume.Data = [new VolumeExtent(0, 10 * BlockSize)];
        volume.BeforeRead = _ => volume.Content = volume.Content[..(500 * BlockSize)];

        Func<Task> backup = () => bed.BackupAsync("source");

        await backup.Should().ThrowAsync<BackupException>().WithMessage("*when the backup began*");
    }

    [Fact]
    public async Task A_volume_that_grows_is_backed_up_as_long_as_it_was()
    {
        var bed = new BlockTestBed();
        byte[] image = Images.Dense(1000);
        MemoryVolume volume = bed.Volumes.Add("source", image);
        volume.BeforeRead = _ => volume.Content = Images.Dense(1001);

        StoredLevel full = await bed.BackupAsync("source");

        MemoryVolume restored = await RestoreAsync(bed, [full]);
        restored.Content.AsSpan().SequenceEqual(image).Should().BeTrue();
    }

    [Fact]
    public async Task A_volume_that_says_it_read_more_than_there_was_room_for_fails_the_backup()
    {
        var bed = new BlockTestBed(new LyingVolumes());

        Func<Task> backup = () => bed.BackupAsync("source");

        await backup.Should().ThrowAsync<BackupException>().WithMessage("*there was room for*");
        bed.Pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task Data_that_ends_before_where_it_was_asked_for_fails_the_backup()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(10));
        volume.Data = [new VolumeExtent(-BlockSize, 2 * BlockSize)];

        Func<Task> backup = () => bed.BackupAsync("source");

        await backup.Should().ThrowAsync<BackupException>().WithMessage("*bytes of data at*");
    }

    [Fact]
    public async Task A_backup_that_is_cancelled_stops_and_gives_everything_back()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(5000));
        using var cancellation = new CancellationTokenSource();
        volume.BeforeRead = offset =>
        {
            if (offset > 2000 * BlockSize)
            {
                cancellation.Cancel();
            }
        };

        Func<Task> backup = () => bed.BackupAsync("source", cancellationToken: cancellation.Token);

        await backup.Should().ThrowAsync<OperationCanceledException>();
        bed.Pool.Outstanding.Should().Be(0);
        volume.Disposals.Should().Be(1);
    }

    [Fact]
    public async Task A_restore_that_is_cancelled_stops_and_gives_everything_back()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(5000));
        StoredLevel full = await bed.BackupAsync("source");
        foreach (StoredLevel level in (StoredLevel[])[full, full with { Manifest = [] }])
        {
            using var cancellation = new CancellationTokenSource();
            MemoryVolume target = bed.Volumes.Add("target", []);
            target.BeforeWrite = _ => cancellation.Cancel();

            Func<Task> restore = () => bed.RestoreAsync("target", [level], overwrite: true, cancellationToken: cancellation.Token);

            await restore.Should().ThrowAsync<OperationCanceledException>();
            target.Flushes.Should().Be(0);
            target.Disposals.Should().Be(1);
            bed.Pool.Outstanding.Should().Be(0);
        }
    }

    [Fact]
    public async Task A_write_error_fails_the_restore()
    {
        var bed = new BlockTestBed();
        bed.Volumes.Add("source", Images.Dense(5000));
        StoredLevel full = await bed.BackupAsync("source");
        foreach (StoredLevel level in (StoredLevel[])[full, full with { Manifest = [] }])
        {
            foreach (int parallelism in (int[])[1, 4])
            {
                var other = new BlockTestBed(bed.Volumes, parallelism: parallelism);
                var cause = new IOException("the disk is full");
                MemoryVolume target = bed.Volumes.Add("target", []);
                target.BeforeWrite = offset => ThrowIf(offset >= 4 << 20, cause);

                Func<Task> restore = () => other.RestoreAsync("target", [level], overwrite: true);

                (await restore.Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(cause);
                target.Flushes.Should().Be(0);
                other.Pool.Outstanding.Should().Be(0);
            }
        }
    }

    [Fact]
    public async Task A_backup_stops_when_nobody_reads_the_archive_any_more()
    {
        var bed = new BlockTestBed();
        MemoryVolume volume = bed.Volumes.Add("source", Images.Dense(20_000));
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();

        await bed.BackupAsync("source", pipe.Writer, parent: null);

        volume.BytesRead.Should().BeLessThan(volume.Content.Length / 2);
        bed.Pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task A_stream_is_a_volume()
    {
        byte[] image = Images.Random(new Random(3), 1_000_003);
        var bed = new BlockTestBed(new StreamVolumes(image));

        StoredLevel full = await bed.BackupAsync("source");

        MemoryVolume restored = await RestoreAsync(new BlockTestBed(), [full]);
        restored.Content.AsSpan().SequenceEqual(image).Should().BeTrue();
        full.Backup.EngineFacts["length"].Should().Be("1000003");
    }

    private static void ThrowIf(bool condition, Exception exception)
    {
        if (condition)
        {
            throw exception;
        }
    }
}
