namespace Freezer;

/// <summary>How an operation that did not fail ended.</summary>
public enum BackupOutcome
{
    /// <summary>Everything that was asked for was done.</summary>
    Complete,

    /// <summary>All but the listed skips was done.</summary>
    CompleteWithSkips,

    /// <summary>A backup that is complete, and that a storage of a mirror lacks: <see cref="BackupResult.Lagging"/> names it. A backup that also has
    /// skips is <see cref="CompleteWithSkips"/>.</summary>
    CompleteWithDegradedMirror,
}
