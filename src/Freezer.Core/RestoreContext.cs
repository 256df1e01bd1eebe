using Microsoft.Extensions.Logging;

namespace Freezer;

/// <summary>What an engine works with while it restores a chain. One context serves the whole restore; reporting is safe from any thread.</summary>
public sealed class RestoreContext : ChainContext
{
    private readonly OperationReport _report;

    internal RestoreContext(OperationReport report, IRestoreSource source)
        : base(source)
    {
        _report = report;
        Level = source.Chain[0];
    }

    /// <summary>Where to restore to, as the application named it.</summary>
    public required string Destination { get; init; }

    /// <summary>How to restore.</summary>
    public required RestoreOptions Options { get; init; }

    /// <summary>Where log messages go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The level whose archive is being replayed.</summary>
    public Backup Level { get; internal set; }

    /// <summary>Whether the chain was committed by this library and the application does not distrust it.</summary>
    public bool IsTrusted => !Options.Untrusted && !Chain.Any(static level => level.IsForeign);

    /// <summary>The engine's own, from preparing the destination until the restore has ended; disposed then, where it can be.</summary>
    public object? State { get; set; }

    /// <summary>Reports an entry that is left out. The outcome becomes <see cref="BackupOutcome.CompleteWithSkips"/>.</summary>
    /// <param name="skip">What is left out, and why.</param>
    public void ReportSkip(SkippedEntry skip)
    {
        ArgumentNullException.ThrowIfNull(skip);
        _report.Add(skip);
    }

    /// <summary>Reports something that does not change the outcome.</summary>
    /// <param name="note">What is worth knowing.</param>
    public void ReportNote(Note note)
    {
        ArgumentNullException.ThrowIfNull(note);
        _report.Add(note);
    }

    /// <summary>Counts what was written. Cheap: call it for each entry, and for each piece of a large one.</summary>
    /// <param name="bytes">Bytes that were written to the destination since the last call.</param>
    /// <param name="entries">Entries (or blocks) that were dealt with since the last call.</param>
    /// <param name="current">The entry at hand.</param>
    public void ReportProgress(long bytes, long entries, EntryPath current = default) => _report.Add(bytes, entries, current);

    /// <summary>Says how many bytes will be written in all, where that is known.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public void ReportTotal(long bytes) => _report.TotalBytes = bytes;
}
