using System.IO.Pipelines;
using Freezer.Engines.Tar.Create;
using Freezer.Engines.Tar.Exclude;
using Freezer.Platform;
using Freezer.Storage;

namespace Freezer.Engines.Tar;

/// <summary>Backs up directory trees as tar archives that GNU tar can restore, deletions included, level by level.</summary>
/// <remarks>
/// <para>The resource is the path of a directory or of a file; a link there is followed. Several are joined by <see cref="JoinSources"/>.
/// A file, and each of several sources, appears under its own name in a root that exists only in the backup.</para>
/// <para>A level is a PAX archive with <c>GNU.dumpdir</c> listings. Stored are regular files (with their holes), directories, symbolic and
/// hard links, FIFOs and devices, with mode, owner, time of modification and extended attributes, as far as the platform has them.
/// Restore a chain without this library by <c>tar --listed-incremental=/dev/null --xattrs --xattrs-include='*' -xf</c>, level 0 first.</para>
/// <para>An increment holds what differs from the parent's manifest in size, time of modification, time of status change, inode, kind, mode or owner;
/// where the platform has no inodes or times of status change, the others tell alone. A change is seen also if it came within the same tick
/// of the file system's clock as the backup before.</para>
/// </remarks>
public sealed partial class TarEngine : BackupEngine
{
    private readonly TarEngineOptions _tarOptions;
    private readonly IgnoreRules _ignoreRules;
    private readonly FileTree _tree;

    /// <summary>Makes an engine on a storage.</summary>
    /// <param name="storage">Where backups live. Stays the caller's.</param>
    /// <param name="tarOptions">What is left out, and how changes are found; <see langword="null"/> for the defaults.</param>
    /// <param name="options">What the engine works with; <see langword="null"/> for the defaults.</param>
    public TarEngine(IStorage storage, TarEngineOptions? tarOptions = null, BackupEngineOptions? options = null)
        : this(storage, FileTree.ForThisMachine, tarOptions, options)
    {
    }

    internal TarEngine(IStorage storage, FileTree tree, TarEngineOptions? tarOptions = null, BackupEngineOptions? options = null)
        : base(storage, options)
    {
        _tarOptions = tarOptions ?? new TarEngineOptions();
        _tarOptions.Validate();
        _ignoreRules = new IgnoreRules(_tarOptions.Exclude);
        _tree = tree;
    }

    /// <inheritdoc/>
    public override string Name => "tar";

    /// <summary>Joins several files and directories to one resource. Each appears in the backup under its own name.</summary>
    /// <param name="sources">Paths. One alone is the resource itself.</param>
    /// <exception cref="ArgumentException">There is none, one is empty, one of several has no name (a file system's root), or two have the same name.</exception>
    public static string JoinSources(params string[] sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentOutOfRangeException.ThrowIfZero(sources.Length, nameof(sources));
        return TarSource.Of(sources).Join();
    }

    /// <summary>The full paths of the sources.</summary>
    /// <param name="resource">What is backed up.</param>
    protected override string IdentifySource(string resource) => TarSource.Parse(resource).Join();

    /// <inheritdoc/>
    protected override ValueTask<BackupPlan> PlanAsync(BackupPlanContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ParentManifest.PlanAsync(context, cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task WriteArchiveAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(archive);
        return new TarBackup(_tree, _tarOptions, _ignoreRules, EngineOptions.Parallelism, EngineOptions.TimeProvider)
            .WriteAsync(context, archive, cancellationToken);
    }
}
