using System.IO.Pipelines;
using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Formats.StreamingAead;

namespace Freezer.Tests.Dataflow;

/// <summary>A stream as it was stored, with its index.</summary>
internal sealed record StoredExample(ICompressionCodec Codec, byte[] Content, byte[] Stored, IReadOnlyList<StoredFrame> Frames, IReadOnlyList<Sha256Digest> Leaves)
{
    internal const int LeafSize = StoredStreamOptions.LeafSize;

    internal static StoredStreamOptions Options(ICompressionCodec codec, int frameSize = 0, int parallelism = 2, AeadStream? seal = null) => new()
    {
        Codec = codec,
        Level = codec.LowestLevel,
        FrameSize = frameSize == 0 ? codec.DefaultFrameSize : frameSize,
        Parallelism = parallelism,
        Seal = seal,
    };

    internal static async Task<StoredExample> WriteAsync(ICompressionCodec codec, byte[] content, int frameSize = 0, int parallelism = 2, AeadStream? seal = null)
    {
        var pool = new TrackingPool();
        var observer = new RecordingObserver();
        Pipe stored = Pipes.Endless();

        StoredStreamSummary summary = await StoredStreamWriter.WriteAllAsync(
            Pipes.Holding(content), stored.Writer, Options(codec, frameSize, parallelism, seal), observer, pool, CancellationToken.None);

        byte[] bytes = await stored.DrainAsync();
        pool.ShouldHaveEverythingBack();
        summary.ContentLength.Should().Be(content.Length);
        summary.StoredLength.Should().Be(bytes.Length);
        summary.Digest.Should().Be(RootOf(observer.Leaves));
        return new StoredExample(codec, content, bytes, observer.Frames, observer.Leaves);
    }

    internal static Sha256Digest RootOf(IEnumerable<Sha256Digest> leaves)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Sha256Digest leaf in leaves)
        {
            hash.AppendData(leaf);
        }

        return Sha256Digest.From(hash.GetHashAndReset());
    }

    /// <summary>Reads it back, with whatever a test has changed.</summary>
    internal async Task<byte[]> ReadAsync(int parallelism = 2, StoredRange? range = null, Pipe? content = null, ObjectSeal? seal = null)
    {
        var pool = new TrackingPool();
        content ??= Pipes.Endless();
        try
        {
            await StoredStreamReader.ReadAsync(
                Pipes.Holding(Stored), content.Writer, Codec, Pipes.OneByOne(Frames), Pipes.OneByOne(Leaves), range, seal, parallelism, pool, CancellationToken.None);
        }
        finally
        {
            pool.ShouldHaveEverythingBack();
        }

        return await content.DrainAsync();
    }
}
