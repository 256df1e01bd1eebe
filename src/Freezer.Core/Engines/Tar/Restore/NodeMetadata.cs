using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>What is set on a restored entry beside its content.</summary>
internal readonly record struct NodeMetadata
{
    internal required long UserId { get; init; }

    internal required long GroupId { get; init; }

    /// <summary>12 permission bits.</summary>
    internal required int Mode { get; init; }

    internal required UnixTime Modified { get; init; }

    internal UnixTime? Accessed { get; init; }

    internal required IReadOnlyList<FileAttribute> Attributes { get; init; }

    internal static NodeMetadata Of(TarEntry entry) => new()
    {
        UserId = entry.UserId,
        GroupId = entry.GroupId,
        Mode = entry.Mode,
        Modified = entry.Modified,
        Accessed = entry.Accessed,
        Attributes = entry.Attributes,
    };

    internal static NodeMetadata Of(in TarManifestRecord record) => new()
    {
        UserId = record.UserId,
        GroupId = record.GroupId,
        Mode = record.Mode,
        Modified = record.Modified,
        Attributes = record.Attributes,
    };
}
