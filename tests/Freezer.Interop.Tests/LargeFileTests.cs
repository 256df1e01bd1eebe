using Freezer.Cli.Tests;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>Large files cost their data, not their size.</summary>
public sealed class LargeFileTests : IDisposable
{
    private const long SparseLength = 10L << 30;
    private const int LittleData = 1 << 20;

    /// <summary>A block of the volume engine, so that both engines keep the same holes.</summary>
    private const int Piece = 64 << 10;

    private static readonly long[] _offsets = [0, 100 * Piece, 5L << 30, SparseLength - Piece];

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData("tar")]
    [InlineData("block")]
    public void A_sparse_file_of_10_GiB_costs_its_data(string engine)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "holes are seen on Linux only");
        string source = _scratch.Make("source");
        byte[] path = NativeFiles.Path(source, "sparse"u8);
        byte[] content = new byte[Piece];
        new Random(1).NextBytes(content);
        foreach (long offset in _offsets)
        {
            NativeFiles.Write(path, content, offset);
        }

        (long, long)[] extents = ExtentsOf(source);
        Skip.If(extents.Length < _offsets.Length, "the file system has no holes");
        var store = new Store(Path.Combine(_scratch.Path, "store"));
        string target = _scratch.Make("target");
        (string from, string to) = engine == "tar" ? (source, target) : (Path.Combine(source, "sparse"), Path.Combine(target, "sparse"));

        ProgramRun backup = store.Backup(from, "--engine", engine).ShouldEndWith(0);
        ((long)backup.Document["bytesStored"]!).Should().BeLessThan(LittleData);
        store.Restore(to, "--engine", engine).ShouldEndWith(0);

        ExtentsOf(target).Should().Equal(extents);
        using SourceDirectory directory = FileTree.ForThisMachine.OpenSource(target);
        directory.Stat("sparse"u8).Size.Should().Be(SparseLength);
        directory.Stat("sparse"u8).Allocated.Should().BeLessThan(LittleData);
        using SourceFile file = directory.OpenFile("sparse"u8);
        byte[] read = new byte[content.Length];
        foreach (long offset in _offsets)
        {
            file.ReadAt(read, offset).Should().Be(read.Length);
            read.Should().Equal(content);
        }
    }

    /// <summary>Beyond what 32 bits count. Set FREEZER_LARGE=1.</summary>
    [SkippableFact]
    public void A_file_of_2_GiB_comes_back()
    {
        Skip.If(Environment.GetEnvironmentVariable("FREEZER_LARGE") != "1", "FREEZER_LARGE is not 1");
        Tool.Require("cmp");
        string source = _scratch.Make("source");
        LargeFile.Write(Path.Combine(source, "large"), (2L << 30) + 1);
        var store = new Store(Path.Combine(_scratch.Path, "store"));
        string target = Path.Combine(_scratch.Path, "target");

        store.Backup(source).ShouldEndWith(0);
        store.Restore(target).ShouldEndWith(0);

        Tool.Run("cmp", [Path.Combine(source, "large"), Path.Combine(target, "large")]);
    }

    private static (long Start, long End)[] ExtentsOf(string folder)
    {
        using SourceDirectory directory = FileTree.ForThisMachine.OpenSource(folder);
        using SourceFile file = directory.OpenFile("sparse"u8);
        return [.. HoleMap.ExtentsOf(file)];
    }
}
