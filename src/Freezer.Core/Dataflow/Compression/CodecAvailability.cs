namespace Freezer.Dataflow.Compression;

/// <summary>Refuses codecs that this machine lacks a library for.</summary>
internal static class CodecAvailability
{
    /// <exception cref="CompressionUnavailableException">The codec says that it cannot be used here.</exception>
    internal static void ThrowIfUnavailable(this ICompressionCodec codec)
    {
        if (codec.WhyUnavailable is { } reason)
        {
            throw new CompressionUnavailableException(codec.Name, reason + ".");
        }
    }
}
