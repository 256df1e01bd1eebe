using System.IO.Pipelines;
using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public sealed partial class FileStorageTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task Leftovers_of_writers_that_died_are_never_listed_and_a_sweep_removes_them()
    {
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a/object", "content");
        LeaveBehind("a", Day * 2);
        LeaveBehind("b/c", Day * 2);

        (await storage.KeysAsync()).Should().Equal("a/object");
        (await storage.SweepAsync(Day)).Should().Be(2);

        _scratch.Everything().Should().Equal("a", "a/object");
    }

    [Fact]
    public async Task A_sweep_spares_what_is_young()
    {
        await using FileStorage storage = new(_scratch.Path);
        LeaveBehind("a", TimeSpan.FromHours(23));
        Directory.CreateDirectory(_scratch["young"]);

        (await storage.SweepAsync(Day)).Should().Be(0);

        _scratch.Temporaries().Should().HaveCount(1);
        Directory.Exists(_scratch["young"]).Should().BeTrue();
    }

    [Fact]
    public async Task A_sweep_removes_directories_that_have_been_empty_for_long()
    {
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a/object", "content");
        Directory.CreateDirectory(_scratch["a/empty"]);
        Directory.SetLastWriteTimeUtc(_scratch["a/empty"], TimeProvider.System.GetUtcNow().UtcDateTime - (Day * 2));
        Directory.CreateDirectory(_scratch["lost+found"]);
        Directory.SetLastWriteTimeUtc(_scratch["lost+found"], TimeProvider.System.GetUtcNow().UtcDateTime - (Day * 2));

        await storage.SweepAsync(Day);

        _scratch.Everything().Should().Equal("a", "a/object", "lost+found");
    }

    [Fact]
    public async Task A_sweep_spares_the_file_of_a_living_writer_however_long_it_has_been_stalled()
    {
        await using FileStorage storage = new(_scratch.Path);
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task<StorageEntry> writing = storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew);
        await pipe.Writer.WriteAsync(Bytes(10));
        await pipe.Writer.WriteAsync(Bytes(10));
        MakeOld(_scratch[_scratch.Temporaries().Single()], Day * 2);

        (await storage.SweepAsync(Day)).Should().Be(0);

        await pipe.Writer.CompleteAsync();
        await writing;
        (await storage.GetAsync("a/b")).Should().HaveCount(20);
    }

    [Fact]
    public async Task A_writer_whose_file_was_removed_fails_and_publishes_nothing()
    {
        await using FileStorage storage = new(_scratch.Path);
        foreach (WriteOptions options in new[] { WriteOptions.CreateNew, WriteOptions.Replace })
        {
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
            Task<StorageEntry> writing = storage.WriteAsync(Key("a/b"), pipe.Reader, options);
            await pipe.Writer.WriteAsync(Bytes(10));
            await pipe.Writer.WriteAsync(Bytes(10));
            Directory.Delete(_scratch["a"], recursive: true);
            await pipe.Writer.CompleteAsync();

            StorageException failure = (await writing.Awaiting(w => w).Should().ThrowAsync<StorageException>()).Which;

            failure.Kind.Should().Be(StorageErrorKind.Unknown);
            failure.Message.Should().Contain("removed by somebody else");
            (await storage.KeysAsync()).Should().BeEmpty();
        }
    }

    [SkippableFact]
    public async Task A_sweep_after_a_writer_died_between_link_and_unlink_leaves_the_object()
    {
        Tool.Require("ln");
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a/b", "content");
        string leftover = _scratch["a/.freezer-0123456789abcdef0123456789abcdef.part"];
        Tool.Run("ln", _scratch["a/b"], leftover);
        MakeOld(leftover, Day * 2);

        (await storage.KeysAsync()).Should().Equal("a/b");
        (await storage.SweepAsync(Day)).Should().Be(1);

        (await storage.GetTextAsync("a/b")).Should().Be("content");
        _scratch.Temporaries().Should().BeEmpty();
    }

    [SkippableFact]
    public void A_sweep_leaves_what_it_may_not_look_at_and_goes_on()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs the permissions of Linux");
        LeaveBehind("a", Day * 2);
        LeaveBehind("b", Day * 2);
        string other = _scratch[_scratch.Temporaries()[0]];
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(other, UnixFileMode.None);
        }

        FileStorageDirectory directory = new(_scratch.Path, new FileStorageOptions(), Freezer.Platform.DurableFiles.ForThisMachine);
        int removed = 0;
        Freezer.Tests.Platform.ThreadPrivileges.Without(() => removed = new FileStorageSweep(directory, Day, CancellationToken.None).Run());

        removed.Should().Be(1);
        File.Exists(other).Should().BeTrue();
    }

    [Fact]
    public async Task A_sweep_can_be_found_as_a_feature_and_takes_no_negative_age()
    {
        IStorage storage = new FileStorage(_scratch.Path);
        IStorageSweeper sweeper = storage.GetFeature<IStorageSweeper>()!;

        await sweeper.Invoking(s => s.SweepAsync(TimeSpan.FromSeconds(-1))).Should().ThrowAsync<ArgumentOutOfRangeException>();
        await sweeper.Invoking(s => s.SweepAsync(Day, new CancellationToken(canceled: true))).Should().ThrowAsync<OperationCanceledException>();
    }

    private void LeaveBehind(string directory, TimeSpan age)
    {
        Directory.CreateDirectory(_scratch[directory]);
        string path = _scratch[$"{directory}/{FileStorageNames.NewTemporary()}"];
        File.WriteAllBytes(path, Bytes(1000));
        MakeOld(path, age);
    }

    private static void MakeOld(string path, TimeSpan age) =>
        File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime - age);
}
