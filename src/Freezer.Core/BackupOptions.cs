namespace Freezer;

/// <summary>How a backup is taken. The defaults take an incremental on the newest backup of the name, or a full one where there is none.</summary>
public sealed record BackupOptions
{
    /// <summary>The defaults.</summary>
    public static BackupOptions Default { get; } = new();

    /// <summary>Takes a full backup (level 0) whatever there is to build on. <see langword="false"/> by default.</summary>
    public bool NoIncremental { get; init; }

    /// <summary>After a backup of this level comes a new level 0. <see langword="null"/> (the default) or 0: no limit.</summary>
    public int? MaxLevel { get; init; }

    /// <summary>Levels rise to this one; from then on every backup has this level and builds on the newest backup of
    /// the level before (a differential). <see langword="null"/> (the default) or 0: levels rise without end. Where
    /// <see cref="MaxLevel"/> is smaller, that one rules.</summary>
    public int? AlwaysLevel { get; init; }

    /// <summary>A new level 0 once the chain's level 0 is this old or older. <see langword="null"/> (the default): never.</summary>
    public TimeSpan? RestartAlwaysLevel { get; init; }

    /// <summary>How many bytes may wait between two stages before the faster one is held; 4 MiB by default.</summary>
    public int QueueSize { get; init; } = 4 << 20;

    /// <summary>How the archive is compressed. <see langword="null"/> (the default): zstd at level 3 where its library is there, otherwise gzip; the result says which.</summary>
    public Compression? Compression { get; init; }

    /// <summary>How many bytes of content are compressed as one unit. <see langword="null"/> (the default): what suits the codec.</summary>
    public int? FrameSize { get; init; }

    /// <summary>Whether an entry that cannot be read fails the backup, rather than being skipped and reported. <see langword="false"/> by default.</summary>
    public bool FailOnSkip { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(MaxLevel ?? 0, nameof(MaxLevel));
        ArgumentOutOfRangeException.ThrowIfNegative(AlwaysLevel ?? 0, nameof(AlwaysLevel));
        ArgumentOutOfRangeException.ThrowIfLessThan(RestartAlwaysLevel ?? TimeSpan.Zero, TimeSpan.Zero, nameof(RestartAlwaysLevel));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(FrameSize ?? SmallestFrame, SmallestFrame, nameof(FrameSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FrameSize ?? SmallestFrame, LargestFrame, nameof(FrameSize));
    }

    private const int SmallestFrame = 64 << 10;
    private const int LargestFrame = 64 << 20;
}
