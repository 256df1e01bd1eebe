using Freezer.Dataflow;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Restore;

/// <summary>A regular file that is to be written.</summary>
internal readonly record struct FileRequest
{
    internal required EntryPath Path { get; init; }

    internal required NodeMetadata Metadata { get; init; }

    /// <summary>Its length with its holes.</summary>
    internal required long Size { get; init; }

    /// <summary>Where it has data; <see langword="null"/> for a file without holes.</summary>
    internal IReadOnlyList<SparseExtent>? Extents { get; init; }

    /// <summary>How many bytes of content there are.</summary>
    internal required long StoredSize { get; init; }

    /// <summary>What the content must hash to, where that is known.</summary>
    internal Sha256Digest? Digest { get; init; }

    /// <summary>The backup that the content comes from.</summary>
    internal required Backup Origin { get; init; }
}
