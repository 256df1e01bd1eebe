namespace Freezer;

/// <summary>Why an entry is not in a backup, or was not restored.</summary>
public enum SkipKind
{
    /// <summary>It could not be read.</summary>
    Unreadable,

    /// <summary>It changed again and again while it was read.</summary>
    Inconsistent,

    /// <summary>It, or some of its metadata, could not be written.</summary>
    Unwritable,

    /// <summary>It was left out because restoring it would be unsafe.</summary>
    Refused,

    /// <summary>What is stored of it is damaged; see <see cref="RestoreOptions.SkipDamaged"/>.</summary>
    Damaged,
}

/// <summary>An entry that an operation left out although it was asked for. Skips change the operation's outcome.</summary>
/// <param name="Path">The entry, relative to the source.</param>
/// <param name="Kind">What kind of reason it is.</param>
/// <param name="Reason">What happened, for people.</param>
public sealed record SkippedEntry(EntryPath Path, SkipKind Kind, string Reason);
