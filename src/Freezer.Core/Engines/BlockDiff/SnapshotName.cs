namespace Freezer.Engines.BlockDiff;

/// <summary>The name that a backup goes by in the archives: what one level leads to, and the next one builds on.</summary>
internal static class SnapshotName
{
    internal static string Of(Guid backupId) => $"freezer-{backupId:n}";
}
