using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using BenchmarkDotNet.Attributes;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Benchmarks;

/// <summary>What the headers of 1,000 empty files cost, as a tree of small files has them.</summary>
[MemoryDiagnoser]
public class TarHeaderBenchmarks
{
    private const int Count = 1000;

    private readonly TarEntry[] _entries = [.. Enumerable.Range(0, Count).Select(Entry)];
    private readonly ArrayBufferWriter<byte> _destination = new(4 << 20);
    private byte[] _archive = [];

    [GlobalSetup]
    public void Setup()
    {
        Write();
        _archive = _destination.WrittenSpan.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public long Write()
    {
        _destination.ResetWrittenCount();
        var writer = new TarWriter(_destination);
        foreach (TarEntry entry in _entries)
        {
            writer.WriteHeader(entry);
        }

        writer.WriteEnd();
        return writer.Position;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public async Task<int> Read()
    {
        var reader = new TarReader(PipeReader.Create(new ReadOnlySequence<byte>(_archive)));
        int count = 0;
        while (await reader.ReadEntryAsync(CancellationToken.None) is not null)
        {
            count++;
        }

        return count;
    }

    private static TarEntry Entry(int number) => new()
    {
        Path = Encoding.UTF8.GetBytes($"./src/library/module-{number / 40}/file-{number}.cs"),
        Mode = 0x1A4,
        UserId = 1000,
        GroupId = 1000,
        UserName = Encoding.UTF8.GetBytes("builder"),
        GroupName = Encoding.UTF8.GetBytes("builder"),
        Modified = new UnixTime(1_770_000_000 + number, 123_456_789),
    };
}
