using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>A part of the target's manifest, sorted by the levels whose archives hold the content: so much that each archive is read
/// in long stretches, and so little that memory does not depend on the volume.</summary>
internal sealed class RestoreWindow
{
    private const int MostBlocks = 64 << 10;

    private readonly Sha256Digest[] _digests = new Sha256Digest[MostBlocks];
    private readonly Dictionary<Guid, int> _levels;
    private readonly List<StoredRun>[] _runs;
    private int _digestCount;

    internal RestoreWindow(IReadOnlyList<Backup> chain)
    {
        _levels = new Dictionary<Guid, int>(chain.Count);
        _runs = new List<StoredRun>[chain.Count];
        for (int level = 0; level < chain.Count; level++)
        {
            _levels[chain[level].Id] = level;
            _runs[level] = [];
        }
    }

    /// <summary>Whether another run, which has a group's blocks at most, may not find room.</summary>
    internal bool IsFull => _digestCount > MostBlocks - BlockManifestFormat.GroupBlocks;

    /// <summary>Adds a run of data.</summary>
    /// <exception cref="BackupDamagedException">Its content is in a backup that the chain does not have.</exception>
    internal void Add(in BlockRun run, ReadOnlySpan<Sha256Digest> digests)
    {
        if (!_levels.TryGetValue(run.BackupId, out int level))
        {
            throw new BackupDamagedException($"Block {run.First} is in the backup {run.BackupId}, which is not in the chain.");
        }

        digests.CopyTo(_digests.AsSpan(_digestCount));
        _runs[level].Add(new StoredRun(run.First, digests.Length, run.ArchiveOffset, _digestCount));
        _digestCount += digests.Length;
    }

    /// <summary>The runs of a level in the order of the volume, which is that of the level's archive.</summary>
    internal IReadOnlyList<StoredRun> RunsOf(int level) => _runs[level];

    internal ReadOnlySpan<Sha256Digest> DigestsOf(in StoredRun run) => _digests.AsSpan(run.FirstDigest, run.Count);

    internal void Clear()
    {
        _digestCount = 0;
        foreach (List<StoredRun> runs in _runs)
        {
            runs.Clear();
        }
    }
}

/// <summary>Blocks whose content lies in a row in one archive, and where their digests are in the window.</summary>
internal readonly record struct StoredRun(long First, int Count, long ArchiveOffset, int FirstDigest)
{
    internal (StoredRun First, StoredRun Second) Halve(int blockSize)
    {
        int half = Count / 2;
        return (this with { Count = half }, new StoredRun(First + half, Count - half, ArchiveOffset + ((long)half * blockSize), FirstDigest + half));
    }
}
