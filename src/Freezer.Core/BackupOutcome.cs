namespace Freezer;

/// <summary>How an operation that did not fail ended.</summary>
public enum BackupOutcome
{
    /// <summary>Everything that was asked for was done.</summary>
    Complete,

    /// <summary>All but the listed skips was done.</summary>
    CompleteWithSkips,
}
