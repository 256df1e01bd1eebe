using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using BenchmarkDotNet.Attributes;
using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Benchmarks;

/// <summary>What a record of a manifest costs: an incremental reads one and writes one for each file of the tree.</summary>
[MemoryDiagnoser]
public class TarManifestBenchmarks
{
    private const int Directories = 100;
    private const int FilesOfEach = 100;

    private readonly BufferManifestWriter _destination = new();
    private readonly TarManifestRecord _directory = new() { Kind = FileKind.Directory, Mode = 0x1ED };
    private readonly TarManifestRecord _file = new()
    {
        Kind = FileKind.Regular,
        Mode = 0x1A4,
        UserId = 1000,
        GroupId = 1000,
        UserName = Encoding.UTF8.GetBytes("builder"),
        GroupName = Encoding.UTF8.GetBytes("builder"),
        Modified = new UnixTime(1_770_000_000, 123_456_789),
        Changed = new UnixTime(1_770_000_000, 123_456_789),
        Device = 2049,
        Inode = 1_234_567,
        Size = 12_345,
        Digest = Sha256Digest.Of("content"u8),
        Content = new ContentLocation(Guid.NewGuid(), 98_765_432),
    };

    private byte[] _manifest = [];

    [GlobalSetup]
    public async Task Setup()
    {
        await Write();
        _manifest = _destination.ToArray();
    }

    [Benchmark(OperationsPerInvoke = Directories * FilesOfEach)]
    public async Task Write()
    {
        _destination.Clear();
        var writer = new TarManifestWriter(_destination);
        writer.WriteHeader();
        for (int directory = 0; directory < Directories; directory++)
        {
            writer.BeginDirectory(directory == 0 ? EntryPath.Root : EntryPath.Parse($"directory-{directory:D3}"), _directory);
            for (int file = 0; file < FilesOfEach; file++)
            {
                AddFile(writer, file);
            }

            await writer.EndDirectoryAsync(CancellationToken.None);
        }

        await writer.FinishAsync(CancellationToken.None);
    }

    [Benchmark(OperationsPerInvoke = Directories * FilesOfEach)]
    public async Task<long> Read()
    {
        var reader = new TarManifestReader(PipeReader.Create(new ReadOnlySequence<byte>(_manifest)));
        await reader.ReadHeaderAsync(CancellationToken.None);
        long size = 0;
        while (await reader.ReadBlockAsync(CancellationToken.None))
        {
            for (int i = 0; i < reader.Block.Count; i++)
            {
                size += reader.Block.Record(i).Size;
            }
        }

        return size;
    }

    private void AddFile(TarManifestWriter writer, int number)
    {
        Span<byte> name = stackalloc byte[16];
        Encoding.UTF8.TryGetBytes($"file-{number:D4}.cs", name, out int length);
        writer.Add(name[..length], _file);
    }
}
