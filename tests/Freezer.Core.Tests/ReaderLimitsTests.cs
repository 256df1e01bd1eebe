using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using Freezer.Dataflow;
using Freezer.Engines.BlockDiff;
using Freezer.Engines.Tar;
using Freezer.Formats.Tar;
using Freezer.Platform;
using Freezer.Storage;
using Freezer.Tests.Engines.Tar.Restore;
using Freezer.Tests.Support;

namespace Freezer.Tests;

/// <summary>What a backup that is not trusted may ask for, asked for through the whole of a restore.</summary>
public sealed class ReaderLimitsTests : IDisposable
{
    private const string Place = "tar/bomb/1700000000/0_1700000000";

    private readonly ScratchDirectory _scratch = new();
    private readonly MemoryStorage _storage = new();

    private string Destination => Path.Combine(_scratch.Path, "destination");

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(20 << 20, 100, 20L * 100 << 20)]
    [InlineData(1, 100, 1L << 30)]
    [InlineData(long.MaxValue, 100, 1L << 40)]
    public void Content_may_expand_up_to_the_ratio_and_a_gibibyte_for_nothing(long stored, int ratio, long most)
    {
        var limits = new ReaderLimits { MostExpansion = ratio, MostContent = 1L << 40 };
        PipeWriter writer = new ContentAllowance(limits, stored).Meter(new NullWriter());
        for (long left = most; left > 0; left -= 1 << 30)
        {
            writer.Advance((int)Math.Min(left, 1 << 30));
        }

        writer.Invoking(static full => full.Advance(1)).Should().Throw<BackupException>().WithMessage(
            $"*not trusted*{most}*ReaderLimits.{(stored == long.MaxValue ? "MostContent" : "MostExpansion")}*RestoreOptions.Limits*");
    }

    [Fact]
    public async Task A_bomb_is_refused_when_it_is_longer_than_all_content_may_be()
    {
        await StoreAsync(Bomb(40));

        Func<Task> restore = () => RestoreAsync(new ReaderLimits { MostContent = 20 << 20 });

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*20971520*ReaderLimits.MostContent*");
        Directory.GetFiles(Destination).Should().BeEmpty("a file that is not whole does not stay");
    }

    [Fact]
    public async Task Headers_without_end_are_content_like_everything_else()
    {
        byte[] label = Freezer.Tests.Formats.Tar.TarBlocks.Header("label", 'V');
        await StoreAsync(Gzip(stream =>
        {
            for (int i = 0; i < 4096; i++)
            {
                stream.Write(label);
            }
        }));

        Func<Task> restore = () => RestoreAsync(new ReaderLimits { MostContent = 1 << 20 });

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*ReaderLimits.MostContent*");
    }

    [Fact]
    public async Task More_entries_than_are_allowed_end_the_restore()
    {
        var archive = new ArchiveBuilder();
        for (int i = 0; i < 6; i++)
        {
            archive.File($"./{i}", "x");
        }

        await StoreAsync(Gzip(archive.End()));

        Func<Task> restore = () => RestoreAsync(new ReaderLimits { MostEntries = 5 });

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*more than 5 entries*ReaderLimits.MostEntries*");
        (await RestoreAsync(new ReaderLimits { MostEntries = 6 }, overwrite: true)).Entries.Should().Be(6);
    }

    [Fact]
    public async Task A_file_that_claims_too_much_is_skipped_and_the_rest_is_restored()
    {
        await StoreAsync(Gzip(new ArchiveBuilder()
            .File("./holes", "x"u8.ToArray(), static entry => (entry.Size, entry.Extents) = (1L << 40, [new SparseExtent(0, 1)]))
            .File("./after", "x")
            .End()));

        RestoreResult result = await RestoreAsync(new ReaderLimits { LargestFile = (1L << 40) - 1 });

        result.Skips.Should().ContainSingle().Which.Reason.Should().Contain("1099511627776").And.Contain("ReaderLimits.LargestFile");
        Directory.GetFiles(Destination).Select(Path.GetFileName).Should().Equal("after");
    }

    [Fact]
    public async Task Headers_paths_attributes_and_maps_are_bounded()
    {
        await RefusedAsync(new ReaderLimits { LongestHeader = 1000 }, static archive => archive.Member(
            TarEntryType.RegularFile, "./f", [], static entry => entry.Attributes = [new FileAttribute("user.a"u8.ToArray(), new byte[1000])]));
        await RefusedAsync(new ReaderLimits { LongestPath = 500 }, static archive => archive.File("./" + string.Concat(Enumerable.Repeat("component/", 50)) + "f", "x"));
        await RefusedAsync(new ReaderLimits { MostAttributes = 1 }, static archive => archive.Member(
            TarEntryType.RegularFile, "./f", [], static entry => entry.Attributes = [new FileAttribute("user.a"u8.ToArray(), []), new FileAttribute("user.b"u8.ToArray(), [])]));
        await RefusedAsync(new ReaderLimits { MostExtents = 1 }, static archive => archive.File(
            "./f", "xy"u8.ToArray(), static entry => (entry.Size, entry.Extents) = (100, [new SparseExtent(0, 1), new SparseExtent(50, 1)])));
    }

    [Fact]
    public async Task A_backup_of_our_own_is_limited_only_where_it_is_not_trusted()
    {
        string source = _scratch.Make("source");
        File.WriteAllBytes(Path.Combine(source, "zeros"), new byte[1 << 20]);
        await new TarEngine(_storage).BackupAsync(source, "own");
        var limits = new ReaderLimits { MostContent = 1000, LargestFile = 1000, MostEntries = 0 };

        await new TarEngine(_storage).RestoreAsync("own", Destination, new RestoreOptions { Limits = limits });
        Func<Task> untrusted = () => new TarEngine(_storage).RestoreAsync("own", Path.Combine(_scratch.Path, "again"), new RestoreOptions { Limits = limits, Untrusted = true });

        File.ReadAllBytes(Path.Combine(Destination, "zeros")).Should().HaveCount(1 << 20);
        await untrusted.Should().ThrowAsync<BackupException>();
    }

    [Fact]
    public async Task A_volume_that_is_not_trusted_cannot_be_longer_than_a_file()
    {
        string image = Path.Combine(_scratch.Path, "image");
        await File.WriteAllBytesAsync(image, new byte[1 << 20]);
        await new BlockDiffEngine(_storage).BackupAsync(image, "volume");
        string destination = Path.Combine(_scratch.Path, "restored");
        Func<Task> restore = () => new BlockDiffEngine(_storage).RestoreAsync(
            "volume", destination, new RestoreOptions { Untrusted = true, Limits = new ReaderLimits { LargestFile = (1 << 20) - 1 } });

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*1048576 bytes*ReaderLimits.LargestFile*");
        File.Exists(destination).Should().BeFalse();
    }

    [Fact]
    public async Task Limits_that_cannot_be_are_refused()
    {
        foreach (ReaderLimits limits in (ReaderLimits[])[new() { MostExpansion = 0 }, new() { LongestHeader = 0 }, new() { MostContent = -1 }, new() { LargestFile = -1 }])
        {
            Func<Task> restore = () => RestoreAsync(limits);
            await restore.Should().ThrowAsync<ArgumentOutOfRangeException>();
        }
    }

    private static byte[] Gzip(byte[] content) => Gzip(stream => stream.Write(content));

    private static byte[] Gzip(Action<Stream> write)
    {
        var stored = new MemoryStream();
        using (var gzip = new GZipStream(stored, CompressionLevel.Fastest, leaveOpen: true))
        {
            write(gzip);
        }

        return stored.ToArray();
    }

    /// <summary>A file of so many MiB of zeros.</summary>
    private static byte[] Bomb(int mebibytes) => Gzip(stream =>
    {
        byte[] zeros = new byte[1 << 20];
        stream.Write(Freezer.Tests.Formats.Tar.TarBlocks.Header("./zeros", size: (long)mebibytes << 20));
        for (int i = 0; i < mebibytes; i++)
        {
            stream.Write(zeros);
        }

        stream.Write(Freezer.Tests.Formats.Tar.TarBlocks.End);
    });

    private async Task RefusedAsync(ReaderLimits limits, Action<ArchiveBuilder> write)
    {
        var archive = new ArchiveBuilder();
        write(archive);
        await StoreAsync(Gzip(archive.End()));
        Func<Task> restore = () => RestoreAsync(limits, overwrite: true);
        await restore.Should().ThrowAsync<BackupDamagedException>();
        (await RestoreAsync(ReaderLimits.Default, overwrite: true)).Entries.Should().Be(1);
    }

    /// <summary>Stores an archive as another program does, whose backups are never trusted.</summary>
    private async Task StoreAsync(byte[] archive)
    {
        using var content = new MemoryStream(archive);
        await _storage.WriteAsync(StorageKey.Parse($"data/{Place}/data"), content, WriteOptions.Replace);
        using var document = new MemoryStream(Encoding.UTF8.GetBytes("""{"engine_name": "tar", "compression": "gzip", "encryption": false}"""));
        await _storage.WriteAsync(StorageKey.Parse($"metadata/{Place}/metadata"), document, WriteOptions.Replace);
    }

    private Task<RestoreResult> RestoreAsync(ReaderLimits limits, bool overwrite = false) =>
        new TarEngine(_storage).RestoreAsync("bomb", Destination, new RestoreOptions { Limits = limits, Overwrite = overwrite });

    /// <summary>Takes everything and keeps nothing.</summary>
    private sealed class NullWriter : PipeWriter
    {
        public override void Advance(int bytes) => ArgumentOutOfRangeException.ThrowIfNegative(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(sizeHint, 1)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void CancelPendingFlush() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();
    }
}
