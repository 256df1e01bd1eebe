using System.IO.Pipelines;
using Microsoft.Extensions.Logging;

namespace Freezer;

/// <summary>What an engine works with while it restores a chain. One context serves the whole restore; reporting is safe from any thread.</summary>
public sealed class RestoreContext
{
    private readonly OperationReport _report;
    private readonly IRestoreSource _source;

    internal RestoreContext(OperationReport report, IRestoreSource source)
    {
        _report = report;
        _source = source;
        Level = source.Chain[0];
    }

    /// <summary>Where to restore to, as the application named it.</summary>
    public required string Destination { get; init; }

    /// <summary>How to restore.</summary>
    public required RestoreOptions Options { get; init; }

    /// <summary>Where log messages go.</summary>
    public required ILogger Logger { get; init; }

    /// <summary>The levels that lead to the backup that is restored, level 0 first.</summary>
    public IReadOnlyList<Backup> Chain => _source.Chain;

    /// <summary>The backup that is restored: the last of the chain.</summary>
    public Backup Target => Chain[^1];

    /// <summary>The level whose archive is being replayed.</summary>
    public Backup Level { get; internal set; }

    /// <summary>Whether the chain was committed by this library and the application does not distrust it.</summary>
    public bool IsTrusted => !Options.Untrusted && !Chain.Any(static level => level.IsForeign);

    /// <summary>The engine's own, from preparing the destination until the restore has ended; disposed then, where it can be.</summary>
    public object? State { get; set; }

    /// <summary>Whether a level has a manifest that can be read.</summary>
    /// <param name="level">A level of the chain.</param>
    public bool HasManifest(Backup level)
    {
        ArgumentNullException.ThrowIfNull(level);
        return _source.HasManifest(level);
    }

    /// <summary>Reads a level's manifest, verified. The consumer may return before its end.</summary>
    /// <param name="level">A level of the chain.</param>
    /// <param name="consume">Reads; it never completes the reader.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken = default) =>
        _source.ReadManifestAsync(level, consume, cancellationToken);

    /// <summary>Reads a level's whole archive, verified. The consumer must read it to its end.</summary>
    /// <param name="level">A level of the chain.</param>
    /// <param name="consume">Reads; it never completes the reader.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken = default) =>
        _source.ReadArchiveAsync(level, consume, cancellationToken);

    /// <summary>Reads a part of a level's archive, verified, from an offset on. The consumer may return before its end.</summary>
    /// <param name="level">A level of the chain that has an index.</param>
    /// <param name="offset">The first byte, counted in the archive as the engine wrote it.</param>
    /// <param name="consume">Reads; it never completes the reader.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken = default) =>
        _source.ReadArchiveAsync(level, offset, consume, cancellationToken);

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

/// <summary>What a restore reads from: a chain and its objects.</summary>
internal interface IRestoreSource
{
    IReadOnlyList<Backup> Chain { get; }

    bool HasManifest(Backup level);

    Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken);

    Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken);

    Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken);
}
