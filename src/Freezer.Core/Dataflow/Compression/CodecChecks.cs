namespace Freezer.Dataflow.Compression;

/// <summary>Refuses what a codec cannot do.</summary>
internal static class CodecChecks
{
    /// <exception cref="CompressionUnavailableException">The codec says that it cannot be used here.</exception>
    internal static void ThrowIfUnavailable(this ICompressionCodec codec)
    {
        if (codec.WhyUnavailable is { } reason)
        {
            throw new CompressionUnavailableException(codec.Name, reason + ".");
        }
    }

    /// <exception cref="ArgumentOutOfRangeException">The codec does not have this level.</exception>
    internal static void ThrowIfNoLevel(this ICompressionCodec codec, int level)
    {
        if (level < codec.LowestLevel || level > codec.HighestLevel)
        {
            throw new ArgumentOutOfRangeException(nameof(level), level, $"{codec.Name} has the levels {codec.LowestLevel} to {codec.HighestLevel}.");
        }
    }
}
