using System.IO.Pipelines;

namespace Freezer;

/// <summary>What an engine decides once it has seen the parent that the level rules chose.</summary>
public sealed class BackupPlan
{
    private BackupPlan(string? newChainReason) => NewChainReason = newChainReason;

    /// <summary>Build on the parent.</summary>
    public static BackupPlan Incremental { get; } = new(null);

    /// <summary>Why a new chain is begun, or <see langword="null"/> for an incremental.</summary>
    public string? NewChainReason { get; }

    /// <summary>Begin a new chain.</summary>
    /// <param name="reason">Why; the result tells it to the user.</param>
    public static BackupPlan Full(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new BackupPlan(reason);
    }
}

/// <summary>What an engine may look at before a level is named.</summary>
public sealed class BackupPlanContext
{
    private readonly Func<Func<PipeReader, CancellationToken, Task>, CancellationToken, Task> _readManifest;

    internal BackupPlanContext(string resource, Backup parent, Func<Func<PipeReader, CancellationToken, Task>, CancellationToken, Task> readManifest)
    {
        Resource = resource;
        Parent = parent;
        _readManifest = readManifest;
    }

    /// <summary>What is to be backed up.</summary>
    public string Resource { get; }

    /// <summary>The backup that the level rules chose as the parent.</summary>
    public Backup Parent { get; }

    /// <summary>Reads the parent's manifest. The consumer may return before its end.</summary>
    /// <param name="consume">Reads as much as it needs. It does not complete the reader.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task ReadParentManifestAsync(Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken = default) =>
        _readManifest(consume, cancellationToken);
}
