using System.Collections.ObjectModel;

namespace Freezer.Drivers;

/// <summary>What a volume has beside its data, by name: the three kinds that OpenStack Cinder knows.</summary>
public sealed record VolumeMetadata
{
    /// <summary>What the application keeps of every volume (<c>display_name</c>, <c>size</c> …). All of it is backed up; what is restored is
    /// <c>display_name</c>, <c>display_description</c> and, as of version 2, <c>encryption_key_id</c>.</summary>
    public IReadOnlyDictionary<string, string> Base { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What the volume's user attached to it.</summary>
    public IReadOnlyDictionary<string, string> Volume { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What comes from the image that the volume was made of.</summary>
    public IReadOnlyDictionary<string, string> Image { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
