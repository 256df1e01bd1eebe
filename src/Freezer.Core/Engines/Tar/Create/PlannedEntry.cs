using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>What is done with an entry.</summary>
internal enum EntryAction : byte
{
    /// <summary>It is not in the backup: it has vanished.</summary>
    Omit,

    /// <summary>Its name is in the manifest with the reason why it was skipped, and nowhere else.</summary>
    SkipOnly,

    /// <summary>Nothing is stored; its record stands in the plan.</summary>
    Keep,

    /// <summary>A subdirectory, which has a block of its own.</summary>
    Directory,

    /// <summary>It is read ahead into the slice's buffer.</summary>
    Read,

    /// <summary>A regular file that is too large for that.</summary>
    ReadLarge,

    /// <summary>Another name of an inode that is stored or kept.</summary>
    Link,
}

/// <summary>An entry of a directory and what is done with it.</summary>
internal struct PlannedEntry
{
    private const int SetIdBits = 0xC00;

    /// <summary>Where in the listing it stands.</summary>
    internal int Index;
    internal EntryAction Action;

    /// <summary>Its record lies in the plan: of a kept entry the one to write, of another one that of the parent; length 0 where the parent has none.</summary>
    internal int RecordOffset;
    internal int RecordLength;

    /// <summary>Of a kept entry: whether its record is a skip.</summary>
    internal bool IsSkip;

    /// <summary>Of a kept entry: the size of a regular file.</summary>
    internal long Size;

    /// <summary>What the parent's archive chain holds under the name; <see cref="FileKind.Unknown"/> for nothing.</summary>
    internal FileKind ParentKind;

    /// <summary>Whether what earlier levels have put under the name has to be removed before a member is extracted: extracting over
    /// one of several names of an inode writes through to the others, over a FIFO or a device into it, over a file with
    /// a set-uid bit loses that, and over one with attributes keeps them.</summary>
    internal bool IsInTheWay;

    /// <summary>Whether it was of another kind when it was read, and is read once more as that.</summary>
    internal bool IsReadAgain;

    /// <summary>Of an entry that is read ahead: where its result stands in the slice.</summary>
    internal int Result;

    internal HardLinkGroup? Group;

    /// <summary>Takes in what the parent's archive chain holds under the name.</summary>
    internal void SetParent(in TarManifestRecord parent, FileKind now)
    {
        ParentKind = parent.Kind;
        IsInTheWay = parent.IsMultiplyLinked || parent.Kind != now || (parent.Mode & SetIdBits) != 0 || parent.Attributes.Count > 0;
    }

    /// <summary>Whether it gets a member that is no directory.</summary>
    internal readonly bool GetsMember => Action is EntryAction.Read or EntryAction.ReadLarge or EntryAction.Link;

    /// <summary>Its code in the listing; 0 where it is not listed.</summary>
    internal readonly byte Code => Action switch
    {
        EntryAction.Directory => DumpDirectory.Directory,
        EntryAction.Keep => ParentKind == FileKind.Directory ? DumpDirectory.Directory : DumpDirectory.Kept,
        EntryAction.Omit or EntryAction.SkipOnly => 0,
        _ => DumpDirectory.Stored,
    };
}
