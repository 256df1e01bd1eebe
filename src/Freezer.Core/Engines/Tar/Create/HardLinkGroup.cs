using Freezer.Engines.Tar.Manifest;

namespace Freezer.Engines.Tar.Create;

/// <summary>The names of one inode. It is stored as a whole or not at all, which is decided at its first name.</summary>
internal sealed class HardLinkGroup(bool isChanged)
{
    /// <summary>Whether the content is stored in this archive.</summary>
    internal bool IsChanged { get; } = isChanged;

    /// <summary>The name that the others are links to, once it is in the archive or is kept; <see langword="null"/> until then.</summary>
    internal EntryPath? StoredAs { get; private set; }

    /// <summary>What the manifest says of that name; lives as long as the group.</summary>
    internal TarManifestRecord Record { get; private set; }

    /// <summary>In the parent: the path of the first name of the group. Of an unchanged group.</summary>
    internal EntryPath ParentFirstName { get; init; }

    internal void SetStored(EntryPath path, in TarManifestRecord record)
    {
        StoredAs = path;
        Record = record;
    }

    /// <summary>The record of a name of the group that is not the first one.</summary>
    internal TarManifestRecord LaterName() => Record with
    {
        Flags = Record.Flags | TarManifestFlags.MultiplyLinked | TarManifestFlags.LaterName,
        FirstName = StoredAs!.Value,
    };
}
