namespace Freezer.Storage;

/// <summary>How many bytes a second may go to a storage and come from it. See <see cref="StorageLayers.WithBandwidthLimit"/>.</summary>
public sealed record BandwidthOptions
{
    /// <summary>The least limit, in bytes per second.</summary>
    public const long LeastBytesPerSecond = 1024;

    /// <summary>Bytes written per second, over all writes together; <see langword="null"/> (the default) for no limit.</summary>
    public long? WrittenPerSecond { get; init; }

    /// <summary>Bytes read per second, over all reads together; <see langword="null"/> (the default) for no limit.</summary>
    public long? ReadPerSecond { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(WrittenPerSecond ?? LeastBytesPerSecond, LeastBytesPerSecond, nameof(WrittenPerSecond));
        ArgumentOutOfRangeException.ThrowIfLessThan(ReadPerSecond ?? LeastBytesPerSecond, LeastBytesPerSecond, nameof(ReadPerSecond));
    }
}
