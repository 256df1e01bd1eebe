namespace Freezer.Engines.BlockDiff;

/// <summary>The target of a restore, from preparing it until the restore has ended, and how far a replay has brought it.</summary>
internal sealed class VolumeRestore(VolumeTarget target) : IAsyncDisposable
{
    internal VolumeTarget Target => target;

    /// <summary>The volume's length after the last level that was replayed; 0 before the first.</summary>
    internal long Length { get; set; }

    /// <summary>The last level that was replayed, as far as it is sound; <see langword="null"/> before the first.</summary>
    internal Backup? Level { get; set; }

    /// <summary>What the last level that was replayed leads to; <see langword="null"/> where it has no name, and before the first.</summary>
    internal string? Snapshot { get; set; }

    internal static VolumeRestore Of(RestoreContext context) =>
        context.State as VolumeRestore ?? throw new InvalidOperationException("The destination is prepared before a level is restored.");

    public ValueTask DisposeAsync() => target.DisposeAsync();
}
