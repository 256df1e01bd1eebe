namespace Freezer.Engines.BlockDiff;

/// <summary>What a manifest says of the volume as a whole.</summary>
/// <param name="Geometry">The volume's length and the size of its blocks.</param>
/// <param name="SnapshotName">What the archive of the same level leads to.</param>
internal sealed record BlockManifestHeader(BlockGeometry Geometry, string SnapshotName);
