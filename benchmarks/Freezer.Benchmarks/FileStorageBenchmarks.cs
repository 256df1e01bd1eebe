using System.Buffers;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Freezer.Storage;

namespace Freezer.Benchmarks;

/// <summary>An object into a directory, put on disk before it counts; its length tells the fixed cost from that of the bytes.</summary>
[MemoryDiagnoser]
public class FileStorageBenchmarks
{
    private static readonly StorageKey _key = StorageKey.Parse("data/benchmark/object");

    private readonly string _root = Directory.CreateTempSubdirectory("freezer-benchmark-").FullName;
    private byte[] _content = [];
    private FileStorage? _storage;

    [Params(1 << 10, 256 << 20)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _content = SampleContent.Noise(Length);
        _storage = new FileStorage(_root);
    }

    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(_root, recursive: true);

    [Benchmark]
    public Task<StorageEntry> Write() =>
        _storage!.WriteAsync(_key, PipeReader.Create(new ReadOnlySequence<byte>(_content)), WriteOptions.Replace);
}
