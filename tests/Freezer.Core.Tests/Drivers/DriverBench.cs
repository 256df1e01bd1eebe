using Freezer.Drivers;
using Freezer.Engines.BlockDiff;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Tests.Engines.BlockDiff;
using Freezer.Tests.Support;

namespace Freezer.Tests.Drivers;

/// <summary>A driver on a storage, with volumes in memory and a clock of its own.</summary>
internal sealed class DriverBench
{
    internal const string VolumeId = "2f1c0f6e-5f7e-4d1c-9b57-000000000001";

    internal DriverBench(IStorage storage, IVolumeMetadataProvider? metadata = null, IVolumeProvider? volumes = null, KeyRing? keys = null)
    {
        Storage = storage;
        Driver = new VolumeBackupDriver(storage, new VolumeBackupDriverOptions
        {
            Block = new BlockDiffEngineOptions { BlockSize = BlockTestBed.SmallBlock, Volumes = volumes ?? Volumes },
            Engine = new BackupEngineOptions { TimeProvider = Time, Keys = keys },
            Backup = new BackupOptions { Compression = new Compression("none") },
            Metadata = metadata,
        });
    }

    internal IStorage Storage { get; }

    internal VolumeBackupDriver Driver { get; }

    internal MemoryVolumes Volumes { get; } = new();

    internal ManualTime Time { get; } = new();

    internal static BackupRecord NewRecord(BackupRecord? parent = null) => new()
    {
        Id = Guid.NewGuid(),
        VolumeId = VolumeId,
        ParentId = parent?.Id,
        DisplayName = "nightly \"ü\"",
        DisplayDescription = "before the upgrade",
        AvailabilityZone = "nova",
        Container = "gold",
        SnapshotId = "snapshot-1",
    };

    /// <summary>Backs up an image that is there under another path each time, as a snapshot of a volume is.</summary>
    internal async Task<BackupRecord> BackupAsync(byte[] image, BackupRecord? parent = null, bool withMetadata = false, IProgress<BackupRecord>? progress = null)
    {
        string path = $"/dev/{Guid.NewGuid():N}";
        Volumes.Add(path, image);
        Time.Advance(TimeSpan.FromMinutes(1));
        return await Driver.BackupAsync(NewRecord(parent), path, withMetadata, progress);
    }

    internal async Task<byte[]> RestoreAsync(BackupRecord record, VolumeRestoreOptions? options = null, IProgress<BackupRecord>? progress = null)
    {
        string path = $"/dev/{Guid.NewGuid():N}";
        await Driver.RestoreAsync(record, "another-volume", path, options, progress);
        return Volumes[path].Content;
    }

    internal async Task<List<BackupRecord>> ListAsync(string? volumeId = null)
    {
        List<BackupRecord> records = [];
        await foreach (BackupRecord record in Driver.ListRecordsAsync(volumeId))
        {
            records.Add(record);
        }

        return records;
    }

    /// <summary>An image with data, holes, and a block that differs from level to level.</summary>
    internal static byte[] Image(int state)
    {
        byte[] image = new byte[(40 * BlockTestBed.SmallBlock) + 100];
        Images.Dense(20).CopyTo(image, 0);
        Images.Dense(2, seed: state + 2).CopyTo(image, (state + 4) * BlockTestBed.SmallBlock);
        image.AsSpan((10 + state) * BlockTestBed.SmallBlock, BlockTestBed.SmallBlock).Clear();
        return image;
    }
}
