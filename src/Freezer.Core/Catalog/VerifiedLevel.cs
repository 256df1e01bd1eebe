using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>A backup that is verified.</summary>
internal sealed class VerifiedChain(BackupLocation location)
{
    internal BackupLocation Location => location;

    internal Backup Backup { get; set; } = location.ToBackup();

    /// <summary>Its levels, level 0 first; none where the chain is broken.</summary>
    internal IReadOnlyList<VerifiedLevel> Levels { get; set; } = [];
}

/// <summary>A level that some of the backups need, with its objects.</summary>
internal sealed class VerifiedLevel
{
    internal VerifiedLevel(CommittedBackup commit)
    {
        Commit = commit;
        BackupDocument document = commit.Outline;
        BackupLocation location = commit.Location;
        bool isForeign = commit.IsForeign;
        Archive = new VerifiedObject(location.Archive, isForeign ? null : document.Archive.Length, isForeign ? null : document.Archive.Digest);
        Manifest = new VerifiedObject(location.Manifest, document.Manifest.Length, document.Manifest.Digest);
        Index = new VerifiedObject(location.Index, document.Index.Length, document.Index.Digest);
        Objects = isForeign ? [Archive] : [Index, Archive, Manifest];
    }

    internal CommittedBackup Commit { get; }

    internal VerifiedObject Archive { get; }

    internal VerifiedObject Manifest { get; }

    internal VerifiedObject Index { get; }

    /// <summary>What the level has: other programs' only an archive.</summary>
    internal IReadOnlyList<VerifiedObject> Objects { get; }
}

/// <summary>An object of a level.</summary>
/// <param name="key">Its key.</param>
/// <param name="length">How long it was when it was stored, where that is known.</param>
/// <param name="digest">The digest over its leaves, where it is known.</param>
internal sealed class VerifiedObject(StorageKey key, long? length, string? digest)
{
    internal StorageKey Key => key;

    internal long? Length => length;

    internal string? Digest => digest;

    /// <summary>How long it is now.</summary>
    internal long StoredLength { get; set; }

    /// <summary>What was found to be wrong with it, by offset.</summary>
    internal List<FoundDefect> Defects { get; } = [];
}
