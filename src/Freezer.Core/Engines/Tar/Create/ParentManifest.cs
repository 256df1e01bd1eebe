using System.IO.Pipelines;
using Freezer.Engines.Tar.Manifest;

namespace Freezer.Engines.Tar.Create;

/// <summary>The parent's manifest, read in step with the walk.</summary>
internal sealed class ParentManifest(PipeReader source)
{
    private readonly TarManifestReader _reader = new(source);
    private bool _hasBlock;

    /// <summary>The directory at hand; <see langword="null"/> behind the last one.</summary>
    internal TarManifestBlock? Current => _hasBlock ? _reader.Block : null;

    /// <summary>Moves to the first directory.</summary>
    /// <exception cref="InvalidDataException">The manifest is damaged, or has a format that is not read here.</exception>
    internal async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        int version = await _reader.ReadHeaderAsync(cancellationToken).ConfigureAwait(false);
        if (version != TarManifestFormat.Version)
        {
            throw new InvalidDataException(UnknownVersion(version));
        }

        await MoveNextAsync(cancellationToken).ConfigureAwait(false);
    }

    internal async ValueTask MoveNextAsync(CancellationToken cancellationToken) =>
        _hasBlock = await _reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Whether a level can be built on the parent's manifest, and if not, why.</summary>
    internal static async ValueTask<BackupPlan> PlanAsync(BackupPlanContext context, CancellationToken cancellationToken)
    {
        int version = 0;
        await context.ReadParentManifestAsync(
            async (manifest, token) => version = await new TarManifestReader(manifest).ReadHeaderAsync(token).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        return version == TarManifestFormat.Version ? BackupPlan.Incremental : BackupPlan.Full(UnknownVersion(version));
    }

    private static string UnknownVersion(int version) => $"the parent's manifest has format version {version}, which this version does not read";
}
