using Freezer.Cli.Tests;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A disk that is full fails the backup or the restore with one error that says so, and harms nothing that was there.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int DiskSize = 8 << 20;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task A_backup_onto_a_full_disk_fails_and_leaves_the_ones_before()
    {
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_scratch.Path, "disk"), DiskSize);
        string source = _scratch.Make("source");
        var store = new Store(Path.Combine(disk.Path, "store"));
        WriteRandom(source, "small", 100_000);
        await store.OpenEngine().BackupAsync(source, store.Name);
        TreeSnapshot before = TreeSnapshot.Take(source);
        string[] objects = Everything(store);
        DateTimeOffset timestamp = DateTimeOffset.FromUnixTimeSeconds((long)store.List().Should().ContainSingle().Subject["timestamp"]!);

        WriteRandom(source, "large", 2 * DiskSize);
        ProgramRun run = store.Backup(source).ShouldEndWith(1);
        ((string?)run.Document["error"]).Should().Contain("data: the file system is full");
        Func<Task> backup = () => store.OpenEngine().BackupAsync(source, store.Name);
        (await backup.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.NoSpace);

        Everything(store).Should().Equal(objects);
        store.List().Should().ContainSingle();
        await store.ShouldRestoreAsync(timestamp, before);

        File.Delete(Path.Combine(source, "large"));
        ((int?)store.Backup(source).ShouldEndWith(0).Document["level"]).Should().Be(1);
    }

    /// <summary>Whichever object it is that has no room: a backup is there with everything, or not at all.</summary>
    [SkippableFact]
    public async Task A_disk_that_fills_up_at_any_point_leaves_no_half_of_a_backup()
    {
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_scratch.Path, "disk"), DiskSize);
        string source = _scratch.Make("source");
        var store = new Store(Path.Combine(disk.Path, "store"));
        WriteRandom(source, "file", 3 * SmallDisk.PageSize);
        TreeSnapshot tree = TreeSnapshot.Take(source);
        List<DateTimeOffset> good = [(await store.OpenEngine().BackupAsync(source, store.Name)).Backup.Timestamp];
        int failures = 0;
        for (int pages = 0; pages < 12 || good.Count < 3; pages++)
        {
            pages.Should().BeLessThan(100, "so many pages are enough for so small a tree");
            string filler = disk.FillBut(pages * SmallDisk.PageSize);
            try
            {
                BackupResult result = await store.OpenEngine().BackupAsync(source, store.Name, new BackupOptions { NoIncremental = true });
                good.Add(result.Backup.Timestamp);
            }
            catch (StorageException exception)
            {
                exception.Kind.Should().Be(StorageErrorKind.NoSpace);
                failures++;
            }
            catch (BackupException exception)
            {
                // The commit itself had no room.
                exception.InnerException.Should().BeOfType<StorageException>().Which.Kind.Should().Be(StorageErrorKind.NoSpace);
                failures++;
            }

            File.Delete(filler);
            store.List().Select(static backup => DateTimeOffset.FromUnixTimeSeconds((long)backup["timestamp"]!)).Should().Equal(good);
        }

        failures.Should().BePositive();
        foreach (DateTimeOffset timestamp in good)
        {
            await store.ShouldRestoreAsync(timestamp, tree);
        }
    }

    [SkippableFact]
    public void A_restore_onto_a_full_disk_fails_once()
    {
        string source = _scratch.Make("source");
        var store = new Store(Path.Combine(_scratch.Path, "store"));
        for (int i = 0; i < 400; i++)
        {
            WriteRandom(source, $"file-{i}", 50_000);
        }

        store.Backup(source, "--compression", "none").ShouldEndWith(0);
        using SmallDisk disk = SmallDisk.Mount(Path.Combine(_scratch.Path, "disk"), DiskSize);
        string target = Path.Combine(disk.Path, "target");

        ProgramRun run = store.Restore(target).ShouldEndWith(1);

        ((string?)run.Document["status"]).Should().Be("failed");
        ((string?)run.Document["error"]).Should().Contain($"The restore into '{target}' ran out of space at 'file-");
        run.Document.ContainsKey("skips").Should().BeFalse();

        // What is there of it is whole.
        Directory.EnumerateFiles(target).Should().NotBeEmpty().And.OnlyContain(
            file => File.ReadAllBytes(file).SequenceEqual(File.ReadAllBytes(Path.Combine(source, Path.GetFileName(file)))));
    }

    private static string[] Everything(Store store) =>
        [.. Directory.EnumerateFileSystemEntries(store.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static void WriteRandom(string folder, string name, int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        File.WriteAllBytes(Path.Combine(folder, name), content);
    }
}
