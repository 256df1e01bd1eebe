using System.Text.Json.Serialization;

namespace Freezer.Drivers;

/// <summary>What an application knows of one backup of a volume: plain data, which it keeps where it likes.</summary>
/// <remarks>An application makes a record with an identity and a volume, and keeps what a driver returns in its place. What
/// is lost can be had again from the storage (<see cref="VolumeBackupDriver.ListRecordsAsync"/>) or from an exported record.</remarks>
public sealed record BackupRecord
{
    /// <summary>The backup's identity, which the application chooses; no two backups of a storage share one.</summary>
    public required Guid Id { get; init; }

    /// <summary>The volume that is backed up, as the application names it: one segment of a storage key, so without <c>/</c>.</summary>
    public required string VolumeId { get; init; }

    /// <summary>The record that this backup builds on, which makes it an incremental one; <see langword="null"/> for a full backup.
    /// A driver that had to take a full one instead returns the record without it.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>What is happening to the backup.</summary>
    public BackupStatus Status { get; init; }

    /// <summary>How much of what is happening is done, from 0 to 100; 100 where nothing is happening.</summary>
    public int Percent { get; init; }

    /// <summary>What went wrong last, or <see langword="null"/>.</summary>
    public string? FailReason { get; init; }

    /// <summary>The length of the volume in bytes, which the driver finds out.</summary>
    public long Size { get; init; }

    /// <summary>How the application calls the backup.</summary>
    public string? DisplayName { get; init; }

    /// <summary>What the application has to say of the backup.</summary>
    public string? DisplayDescription { get; init; }

    /// <summary>The availability zone that the application took the backup in.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Where the application files the backup: for itself, since a driver keeps to its storage.</summary>
    public string? Container { get; init; }

    /// <summary>The snapshot that the volume is read from, where it is one.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>As of when the data is: of the snapshot, where the application says so, otherwise of the backup.</summary>
    public DateTimeOffset? DataTimestamp { get; init; }

    /// <summary>When the backup was taken, in whole seconds; the driver sets it.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Which driver took the backup; the driver sets it.</summary>
    public string? Service { get; init; }

    /// <summary>Where the driver finds the backup in its storage; the driver sets it, and nobody else needs to understand it.</summary>
    public string? ServiceMetadata { get; init; }

    /// <summary>How many objects the backup takes in the storage.</summary>
    public int ObjectCount { get; init; }

    /// <summary>Whether the volume's metadata was backed up too.</summary>
    public bool HasMetadata { get; init; }

    /// <summary>Whether the backup builds on another one.</summary>
    [JsonIgnore]
    public bool IsIncremental => ParentId is not null;
}
