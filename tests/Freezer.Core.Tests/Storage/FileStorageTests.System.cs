using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

public sealed partial class FileStorageTests
{
    [SkippableFact]
    public async Task A_full_disk_fails_the_write_as_such_and_leaves_everything_else()
    {
        Tool.Require("mount");
        string disk = _scratch["disk"];
        Directory.CreateDirectory(disk);
        Skip.IfNot(Tool.TryRun("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk).Status == 0, "may not mount a tmpfs");
        try
        {
            await using FileStorage storage = new(disk);
            await storage.PutAsync("a/old", "content");

            foreach (WriteOptions options in new[] { WriteOptions.CreateNew, WriteOptions.Replace })
            {
                StorageException failure = (await storage.Invoking(s => s.PutAsync("a/b/new", Bytes(3_000_000), options))
                    .Should().ThrowAsync<StorageException>()).Which;
                failure.Kind.Should().Be(StorageErrorKind.NoSpace);
                failure.Key.Should().Be("a/b/new");
                failure.InnerException.Should().NotBeNull();
            }

            await storage.Invoking(s => s.PutAsync("a/old", Bytes(3_000_000), WriteOptions.Replace)).Should().ThrowAsync<StorageException>();
            (await storage.KeysAsync()).Should().Equal("a/old");
            (await storage.GetTextAsync("a/old")).Should().Be("content");
            _scratch.Everything().Should().Equal("disk", "disk/a", "disk/a/old");
            await storage.PutAsync("a/fits", Bytes(500_000));
        }
        finally
        {
            Tool.Run("umount", disk);
        }
    }

    [SkippableFact]
    public async Task A_file_system_that_is_read_only_denies_access()
    {
        Tool.Require("mount");
        string disk = _scratch["disk"];
        Directory.CreateDirectory(disk);
        Skip.IfNot(Tool.TryRun("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk).Status == 0, "may not mount a tmpfs");
        try
        {
            await using FileStorage storage = new(disk);
            await storage.PutAsync("a/old", "content");
            Tool.Run("mount", "-o", "remount,ro", disk);

            foreach (Func<Task> call in new Func<Task>[]
                { () => storage.PutAsync("a/new", "x"), () => storage.PutAsync("b/new", "x"), () => storage.DeleteAsync(Key("a/old")) })
            {
                (await call.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AccessDenied);
            }

            (await storage.GetTextAsync("a/old")).Should().Be("content");
        }
        finally
        {
            Tool.Run("umount", disk);
        }
    }

    [SkippableFact]
    public async Task A_directory_that_may_not_be_used_denies_access()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.UserName != "root", "root may use any directory");
        await using FileStorage storage = new(_scratch.Path);
        await storage.PutAsync("a/b", "content");
        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(_scratch["a"], UnixFileMode.None);
        }

        foreach (Func<Task> call in new Func<Task>[]
            { () => storage.PutAsync("a/c", "x"), () => storage.GetAsync("a/b"), () => storage.FindAsync(Key("a/b")), () => storage.KeysAsync() })
        {
            (await call.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.AccessDenied);
        }

        if (OperatingSystem.IsLinux())
        {
            File.SetUnixFileMode(_scratch["a"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [SkippableFact]
    public void A_file_that_is_too_large_for_its_file_system_is_an_error_of_that_kind()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Files of other systems have other limits.");
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(_scratch["file"], FileMode.CreateNew, FileAccess.Write);
        Exception failure = FluentActions.Invoking(() => RandomAccess.Write(file, Bytes(10), long.MaxValue - 100)).Should().Throw<Exception>().Which;

        FileStorageErrors.IsForeign(failure).Should().BeTrue();
        FileStorageErrors.Of("a", failure).Kind.Should().Be(StorageErrorKind.TooLarge);
    }

    [SkippableFact]
    public async Task Two_processes_that_create_one_object_have_one_winner()
    {
        Tool.Require("ln");
        await using FileStorage storage = new(_scratch["root"]);
        await File.WriteAllTextAsync(_scratch["other"], "the other process");
        Directory.CreateDirectory(_scratch["root"]);
        for (int round = 0; round < 20; round++)
        {
            string key = $"claim-{round}";
            Task<int> other = Task.Run(() => Tool.TryRun("ln", _scratch["other"], _scratch[$"root/{key}"]).Status);
            bool won = await storage.PutAsync(key, "this process").ContinueWith(
                t => t.IsCompletedSuccessfully || (((StorageException)t.Exception!.InnerException!).Kind != StorageErrorKind.AlreadyExists),
                TaskScheduler.Default);

            (await other == 0).Should().Be(!won);
            (await storage.GetTextAsync(key)).Should().Be(won ? "this process" : "the other process");
        }
    }
}
