namespace Freezer.Engines.Tar.Manifest;

/// <summary>What a record tells beside the metadata. The values are those of the wire.</summary>
[Flags]
internal enum TarManifestFlags : byte
{
    None = 0,

    /// <summary>The entry could not be read this time: the record is that of an earlier level, and so is the content.</summary>
    Stale = 1 << 0,

    /// <summary>The entry had changed so shortly before it was read that a later change may not show in its times: the next level stores it again.</summary>
    Racy = 1 << 1,

    /// <summary>The inode had several names.</summary>
    MultiplyLinked = 1 << 2,

    /// <summary>The content is stored by its extents; what lies between them reads as zeros.</summary>
    Sparse = 1 << 3,

    /// <summary>Another name of the same inode comes earlier in the archive; the record holds it.</summary>
    LaterName = 1 << 4,

    /// <summary>The entry was skipped, and the record says why.</summary>
    Skipped = 1 << 5,
}
