using Freezer.Dataflow.Compression;

namespace Freezer.Dataflow;

/// <summary>The unit of compression and of ranged reading.</summary>
/// <param name="ContentLength">Bytes of content in the frame.</param>
/// <param name="StoredLength">Bytes that the frame takes when compressed.</param>
internal readonly record struct StoredFrame(int ContentLength, int StoredLength);

/// <summary>What is known of a stream once it is written.</summary>
/// <param name="ContentLength">Bytes before compression.</param>
/// <param name="StoredLength">Bytes that went to the storage.</param>
/// <param name="Digest">SHA-256 over the SHA-256 of each leaf of 1 MiB of the stored bytes.</param>
internal readonly record struct StoredStreamSummary(long ContentLength, long StoredLength, Sha256Digest Digest);

/// <summary>Hears of frames and leaves, each in order, while a stream is written. Never called twice at the same time.</summary>
internal interface IStoredStreamObserver
{
    ValueTask OnFrameAsync(StoredFrame frame, CancellationToken cancellationToken);

    ValueTask OnLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken);
}

/// <summary>How a stream is stored.</summary>
internal sealed record StoredStreamOptions
{
    /// <summary>Stored bytes are hashed in leaves of this length; the last one is shorter.</summary>
    internal const int LeafSize = 1 << 20;

    internal required ICompressionCodec Codec { get; init; }
    internal required int Level { get; init; }
    internal required int FrameSize { get; init; }

    /// <summary>How many cores compress and hash.</summary>
    internal int Parallelism { get; init; } = Environment.ProcessorCount;
}
