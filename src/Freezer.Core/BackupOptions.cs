using System.Collections.ObjectModel;
using System.Text;

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

    /// <summary>Builds on this backup rather than on the one that the level rules choose. <see langword="null"/> (the default): the rules choose.</summary>
    /// <remarks>It is one of the same engine and name, as the catalog lists it. Where it is not in the storage the backup fails with a
    /// <see cref="BackupNotFoundException"/>; where it cannot be built on (another size, damage) a new chain is begun, and the result says why.</remarks>
    public Backup? Parent { get; init; }

    /// <summary>What the application has to say of the backup, by name; it comes back as <see cref="Backup.Facts"/>. Empty by default.</summary>
    /// <remarks>It is stored in the backup's metadata document, for everybody to read who may read the storage, unless the repository is encrypted. At most
    /// <see cref="LongestFacts"/> bytes of UTF-8, names and values together.</remarks>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>How many bytes of UTF-8 the <see cref="Facts"/> may have in all.</summary>
    public const int LongestFacts = 64 << 10;

    /// <summary>How many bytes may wait between two stages before the faster one is held; 1 MiB by default.</summary>
    public int QueueSize { get; init; } = 1 << 20;

    /// <summary>How the archive is compressed. <see langword="null"/> (the default): zstd at level 3 where its library is there, otherwise gzip; the result says which.</summary>
    public Compression? Compression { get; init; }

    /// <summary>How many bytes of content are compressed as one unit. <see langword="null"/> (the default): what suits the codec.</summary>
    public int? FrameSize { get; init; }

    /// <summary>Whether an entry that cannot be read fails the backup, rather than being skipped and reported. <see langword="false"/> by default.</summary>
    public bool FailOnSkip { get; init; }

    internal void Validate()
    {
        if (Parent is not null && NoIncremental)
        {
            throw new ArgumentException($"A backup cannot build on {Parent} and be a full one: choose {nameof(Parent)} or {nameof(NoIncremental)}.");
        }

        ArgumentNullException.ThrowIfNull(Facts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CountBytes(Facts), LongestFacts, nameof(Facts));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxLevel ?? 0, nameof(MaxLevel));
        ArgumentOutOfRangeException.ThrowIfNegative(AlwaysLevel ?? 0, nameof(AlwaysLevel));
        ArgumentOutOfRangeException.ThrowIfLessThan(RestartAlwaysLevel ?? TimeSpan.Zero, TimeSpan.Zero, nameof(RestartAlwaysLevel));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(FrameSize ?? SmallestFrame, SmallestFrame, nameof(FrameSize));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FrameSize ?? SmallestFrame, LargestFrame, nameof(FrameSize));
    }

    private const int SmallestFrame = 64 << 10;
    private const int LargestFrame = 64 << 20;

    /// <summary>Text that is not valid Unicode would not come back as it was: counting its bytes throws.</summary>
    private static readonly UTF8Encoding _strictText = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static long CountBytes(IReadOnlyDictionary<string, string> facts)
    {
        long bytes = 0;
        foreach ((string name, string value) in facts)
        {
            bytes += _strictText.GetByteCount(name) + _strictText.GetByteCount(value);
        }

        return bytes;
    }
}
