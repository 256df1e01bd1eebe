using System.IO.Pipelines;
using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public sealed partial class FileStorageTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task An_object_is_a_file_of_its_key()
    {
        await using FileStorage storage = new(_scratch.Path);

        await storage.PutAsync("a/b c/d.tar", "content");

        _scratch.Everything().Should().Equal("a", "a/b c", "a/b c/d.tar");
        (await File.ReadAllTextAsync(_scratch["a/b c/d.tar"])).Should().Be("content");
    }

    [Fact]
    public void Making_a_storage_touches_nothing()
    {
        FileStorage storage = new(_scratch["new/root/"]);

        storage.Root.Should().Be(_scratch["new/root"]);
        _scratch.Everything().Should().BeEmpty();
    }

    [Fact]
    public async Task Looking_makes_no_root()
    {
        await using FileStorage storage = new(_scratch["new/root"]);

        (await storage.FindAsync(Key("a"))).Should().BeNull();
        (await storage.KeysAsync()).Should().BeEmpty();
        await storage.DeleteAsync(Key("a/b"));
        (await storage.SweepAsync(TimeSpan.Zero)).Should().Be(0);
        (await storage.Invoking(s => s.GetAsync("a")).Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.NotFound);

        _scratch.Everything().Should().BeEmpty();
    }

    [Fact]
    public async Task A_missing_root_fails_every_verb_where_it_is_not_to_be_made()
    {
        await using FileStorage storage = new(_scratch["unmounted"], new FileStorageOptions { CreateRoot = false });

        Func<Task>[] calls =
        [
            () => storage.PutAsync("a/b", "content"),
            () => storage.GetAsync("a"),
            () => storage.FindAsync(Key("a")),
            () => storage.KeysAsync(),
            () => storage.KeysAsync("a/b"),
            () => storage.DeleteAsync(Key("a")),
            () => storage.SweepAsync(TimeSpan.Zero),
        ];
        foreach (Func<Task> call in calls)
        {
            StorageException failure = (await call.Should().ThrowAsync<StorageException>()).Which;
            failure.Kind.Should().Be(StorageErrorKind.Unavailable);
            failure.Message.Should().Contain(_scratch["unmounted"]).And.Contain("CreateRoot");
        }

        _scratch.Everything().Should().BeEmpty();
        Directory.CreateDirectory(_scratch["unmounted"]);
        await storage.PutAsync("a/b", "content");
        (await storage.KeysAsync()).Should().Equal("a/b");
    }

    [Fact]
    public async Task No_listing_shows_an_unfinished_object_and_its_file_lies_beside_the_target()
    {
        await using FileStorage storage = new(_scratch.Path);
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task<StorageEntry> writing = storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew);
        await pipe.Writer.WriteAsync(Bytes(10));
        await pipe.Writer.WriteAsync(Bytes(10));

        string unfinished = _scratch.Temporaries().Should().ContainSingle().Subject;
        Path.GetDirectoryName(unfinished).Should().Be("a");
        (await storage.KeysAsync()).Should().BeEmpty();
        (await storage.KeysAsync("a")).Should().BeEmpty();
        StorageException failure = (await storage.Invoking(s => s.FindAsync(Key(unfinished))).Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.Unsupported);

        await pipe.Writer.CompleteAsync();
        await writing;
        _scratch.Everything().Should().Equal("a", "a/b");
    }

    [SkippableFact]
    public async Task Files_and_directories_are_the_owners_alone_unless_told_otherwise()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no permission bits.");
        if (!OperatingSystem.IsWindows())
        {
            await using FileStorage storage = new(_scratch["private"]);
            await storage.PutAsync("a/b", "content");
            File.GetUnixFileMode(_scratch["private"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.GetUnixFileMode(_scratch["private/a"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.GetUnixFileMode(_scratch["private/a/b"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

            await using FileStorage shared = new(_scratch["shared"], new FileStorageOptions
            {
                FileMode = UnixFileMode.UserRead,
                DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute,
            });
            await shared.PutAsync("a/b", "content");
            File.GetUnixFileMode(_scratch["shared/a/b"]).Should().Be(UnixFileMode.UserRead);
            File.GetUnixFileMode(_scratch["shared/a"]).Should().HaveFlag(UnixFileMode.OtherExecute);
        }
    }

    [Fact]
    public async Task Deleting_removes_the_directories_that_it_empties_and_keeps_the_root()
    {
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a/b/c/d", "content");
        await storage.PutAsync("a/x", "content");

        await storage.DeleteAsync(Key("a/b/c/d"));
        _scratch.Everything().Should().Equal("a", "a/x");

        await storage.DeleteAsync(Key("a/x"));
        _scratch.Everything().Should().BeEmpty();
        Directory.Exists(_scratch.Path).Should().BeTrue();
    }

    [Fact]
    public async Task A_write_that_fails_leaves_no_directory_behind()
    {
        await using FileStorage storage = new(_scratch.Path);
        Pipe pipe = new();
        await pipe.Writer.CompleteAsync(new InvalidOperationException());

        await storage.Invoking(s => s.WriteAsync(Key("a/b/c"), pipe.Reader, WriteOptions.Replace)).Should().ThrowAsync<InvalidOperationException>();

        _scratch.Everything().Should().BeEmpty();
    }

    [Fact]
    public async Task An_object_and_objects_below_it_exclude_each_other()
    {
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("file", "content");
        await storage.PutAsync("directory/file", "content");

        foreach (WriteOptions options in new[] { WriteOptions.CreateNew, WriteOptions.Replace })
        {
            foreach (string key in new[] { "file/below", "file/far/below", "directory" })
            {
                StorageException failure = (await storage.Invoking(s => s.PutAsync(key, "other", options)).Should().ThrowAsync<StorageException>()).Which;
                failure.Kind.Should().Be(StorageErrorKind.Unsupported);
                failure.Key.Should().Be(key);
            }
        }

        (await storage.KeysAsync()).Should().Equal("directory/file", "file");
    }

    [Theory]
    [InlineData(".freezer-0123456789abcdef0123456789abcdef.part")]
    [InlineData("a/.FREEZER-0123456789abcdef0123456789abcdef.PART/b")]
    [InlineData("lost+found")]
    [InlineData("lost+found/a")]
    public async Task Reserved_names_are_refused(string key)
    {
        await using FileStorage storage = new(_scratch.Path);

        foreach (Func<Task> call in new Func<Task>[]
            { () => storage.PutAsync(key, "content"), () => storage.GetAsync(key), () => storage.FindAsync(Key(key)), () => storage.DeleteAsync(Key(key)) })
        {
            (await call.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.Unsupported);
        }
    }

    [SkippableFact]
    public async Task What_is_no_regular_file_is_no_object()
    {
        Tool.Require("mkfifo");
        await using FileStorage storage = new(_scratch["root"]);
        await storage.PutAsync("a/object", "content");
        await File.WriteAllTextAsync(_scratch["outside"], "secret");
        File.CreateSymbolicLink(_scratch["root/a/link"], _scratch["outside"]);
        File.CreateSymbolicLink(_scratch["root/a/dangling"], "nowhere");
        Tool.Run("mkfifo", _scratch["root/a/fifo"]);
        await File.WriteAllTextAsync(_scratch["root/a/back\\slash"], "not a key");
        Directory.CreateDirectory(_scratch["root/lost+found"]);

        (await storage.KeysAsync()).Should().Equal("a/object");
        foreach (string key in new[] { "a/link", "a/dangling", "a/fifo" })
        {
            (await storage.FindAsync(Key(key))).Should().BeNull();
            (await storage.Invoking(s => s.GetAsync(key)).Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.NotFound);
            (await storage.Invoking(s => s.PutAsync(key, "x", WriteOptions.Replace)).Should().ThrowAsync<StorageException>())
                .Which.Kind.Should().Be(StorageErrorKind.Unsupported);
            await storage.DeleteAsync(Key(key));
        }

        (await File.ReadAllTextAsync(_scratch["outside"])).Should().Be("secret");
        Tool.Run("ls", _scratch["root/a"]).Should().ContainAll("link", "dangling", "fifo");
    }

    [SkippableFact]
    public async Task A_link_to_a_directory_fails_a_listing_rather_than_hiding_objects()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        await using FileStorage storage = new(_scratch["root"]);
        await storage.PutAsync("a", "content");
        Directory.CreateDirectory(_scratch["elsewhere"]);
        Directory.CreateSymbolicLink(_scratch["root/data"], _scratch["elsewhere"]);

        (await storage.Invoking(s => s.KeysAsync()).Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.Unsupported);
    }

    [Fact]
    public async Task Nothing_is_listed_below_an_object()
    {
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a/b", "content");

        (await storage.KeysAsync("a/b")).Should().BeEmpty();
        (await storage.KeysAsync("a/b/c")).Should().BeEmpty();
    }

    [SkippableFact]
    public async Task A_root_that_is_a_link_to_what_is_missing_says_so()
    {
        Skip.If(OperatingSystem.IsWindows(), "links need privileges there");
        File.CreateSymbolicLink(_scratch["root"], _scratch["unmounted"]);
        await using FileStorage storage = new(_scratch["root"]);

        foreach (Func<Task> call in new Func<Task>[] { () => storage.PutAsync("a/b", "content"), () => storage.KeysAsync("metadata"), () => storage.FindAsync(Key("a")) })
        {
            StorageException failure = (await call.Should().ThrowAsync<StorageException>()).Which;
            failure.Kind.Should().Be(StorageErrorKind.Unavailable);
            failure.Message.Should().Contain("is a link that leads to no directory");
        }
    }

    [SkippableFact]
    public async Task A_root_that_is_a_file_says_so()
    {
        await File.WriteAllTextAsync(_scratch["root"], "content");
        await using FileStorage storage = new(_scratch["root"]);

        foreach (Func<Task> call in new Func<Task>[] { () => storage.PutAsync("a/b", "content"), () => storage.KeysAsync("metadata") })
        {
            (await call.Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("is a file");
        }
    }

    [SkippableFact]
    public async Task The_root_itself_may_be_a_link()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Directory.CreateDirectory(_scratch["disk"]);
        Directory.CreateSymbolicLink(_scratch["root"], _scratch["disk"]);
        await using FileStorage storage = new(_scratch["root"], new FileStorageOptions { CreateRoot = false });

        await storage.PutAsync("a/b", "content");

        (await storage.KeysAsync()).Should().Equal("a/b");
        await storage.DeleteAsync(Key("a/b"));
        _scratch.Everything().Should().Equal("disk", "root");
    }

    [Fact]
    public async Task A_path_that_is_too_long_says_so()
    {
        string segment = new('s', 250);
        string root = _scratch[string.Join('/', Enumerable.Repeat(segment, 13))];
        await using FileStorage storage = new(root);
        string key = string.Join('/', Enumerable.Repeat(segment, 4));

        StorageException failure = (await storage.Invoking(s => s.PutAsync(key, "content")).Should().ThrowAsync<StorageException>()).Which;

        failure.Kind.Should().Be(StorageErrorKind.Unsupported);
        failure.Message.Should().Contain("longer");
        failure.InnerException.Should().NotBeNull();
    }

    [Fact]
    public async Task A_file_that_is_cut_while_it_is_read_is_corrupt()
    {
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a", Bytes(12 << 20));
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task<StorageEntry> reading = storage.ReadAsync(Key("a"), pipe.Writer, ReadOptions.Whole);
        ReadResult first = await pipe.Reader.ReadAsync();
        using (FileStream file = new(_scratch["a"], FileMode.Open, FileAccess.Write))
        {
            file.SetLength(100);
        }

        pipe.Reader.AdvanceTo(first.Buffer.End);

        (await reading.Awaiting(r => r).Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.Corrupt);
    }

    [Theory]
    [InlineData("a/b", null)]
    [InlineData("a:b", "allows")]
    [InlineData("x/what?", "allows")]
    [InlineData("x/dot./y", "drops")]
    [InlineData("blank ", "drops")]
    [InlineData("CON", "device")]
    [InlineData("x/nul.txt", "device")]
    [InlineData("com1", "device")]
    [InlineData("LPT²", "device")]
    [InlineData("conin$", "device")]
    [InlineData("con .txt", "device")]
    [InlineData("com10", null)]
    [InlineData("comb", null)]
    [InlineData("console", null)]
    public void Names_that_Windows_does_not_take_are_refused_there(string key, string? reason)
    {
        FileStorageNames.Check(key, onWindows: false).Should().BeNull();
        string? refused = FileStorageNames.Check(key, onWindows: true);
        if (reason is null)
        {
            refused.Should().BeNull();
        }
        else
        {
            refused.Should().Contain(reason);
        }
    }
}
