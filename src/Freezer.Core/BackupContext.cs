using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace Freezer;

/// <summary>What an engine works with while it writes one level. Valid until <c>WriteArchiveAsync</c> returns; reporting is safe from any thread.</summary>
public sealed class BackupContext
{
    private readonly OperationReport _report;

    internal BackupContext(OperationReport report) => _report = report;

    /// <summary>What is backed up, as the application named it.</summary>
    public required string Resource { get; init; }

    /// <summary>The name that the backup is filed under.</summary>
    public required string BackupName { get; init; }

    /// <summary>The identity of this backup: what a manifest says where content is.</summary>
    public required Guid BackupId { get; init; }

    /// <summary>The backup that this one builds on, or <see langword="null"/> at level 0.</summary>
    public required Backup? Parent { get; init; }

    /// <summary>0 for a full backup.</summary>
    public int Level => Parent is null ? 0 : Parent.Level + 1;

    /// <summary>When the backup began, by the application's clock.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>How the backup is taken.</summary>
    public required BackupOptions Options { get; init; }

    /// <summary>The manifest that the parent wrote, or <see langword="null"/> at level 0. The engine may stop reading early, and never completes it.</summary>
    public required PipeReader? ParentManifest { get; init; }

    /// <summary>Where this level's manifest goes. The engine never completes it.</summary>
    public required ManifestWriter Manifest { get; init; }

    /// <summary>Where log messages go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>Facts that go into the backup's metadata document: what only the engine knows. Set before <c>WriteArchiveAsync</c> returns.</summary>
    public IDictionary<string, string> Facts { get; } = new Dictionary<string, string>();

    /// <summary>Reports an entry that is left out. The outcome becomes <see cref="BackupOutcome.CompleteWithSkips"/>.</summary>
    /// <param name="skip">What is left out, and why.</param>
    /// <exception cref="BackupException">The options say that a skip fails the backup.</exception>
    public void ReportSkip(SkippedEntry skip)
    {
        ArgumentNullException.ThrowIfNull(skip);
        if (Options.FailOnSkip)
        {
            throw new BackupException($"{skip.Path}: {skip.Reason} The options say that this fails the backup.");
        }

        _report.Add(skip);
    }

    /// <summary>Reports something that does not change the outcome.</summary>
    /// <param name="note">What is worth knowing.</param>
    public void ReportNote(Note note)
    {
        ArgumentNullException.ThrowIfNull(note);
        _report.Add(note);
    }

    /// <summary>Counts what was read. Cheap: call it for each entry, and for each piece of a large one.</summary>
    /// <param name="bytes">Bytes that were read from the resource since the last call.</param>
    /// <param name="entries">Entries (or blocks) that were dealt with since the last call.</param>
    /// <param name="current">The entry at hand.</param>
    public void ReportProgress(long bytes, long entries, EntryPath current = default) => _report.Add(bytes, entries, current);

    /// <summary>Says how many bytes will be read in all, where that is known.</summary>
    /// <param name="bytes">The number of bytes.</param>
    public void ReportTotal(long bytes) => _report.TotalBytes = bytes;
}
