using System.Buffers;
using BenchmarkDotNet.Attributes;
using Freezer.Dataflow.Compression;

namespace Freezer.Benchmarks;

/// <summary>One frame through each codec, on one core; an archive is compressed on all of them.</summary>
[MemoryDiagnoser]
public class FrameCompressionBenchmarks
{
    private readonly ArrayBufferWriter<byte> _destination = new(16 << 20);
    private byte[] _content = [];
    private byte[] _compressed = [];
    private byte[] _restored = [];
    private ICompressionCodec _codec = new NoneCodec();
    private IFrameCompressor? _compressor;

    [Params("gzip", "zstd", "bzip2", "xz")]
    public string Codec { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _codec = new CodecSet().GetAvailable(Codec);
        _content = SampleContent.Text(_codec.DefaultFrameSize);
        _restored = new byte[_content.Length];
        _compressor = _codec.CreateCompressor(_codec.DefaultLevel);
        Compress();
        _compressed = _destination.WrittenSpan.ToArray();
    }

    [GlobalCleanup]
    public void Cleanup() => _compressor?.Dispose();

    [Benchmark]
    public int Compress()
    {
        _destination.ResetWrittenCount();
        _compressor!.Compress(_content, _destination);
        return _destination.WrittenCount;
    }

    [Benchmark]
    public void Decompress()
    {
        using var source = new MemoryStream(_compressed, writable: false);
        using Stream stream = _codec.OpenDecompressor(source);
        stream.ReadExactly(_restored);
    }
}
