using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;

namespace Freezer.Benchmarks;

/// <summary>64 MiB through what stands between an engine and a storage: frames, compression, and the SHA-256 of each leaf.</summary>
[MemoryDiagnoser]
public class StoredStreamBenchmarks
{
    private const int Length = 64 << 20;

    private byte[] _content = [];
    private StoredStreamOptions? _options;

    [Params("none", "zstd")]
    public string Codec { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        ICompressionCodec codec = new CodecSet().GetAvailable(Codec);
        _content = Codec == "none" ? SampleContent.Noise(Length) : SampleContent.Text(Length);
        _options = new StoredStreamOptions { Codec = codec, Level = codec.DefaultLevel, FrameSize = codec.DefaultFrameSize };
    }

    [Benchmark]
    public Task<long> Write() => Transfer.RunAsync(
        (content, token) => content.WriteAsync(_content, token).AsTask(),
        (content, contentToken) => Transfer.RunAsync(
            (stored, token) => StoredStreamWriter.WriteAllAsync(content, stored, _options!, Unobserved.Instance, token),
            DrainAsync,
            null,
            contentToken));

    private static async Task DrainAsync(PipeReader stored, CancellationToken cancellationToken)
    {
        ReadResult result;
        do
        {
            result = await stored.ReadAsync(cancellationToken);
            stored.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);
    }

    private sealed class Unobserved : IStoredStreamObserver
    {
        internal static readonly Unobserved Instance = new();

        public ValueTask OnFrameAsync(StoredFrame frame, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask OnLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
