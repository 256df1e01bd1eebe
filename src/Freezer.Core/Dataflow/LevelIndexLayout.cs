namespace Freezer.Dataflow;

/// <summary>The bytes of a level's index object: pages of records one after another, then a directory of the pages.</summary>
/// <remarks>All integers are little-endian. The directory's length and SHA-256 are in the level's metadata document; a
/// directory entry holds the SHA-256 of its page, so that a page that is read alone is verified.</remarks>
internal static class LevelIndexLayout
{
    // A frame of the archive.
    internal const int ArchiveFrameSize = 8;
    internal const int FrameContentLength = 0;
    internal const int FrameStoredLength = 4;

    // A frame of the manifest: as above, then what makes a reference.
    internal const int ManifestFrameSize = 72;
    internal const int FrameFlags = 8;
    internal const int FrameOwnerRepair = 12;
    internal const int FrameStoredOffset = 16;
    internal const int FrameOwner = 24;
    internal const int FrameDigest = 40;
    internal const uint FrameStartsBlock = 1;

    // A leaf is the SHA-256 of 1 MiB of stored bytes.
    internal const int LeafSize = Sha256Digest.Size;

    // An entry of the directory.
    internal const int DirectoryEntrySize = 72;
    internal const int EntryKind = 0;
    internal const int EntryCount = 4;
    internal const int EntryOffset = 8;
    internal const int EntryFirstContent = 16;
    internal const int EntryFirstStored = 24;
    internal const int EntryReserved = 32;
    internal const int EntryDigest = 40;

    /// <summary>A page is written when it has grown to this many bytes.</summary>
    internal const int PageSize = 32 << 10;

    internal static int RecordSize(LevelIndexPageKind kind) => kind switch
    {
        LevelIndexPageKind.ArchiveFrames => ArchiveFrameSize,
        LevelIndexPageKind.ManifestFrames => ManifestFrameSize,
        LevelIndexPageKind.ArchiveLeaves or LevelIndexPageKind.ManifestLeaves => LeafSize,
        _ => throw new InvalidDataException($"A page of the index has the unknown kind {(int)kind}."),
    };
}

/// <summary>What the records of a page are.</summary>
internal enum LevelIndexPageKind
{
    ArchiveFrames = 1,
    ArchiveLeaves = 2,
    ManifestFrames = 3,
    ManifestLeaves = 4,
}

/// <summary>A page of the index, as its directory tells of it.</summary>
/// <param name="Kind">What its records are.</param>
/// <param name="Count">How many records it has.</param>
/// <param name="Offset">Where it begins in the index object.</param>
/// <param name="FirstContent">The offset in the content at which its first frame begins; for leaves 0.</param>
/// <param name="FirstStored">The offset in the stored object at which its first frame or leaf begins.</param>
/// <param name="Digest">The SHA-256 of the page.</param>
internal sealed record LevelIndexPage(
    LevelIndexPageKind Kind, int Count, long Offset, long FirstContent, long FirstStored, Sha256Digest Digest)
{
    internal int Length => Count * LevelIndexLayout.RecordSize(Kind);
}

/// <summary>A frame of a manifest: stored with this level, or with an earlier one whose manifest has the same frame.</summary>
/// <param name="Frame">Its lengths.</param>
/// <param name="Owner">The backup in whose manifest object it is stored, and which repair wrote that object.</param>
/// <param name="StoredOffset">Where it begins in that object.</param>
/// <param name="Digest">The SHA-256 of its content.</param>
/// <param name="StartsBlock">Whether a block of the engine begins with it.</param>
internal sealed record ManifestFrame(StoredFrame Frame, FrameOwner Owner, long StoredOffset, Sha256Digest Digest, bool StartsBlock);

/// <summary>Whose manifest object a frame is in.</summary>
/// <param name="Id">The backup.</param>
/// <param name="Repair">The repair that wrote the object; 0 for the one that the backup was committed with.</param>
internal readonly record struct FrameOwner(Guid Id, int Repair);
