using Freezer.Engines.BlockDiff;

namespace Freezer.Drivers;

/// <summary>What a <see cref="VolumeBackupDriver"/> works with. Everything has a default.</summary>
public sealed record VolumeBackupDriverOptions
{
    /// <summary>How volumes are opened, read and written; image files and block devices by path by default.</summary>
    public BlockDiffEngineOptions Block { get; init; } = new();

    /// <summary>What every engine works with: logger, clock, codecs, cores. The source host is not used, since a volume is the same one on every host.</summary>
    public BackupEngineOptions Engine { get; init; } = new();

    /// <summary>How backups are taken: compression and queues. What a backup builds on is decided by its record alone, and its facts are the driver's.</summary>
    public BackupOptions Backup { get; init; } = BackupOptions.Default;

    /// <summary>The application's access to the metadata of its volumes; <see langword="null"/> (the default) where it has none.</summary>
    public IVolumeMetadataProvider? Metadata { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Block);
        ArgumentNullException.ThrowIfNull(Engine);
        ArgumentNullException.ThrowIfNull(Backup);
        Block.Validate();
        Engine.Validate();
        Backup.Validate();
    }
}
