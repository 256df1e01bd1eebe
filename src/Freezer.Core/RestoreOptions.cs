namespace Freezer;

/// <summary>What is restored, and how.</summary>
public sealed record RestoreOptions
{
    /// <summary>The defaults: the newest backup, into a destination that is absent or empty.</summary>
    public static RestoreOptions Default { get; } = new();

    /// <summary>Restores the newest backup that was not taken after this instant. <see langword="null"/> (the default): the newest.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Whether a destination that is not empty is written over. What the chain holds replaces what is there under
    /// the same name; a name that no level of the chain contained is never removed. <see langword="false"/> by default.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Only these paths, each with what is below it. Empty (the default): everything. A path that is not in the backup is an error.</summary>
    public IReadOnlyList<EntryPath> Include { get; init; } = [];

    /// <summary>Treats the backup as made by somebody who may mean harm: devices and set-uid bits are left out and
    /// reported, and <see cref="Limits"/> hold. <see langword="false"/> by default. A backup that this library did not commit is always treated so.</summary>
    public bool Untrusted { get; init; }

    /// <summary>What a backup that is not trusted may ask for.</summary>
    public ReaderLimits Limits { get; init; } = ReaderLimits.Default;

    /// <summary>Whether metadata that the user may not set (an owner, for one) is a skip rather than a note. <see langword="false"/> by default.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether of a backup that is damaged all is restored that is sound: what is lost is a skip, and never a byte that failed its check is written.
    /// A level that is missing as a whole still ends the restore before it begins. <see langword="false"/> by default: damage ends the restore.</summary>
    public bool SkipDamaged { get; init; }

    /// <summary>How many bytes may wait between two stages before the faster one is held; 1 MiB by default.</summary>
    public int QueueSize { get; init; } = 1 << 20;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(QueueSize);
        ArgumentNullException.ThrowIfNull(Limits);
        Limits.Validate();
    }
}
