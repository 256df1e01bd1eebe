using Freezer.Catalog;

namespace Freezer;

/// <summary>What an engine works with while it rebuilds the manifest of <see cref="ChainContext.Target"/> from the archive and the parent's manifest.
/// Reporting is safe from any thread.</summary>
/// <remarks>The manifest of the target cannot be read, and those of the levels before are sound or were rebuilt. Every archive may be read as often as
/// is needed; one that cannot be surfaces as a <see cref="BackupDamagedException"/>, which the engine lets pass.</remarks>
public sealed class RepairContext : ChainContext
{
    private readonly OperationReport _report;

    internal RepairContext(IRestoreSource source, ManifestWriter manifest, OperationReport report)
        : base(source)
    {
        Manifest = manifest;
        _report = report;
    }

    /// <summary>The backup that the target builds on, or <see langword="null"/> at level 0.</summary>
    public Backup? Parent => Chain.Count > 1 ? Chain[^2] : null;

    /// <summary>Where the manifest goes. The engine never completes it.</summary>
    public ManifestWriter Manifest { get; }

    /// <summary>Counts what was read.</summary>
    /// <param name="bytes">Bytes of content since the last call.</param>
    /// <param name="entries">Entries (or blocks) since the last call.</param>
    /// <param name="current">The entry at hand.</param>
    public void ReportProgress(long bytes, long entries, EntryPath current = default) => _report.Add(bytes, entries, current);
}
