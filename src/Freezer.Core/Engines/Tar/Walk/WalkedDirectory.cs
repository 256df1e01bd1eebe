using Freezer.Platform;

namespace Freezer.Engines.Tar.Walk;

/// <summary>A directory as the walk found it, with what belongs to the backup of its entries.</summary>
internal sealed class WalkedDirectory
{
    /// <summary>Its path from the root.</summary>
    internal required EntryPath Path { get; init; }

    /// <summary>Its own status, read before it was listed.</summary>
    internal required FileStatus Status { get; init; }

    /// <summary>A reference to it; <see langword="null"/> where it could not be read.</summary>
    internal required SourceDirectory? Source { get; init; }

    internal DirectoryListing Listing { get; init; } = DirectoryListing.Empty;

    /// <summary>Which entries of the listing belong to the backup, ascending; <see langword="null"/> for all.</summary>
    internal int[]? Included { get; init; }

    /// <summary>When its listing was begun: what changed shortly before may change again without a trace.</summary>
    internal UnixTime ReadAt { get; init; }

    /// <summary>Why it could not be read, or <see langword="null"/>.</summary>
    internal FileSystemException? Error { get; init; }

    internal int Count => Included?.Length ?? Listing.Count;

    /// <summary>Where in the listing the entry stands.</summary>
    internal int Index(int entry) => Included is null ? entry : Included[entry];
}
