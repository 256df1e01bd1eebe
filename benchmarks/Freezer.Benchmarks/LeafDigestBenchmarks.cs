using BenchmarkDotNet.Attributes;
using Freezer.Dataflow;

namespace Freezer.Benchmarks;

/// <summary>The SHA-256 of one leaf, on one core: the floor under every byte that is stored.</summary>
public class LeafDigestBenchmarks
{
    private readonly byte[] _leaf = SampleContent.Noise(StoredStreamOptions.LeafSize);

    [Benchmark]
    public int Digest() => Sha256Digest.Of(_leaf).GetHashCode();
}
