using Freezer.Engines.Tar.Repair;

namespace Freezer.Engines.Tar;

/// <content>The repairing half.</content>
public sealed partial class TarEngine
{
    /// <summary>Makes the manifest of the listings and members of the archive, and of what the parent's manifest says of all that the archive does not hold.</summary>
    /// <param name="context">The chain, and where the manifest goes.</param>
    /// <param name="cancellationToken">Cancels the repair.</param>
    /// <remarks>Inodes and times of status change stand in no archive: what comes from there counts as changed in the next backup. Nor does a reason for which something
    /// was skipped.</remarks>
    protected override Task RebuildManifestAsync(RepairContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        return TreeManifestRebuild.RunAsync(context, cancellationToken);
    }
}
