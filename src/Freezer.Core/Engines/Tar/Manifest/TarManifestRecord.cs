using Freezer.Dataflow;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Manifest;

/// <summary>Where the content of a regular file is: the member whose headers begin at this offset of that backup's archive.</summary>
internal readonly record struct ContentLocation(Guid BackupId, long Offset);

/// <summary>What the manifest knows of an entry.</summary>
/// <remarks>One that was read points into the block that it was read from, and is valid as long as that one.</remarks>
internal struct TarManifestRecord
{
    public TarManifestRecord()
    {
    }

    internal FileKind Kind { get; set; }

    internal TarManifestFlags Flags { get; set; }

    /// <summary>12 permission bits.</summary>
    internal int Mode { get; set; }

    internal uint UserId { get; set; }

    internal uint GroupId { get; set; }

    internal ReadOnlyMemory<byte> UserName { get; set; }

    internal ReadOnlyMemory<byte> GroupName { get; set; }

    internal UnixTime Modified { get; set; }

    /// <summary>ctime, as it stood when the entry was read.</summary>
    internal UnixTime Changed { get; set; }

    internal ulong Device { get; set; }

    internal ulong Inode { get; set; }

    /// <summary>How many names the inode had; 1 unless it is <see cref="TarManifestFlags.MultiplyLinked"/>.</summary>
    internal uint LinkCount { get; set; } = 1;

    /// <summary>The first name of the inode in the order of the archive, from the root. Only of a <see cref="TarManifestFlags.LaterName"/>.</summary>
    internal EntryPath FirstName { get; set; }

    internal IReadOnlyList<FileAttribute> Attributes { get; set; } = [];

    /// <summary>Length of a regular file with its holes.</summary>
    internal long Size { get; set; }

    /// <summary>SHA-256 of the stored content of a regular file: all of it, or that of its extents one after another.</summary>
    internal Sha256Digest Digest { get; set; }

    /// <summary>Where the content of a regular file is; the same for all names of an inode.</summary>
    internal ContentLocation Content { get; set; }

    /// <summary>Where a sparse file has data, ascending, without overlap; <see langword="null"/> for a file that is stored whole.</summary>
    internal IReadOnlyList<SparseExtent>? Extents { get; set; }

    /// <summary>How many bytes of a regular file's content are stored: all of it, or that of its extents.</summary>
    internal readonly long StoredSize
    {
        get
        {
            if (Extents is null)
            {
                return Size;
            }

            long size = 0;
            for (int i = 0; i < Extents.Count; i++)
            {
                size += Extents[i].Length;
            }

            return size;
        }
    }

    /// <summary>What a symbolic link points to.</summary>
    internal ReadOnlyMemory<byte> LinkTarget { get; set; }

    internal uint DeviceMajor { get; set; }

    internal uint DeviceMinor { get; set; }

    /// <summary>Only of an entry that is <see cref="TarManifestFlags.Skipped"/>.</summary>
    internal SkipKind SkipKind { get; set; }

    internal string? SkipReason { get; set; }

    internal readonly bool IsStale => (Flags & TarManifestFlags.Stale) != 0;

    internal readonly bool IsRacy => (Flags & TarManifestFlags.Racy) != 0;

    internal readonly bool IsMultiplyLinked => (Flags & TarManifestFlags.MultiplyLinked) != 0;

    internal readonly bool IsLaterName => (Flags & TarManifestFlags.LaterName) != 0;

    internal readonly bool IsSkipped => (Flags & TarManifestFlags.Skipped) != 0;

    /// <summary>Whether some level of the chain holds the entry. The name of one that none holds is known, and nothing else.</summary>
    internal readonly bool IsStored => (Flags & (TarManifestFlags.Skipped | TarManifestFlags.Stale)) != TarManifestFlags.Skipped;

    /// <summary>The same record with bytes of its own, valid for good.</summary>
    internal readonly TarManifestRecord ToOwned() => this with
    {
        UserName = UserName.ToArray(),
        GroupName = GroupName.ToArray(),
        LinkTarget = LinkTarget.ToArray(),
        FirstName = new EntryPath(FirstName.Bytes.ToArray()),
    };
}
