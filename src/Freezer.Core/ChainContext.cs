using System.IO.Pipelines;

namespace Freezer;

/// <summary>What an engine reads a chain through: the levels, their manifests and their archives.</summary>
public abstract class ChainContext
{
    private readonly IRestoreSource _source;

    private protected ChainContext(IRestoreSource source) => _source = source;

    /// <summary>The levels that lead to the backup that is read, level 0 first.</summary>
    public IReadOnlyList<Backup> Chain => _source.Chain;

    /// <summary>The backup that is read: the last of the chain.</summary>
    public Backup Target => Chain[^1];

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
}

/// <summary>What a chain is read from.</summary>
internal interface IRestoreSource
{
    IReadOnlyList<Backup> Chain { get; }

    bool HasManifest(Backup level);

    Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken);

    Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken);

    Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken);
}
