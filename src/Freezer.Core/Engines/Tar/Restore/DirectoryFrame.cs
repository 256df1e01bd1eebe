using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>A directory of the destination that is open because something in it is being written.</summary>
/// <remarks>It is held by the <see cref="DirectoryChain"/> while the restore is in it, and by every file in flight in it. Whoever
/// lets go of it last finishes it: only then are its own mode and times set.</remarks>
internal sealed class DirectoryFrame(EntryPath path, TargetDirectory handle, bool isFresh)
{
    internal EntryPath Path { get; } = path;

    internal TargetDirectory Handle { get; } = handle;

    /// <summary>Whether this visit made it: nothing is in it but what came during the visit.</summary>
    internal bool IsFresh { get; } = isFresh;

    /// <summary>Whether the restore has entered or made a directory in it.</summary>
    internal bool HasDirectories { get; set; }

    /// <summary>Whether what is created in it gets the access list that it has as default.</summary>
    internal bool GivesAccessList { get; set; }

    /// <summary>What the archive says of it, once it has said so.</summary>
    internal NodeMetadata? Member { get; set; }

    /// <summary>Its status before this visit changed anything in it.</summary>
    internal FileStatus? Before { get; set; }

    /// <summary>Whether its owner was given the right to write for the time of the visit.</summary>
    internal bool IsWidened { get; set; }

    /// <summary>Guarded by the chain.</summary>
    internal int References { get; set; } = 1;
}
