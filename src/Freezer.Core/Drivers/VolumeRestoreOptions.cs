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

    /// <summary>Treats the backup as made by somebody who may mean harm, as that of an imported record may be: <see cref="Limits"/> hold.
    /// <see langword="false"/> by default. A backup that this library did not commit is always treated so.</summary>
    public bool Untrusted { get; init; }

    /// <summary>What a backup that is not trusted may ask for: how long the volume is, and how much is decompressed.</summary>
    public ReaderLimits Limits { get; init; } = ReaderLimits.Default;
}
