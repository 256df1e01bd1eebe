using Freezer.Engines.Tar.Manifest;

namespace Freezer.Engines.Tar.Repair;

/// <summary>What an archive holds of one directory: the members of the directory itself and of its entries, of each name the last one.</summary>
internal sealed class ArchivedDirectory(EntryPath path)
{
    internal EntryPath Path => path;

    /// <summary>The directory's own record.</summary>
    internal TarManifestRecord Own { get; set; }

    /// <summary>The last listing of the directory.</summary>
    internal byte[] Listing { get; set; } = [];

    /// <summary>The entries by their names.</summary>
    internal Dictionary<EntryPath, ArchivedMember> Members { get; } = [];
}

/// <summary>An entry that is stored in an archive.</summary>
/// <param name="Record">What the manifest says of it; nothing where it is another name of an inode.</param>
/// <param name="LinkTarget">The first name of the inode, where it is another one.</param>
internal readonly record struct ArchivedMember(TarManifestRecord Record, EntryPath? LinkTarget);
