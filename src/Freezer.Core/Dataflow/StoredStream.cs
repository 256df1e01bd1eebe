using System.Buffers;
using Freezer.Dataflow.Compression;
using Freezer.Formats.StreamingAead;

namespace Freezer.Dataflow;

/// <summary>The unit of compression and of ranged reading.</summary>
/// <param name="ContentLength">Bytes of content in the frame.</param>
/// <param name="StoredLength">Bytes that the frame takes when compressed.</param>
internal readonly record struct StoredFrame(int ContentLength, int StoredLength);

/// <summary>What is known of a stream once it is written.</summary>
/// <param name="ContentLength">Bytes before compression.</param>
/// <param name="StoredLength">Bytes that went to the storage.</param>
/// <param name="Digest">SHA-256 over the SHA-256 of each leaf of 1 MiB of the stored bytes.</param>
internal sealed record StoredStreamSummary(long ContentLength, long StoredLength, Sha256Digest Digest);

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

    /// <summary>The most content that a frame may hold: the bound on what a reader allocates for an index that it cannot trust.</summary>
    internal const int LargestFrame = 64 << 20;

    /// <summary>The most bytes that a frame may take when it is stored: what does not compress grows a little.</summary>
    internal const int LargestStoredFrame = LargestFrame + (LargestFrame / 4);

    internal required ICompressionCodec Codec { get; init; }
    internal required int Level { get; init; }

    /// <summary>How much content goes into a frame, at most <see cref="LargestFrame"/>.</summary>
    internal required int FrameSize { get; init; }

    /// <summary>Encrypts the stream, after compression; <see langword="null"/> to store it as it is. Stays the caller's.</summary>
    internal AeadStream? Seal { get; init; }

    /// <summary>How many cores compress, encrypt and hash.</summary>
    internal int Parallelism { get; init; } = Environment.ProcessorCount;

    /// <summary>A pool for one stream. The shared one keeps a large buffer for each thread that ever gave one back, which adds up to
    /// more than a stream has in flight.</summary>
    internal static ArrayPool<byte> CreatePool(int parallelism) => ArrayPool<byte>.Create(LargestStoredFrame, (2 * parallelism) + 2);
}

/// <summary>How a stored object is decrypted.</summary>
/// <param name="Stream">Its key. Stays the caller's.</param>
/// <param name="StoredLength">How long the whole object is: what tells its last segment.</param>
internal sealed record ObjectSeal(AeadStream Stream, long StoredLength);

/// <summary>Where the stored bytes that a reader is given lie in the stored object, and where in them the first frame begins.</summary>
/// <param name="FirstLeafOffset">Offset in the object of the first byte that is given; a multiple of the leaf size.</param>
/// <param name="SkipBeforeFirstFrame">Bytes that are verified, decrypted where they are encrypted, and then dropped, before the first frame that is wanted.</param>
internal readonly record struct StoredRange(long FirstLeafOffset, int SkipBeforeFirstFrame);
