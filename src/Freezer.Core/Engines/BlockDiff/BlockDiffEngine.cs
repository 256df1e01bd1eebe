using System.Globalization;
using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Engines.BlockDiff;

/// <summary>Backs up volumes: disk images, block devices, and whatever else an <see cref="IVolumeProvider"/> opens.</summary>
/// <remarks>
/// <para>A volume is read in blocks of a fixed size, on all cores, and holes are not read. A full backup stores the blocks that are
/// not zero; an increment those whose SHA-256 differs from the parent's, and where blocks became zero. Each block is read once:
/// what is stored is what was hashed, also while the volume changes. For a volume that is consistent as a whole, back up a snapshot.</para>
/// <para>The archive of a level is an <c>rbd diff v1</c> stream, which <c>rbd import-diff</c> and <c>rbd merge-diff</c> take.</para>
/// <para>A restore writes each block once, from the newest level that has it, and verifies it; what is zero becomes a hole where
/// that is possible. Where the manifest is lost, the levels are replayed instead.</para>
/// </remarks>
public sealed partial class BlockDiffEngine : BackupEngine
{
    /// <summary>The name that this engine's backups are stored under.</summary>
    internal const string EngineName = "block";

    // What the backup's metadata document says of the volume.
    internal const string LengthFact = "length";
    private const string BlockSizeFact = "block_size";
    private const string SnapshotFact = "snapshot";

    private readonly BlockDiffEngineOptions _options;

    /// <summary>Makes an engine on a storage.</summary>
    /// <param name="storage">Where backups live. Stays the caller's.</param>
    /// <param name="blockOptions">How volumes are read and written; <see langword="null"/> for the defaults.</param>
    /// <param name="options">What every engine works with; <see langword="null"/> for the defaults.</param>
    public BlockDiffEngine(IStorage storage, BlockDiffEngineOptions? blockOptions = null, BackupEngineOptions? options = null)
        : base(storage, options)
    {
        _options = blockOptions ?? new BlockDiffEngineOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public override string Name => EngineName;

    /// <inheritdoc/>
    protected override string IdentifySource(string resource) => _options.Volumes.Identify(resource);

    /// <inheritdoc/>
    protected override async ValueTask<BackupPlan> PlanAsync(BackupPlanContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        BlockManifestHeader? parent = null;
        string reason = "";
        await context.ReadParentManifestAsync(
            async (manifest, token) =>
            {
                try
                {
                    parent = await new BlockManifestReader(manifest).ReadHeaderAsync(token).ConfigureAwait(false);
                }
                catch (Exception e) when (e is BlockManifestException or BackupUnsupportedException)
                {
                    reason = e.Message;
                }
            },
            cancellationToken).ConfigureAwait(false);

        if (parent is null)
        {
            return BackupPlan.Full($"The manifest of {context.Parent} cannot be used: {reason}");
        }

        VolumeSource source = await _options.Volumes.OpenSourceAsync(context.Resource, cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            return FindMismatch(parent, context.Parent, source.Length) is { } mismatch ? BackupPlan.Full(mismatch) : BackupPlan.Incremental;
        }
    }

    /// <inheritdoc/>
    protected override async Task WriteArchiveAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(archive);
        try
        {
            await WriteLevelAsync(context, archive, cancellationToken).ConfigureAwait(false);
        }
        catch (BlockManifestException e)
        {
            throw e.Of(context.Parent!);
        }
    }

    private async Task WriteLevelAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        VolumeSource source = await _options.Volumes.OpenSourceAsync(context.Resource, cancellationToken).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var geometry = new BlockGeometry(source.Length, _options.BlockSize);
            context.Facts[LengthFact] = geometry.VolumeLength.ToString(CultureInfo.InvariantCulture);
            context.Facts[BlockSizeFact] = geometry.BlockSize.ToString(CultureInfo.InvariantCulture);
            context.Facts[SnapshotFact] = SnapshotName.Of(context.BackupId);

            ParentBlocks parent = await OpenParentAsync(context, geometry, cancellationToken).ConfigureAwait(false);
            var options = new VolumeScanOptions
            {
                Parallelism = EngineOptions.Parallelism,
                Pool = _options.Pool,
                Changes = context.Parent is null ? null : await source.FindChangesSinceAsync(context.Parent, cancellationToken).ConfigureAwait(false),
                ReadUnchanged = _options.VerifyChangedExtents,
            };
            var scan = new VolumeScan(source, geometry, options, cancellationToken);
            await using (scan.ConfigureAwait(false))
            {
                await new BlockLevelWriter(context, geometry, parent, archive).WriteAsync(scan, cancellationToken).ConfigureAwait(false);
            }

            if (source.Length < geometry.VolumeLength)
            {
                throw new BackupException($"{context.Resource} had {geometry.VolumeLength} bytes when the backup began, and has {source.Length} at its end.");
            }
        }
    }

    private async ValueTask<ParentBlocks> OpenParentAsync(BackupContext context, BlockGeometry geometry, CancellationToken cancellationToken)
    {
        if (context.Parent is null)
        {
            return new ParentBlocks(null);
        }

        var manifest = new BlockManifestReader(context.ParentManifest ?? throw new BackupDamagedException($"{context.Parent} has no manifest to build on."));
        BlockManifestHeader header = await manifest.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        return FindMismatch(header, context.Parent, geometry.VolumeLength) is { } mismatch
            ? throw new BackupException($"{context.Resource} cannot be compared with {context.Parent}: {mismatch}")
            : new ParentBlocks(manifest);
    }

    /// <summary>Why a level cannot build on a parent, or <see langword="null"/> where it can.</summary>
    private string? FindMismatch(BlockManifestHeader header, Backup parent, long length)
    {
        if (header.SnapshotName != SnapshotName.Of(parent.Id))
        {
            return $"The parent's manifest is that of {header.SnapshotName}.";
        }

        if (header.Geometry.VolumeLength != length)
        {
            return $"The volume has {length} bytes, and the parent {header.Geometry.VolumeLength}.";
        }

        return header.Geometry.BlockSize != _options.BlockSize
            ? $"The volume is compared in blocks of {_options.BlockSize} bytes, and the parent was in blocks of {header.Geometry.BlockSize}."
            : null;
    }
}
