using System.Text;
using Freezer.Platform;
using Freezer.Tests.Engines.Tar.Create;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>Whatever ends a restore, no half file is left, and nothing stays open.</summary>
public sealed class RestoreFailureTests
{
    private const int Block = 512;

    private static readonly (string Name, int Length)[] s_files =
        [("a", 10), ("b", 3000), ("large", 300_000), ("c", 0), ("d/e", 700), ("larger", 400_000), ("last", 1)];

    [Fact]
    public async Task An_archive_that_is_cut_off_at_any_block_leaves_only_whole_files()
    {
        byte[] archive = Archive();
        foreach (int length in Borders(archive.Length - (2 * Block)))
        {
            using var bench = new RestoreBench();
            Func<Task> restore = () => bench.ReplayAsync(archive[..length]);

            (await restore.Should().ThrowAsync<BackupDamagedException>($"{length} bytes are not all")).WithMessage("*level 0*");
            ShouldHoldOnlyWholeFiles(bench);
        }
    }

    [Fact]
    public async Task An_archive_with_a_destroyed_block_leaves_only_whole_files()
    {
        byte[] archive = Archive();
        foreach (int border in Borders(archive.Length))
        {
            byte[] damaged = [.. archive];
            damaged.AsSpan(border, Block).Fill(0xA5);
            using var bench = new RestoreBench();
            try
            {
                OperationReport run = await bench.ReplayAsync(damaged);
                run.Skips.Should().BeEmpty();
            }
            catch (BackupDamagedException)
            {
                ShouldHoldOnlyWholeFiles(bench, contentMayDiffer: true);
            }
        }
    }

    [Fact]
    public async Task A_cancelled_restore_leaves_only_whole_files()
    {
        byte[] archive = Archive();
        for (int at = 1; at < archive.Length; at += 48 << 10)
        {
            using var bench = new RestoreBench();
            using var cancellation = new CancellationTokenSource();
            Func<Task> restore = () => bench.RunAsync(
                RestoreOptions.Default, [new StoredLevel(Levels.Make(0), archive, null)], cancellation.Token, bytes =>
                {
                    if (bytes >= at)
                    {
                        cancellation.Cancel();
                    }
                });

            await restore.Should().ThrowAsync<OperationCanceledException>();
            ShouldHoldOnlyWholeFiles(bench);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_storage_that_fails_is_the_error_and_leaves_only_whole_files(bool isDirect)
    {
        using var bench = new RestoreBench();
        string source = bench.MakeDirectory("source");
        foreach ((string name, int length) in s_files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, name))!);
            File.WriteAllBytes(Path.Combine(source, name), Content(name, length));
        }

        TarLevel level = await TarLevel.TakeAsync(source);
        Func<Task> restore = () => bench.RunAsync(
            RestoreOptions.Default,
            [new StoredLevel(level.Backup, level.Archive, isDirect ? level.Manifest : null)],
            default,
            bytes =>
            {
                if (bytes > 200_000)
                {
                    throw new IOException("the storage is gone");
                }
            });

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*stored stream*the storage is gone*");
        ShouldHoldOnlyWholeFiles(bench);
    }

    [SkippableFact]
    public async Task Failures_leave_no_descriptor_open()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "Linux lists a process's descriptors.");
        byte[] archive = Archive();
        await RestoreDamagedAsync(archive);
        int before = DescriptorsIn("freezer-test-");
        for (int i = 0; i < 20; i++)
        {
            await RestoreDamagedAsync(archive);
        }

        DescriptorsIn("freezer-test-").Should().BeLessThanOrEqualTo(before);
    }

    [SkippableFact]
    public async Task A_full_destination_ends_the_restore_at_once_and_says_so()
    {
        using var bench = new RestoreBench();
        MountSmall(bench);
        try
        {
            ArchiveBuilder archive = new();
            for (int i = 0; i < 100; i++)
            {
                archive.File($"./f{i}", new byte[100_000]);
            }

            Func<Task> small = () => bench.ReplayAsync(archive.End());
            (await small.Should().ThrowAsync<BackupException>()).WithMessage("*ran out of space at 'f*").And.InnerException.Should().BeOfType<FileSystemException>();
            Directory.GetFiles(bench.Root).Should().OnlyContain(static file => new FileInfo(file).Length == 100_000);

            Tool.Run("sh", ["-c", $"rm -rf '{bench.Root}'/*"]);
            Func<Task> large = () => bench.ReplayAsync(new ArchiveBuilder().File("./large", new byte[4 << 20]).End());
            (await large.Should().ThrowAsync<BackupException>()).WithMessage("*ran out of space at 'large'*");
            Directory.GetFiles(bench.Root).Should().BeEmpty();
        }
        finally
        {
            Tool.Run("umount", [bench.Root]);
        }
    }

    private static void MountSmall(RestoreBench bench)
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can mount a small file system");
        Tool.Require("mount");
        bench.MakeDirectory("destination");
        (int status, _, string error) = Tool.TryRun("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", bench.Root]);
        Xunit.Skip.If(status != 0, $"mounting is not allowed here: {error}");
    }

    private static async Task RestoreDamagedAsync(byte[] archive)
    {
        using var bench = new RestoreBench();
        Func<Task> restore = () => bench.ReplayAsync(archive[..^(64 << 10)]);
        await restore.Should().ThrowAsync<BackupDamagedException>();
    }

    /// <summary>Other tests run at the same time; what they hold open has gone when nothing of the kind is left, or is in other directories.</summary>
    private static int DescriptorsIn(string name) => new DirectoryInfo("/proc/self/fd").GetFiles()
        .Select(static file => file.LinkTarget ?? "")
        .Count(target => target.Contains(name, StringComparison.Ordinal) && target.EndsWith("(deleted)", StringComparison.Ordinal));

    private static byte[] Archive()
    {
        var archive = new ArchiveBuilder().Directory("./");
        foreach ((string name, int length) in s_files)
        {
            archive.File("./" + name, Content(name, length));
        }

        return archive.End();
    }

    private static byte[] Content(string name, int length)
    {
        byte[] content = new byte[length];
        new Random(Encoding.ASCII.GetBytes(name).Sum(static value => value)).NextBytes(content);
        return content;
    }

    /// <summary>Every border near headers and ends, and some in the middle of long content.</summary>
    private static IEnumerable<int> Borders(int end)
    {
        for (int border = 0; border < end; border += border < 16 << 10 || border > end - (8 << 10) ? Block : 61 * Block)
        {
            yield return border;
        }
    }

    private static void ShouldHoldOnlyWholeFiles(RestoreBench bench, bool contentMayDiffer = false)
    {
        foreach ((string name, int length) in s_files)
        {
            if (File.Exists(bench[name]))
            {
                byte[] content = File.ReadAllBytes(bench[name]);
                content.Should().HaveCount(length, name);
                (contentMayDiffer || content.AsSpan().SequenceEqual(Content(name, length))).Should().BeTrue(name);
            }
        }

        bench.OutsideShouldBeUntouched();
    }
}
