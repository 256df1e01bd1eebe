namespace Freezer.Drivers;

/// <summary>What is restored of a volume's backup, and how.</summary>
public sealed record VolumeRestoreOptions
{
    /// <summary>The defaults: data and metadata, to a volume that is new.</summary>
    public static VolumeRestoreOptions Default { get; } = new();

    /// <summary>Whether a volume that holds something, or a device, is written over. <see langword="false"/> by default.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Whether the metadata is restored too, where the backup has some. <see langword="true"/> by default.</summary>
    public bool WithMetadata { get; init; } = true;
}
