using Freezer.Engines.BlockDiff;
using Freezer.Platform;
using Freezer.Tests.Support;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Tests.Engines.BlockDiff;

public sealed class FileVolumeTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly BlockTestBed _bed = new(new FileVolumeProvider(), blockSize: 64 << 10);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task An_image_comes_back_level_by_level_and_over_what_is_there()
    {
        var random = new Random(5);
        byte[] image = Images.Random(random, 3_000_001);
        await File.WriteAllBytesAsync(_scratch["image"], image);
        StoredLevel full = await _bed.BackupAsync(_scratch["image"]);
        byte[] changed = [.. image];
        changed.AsSpan(0, 500_000).Clear();
        changed[2_000_000] ^= 1;
        await File.WriteAllBytesAsync(_scratch["image"], changed);
        StoredLevel increment = await _bed.BackupAsync(_scratch["image"], full);

        await _bed.RestoreAsync(_scratch["restored"], [full]);
        await RestoredIs(image);
        await _bed.RestoreAsync(_scratch["restored"], [full, increment], overwrite: true);
        await RestoredIs(changed);
        await _bed.RestoreAsync(_scratch["restored"], [full with { Manifest = [] }], overwrite: true);
        await RestoredIs(image);
    }

    [SkippableFact]
    public async Task Holes_are_not_read_and_come_back_as_holes()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "holes are found on Linux");
        await File.WriteAllBytesAsync(_scratch["old"], Images.Dense(4096));
        await using (FileStream file = File.Create(_scratch["image"]))
        {
            file.SetLength(1L << 30);
            file.Position = 300 << 20;
            await file.WriteAsync(Images.Dense(16));
        }

        StoredLevel full = await _bed.BackupAsync(_scratch["image"]);
        _bed.Report.Bytes.Should().BeLessThan(1 << 20);
        await _bed.RestoreAsync(_scratch["restored"], [full]);
        await _bed.RestoreAsync(_scratch["old"], [full], overwrite: true);
        await _bed.RestoreAsync(_scratch["replayed"], [full with { Manifest = [] }]);

        foreach (string name in (string[])["restored", "old", "replayed"])
        {
            (await _bed.BackupAsync(_scratch[name])).Archive.Length.Should().Be(full.Archive.Length);
            _bed.Report.Bytes.Should().BeLessThan(1 << 20, "{0} has holes too", name);
            new FileInfo(_scratch[name]).Length.Should().Be(1L << 30);
        }
    }

    [Fact]
    public async Task An_existing_image_is_left_alone_unless_it_may_be_written_over()
    {
        StoredLevel full = await BackupSmallAsync();
        await File.WriteAllTextAsync(_scratch["restored"], "precious");

        Func<Task> restore = () => _bed.RestoreAsync(_scratch["restored"], [full]);

        await restore.Should().ThrowAsync<BackupException>().WithMessage("*not asked to write over it*");
        (await File.ReadAllTextAsync(_scratch["restored"])).Should().Be("precious");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000)]
    [InlineData(9_000_001)]
    public async Task An_image_of_another_length_is_written_over_as_a_whole(int before)
    {
        byte[] image = Images.Random(new Random(6), 3_000_001);
        image.AsSpan(500_000, 1_000_000).Clear();
        await File.WriteAllBytesAsync(_scratch["image"], image);
        StoredLevel full = await _bed.BackupAsync(_scratch["image"]);
        foreach (StoredLevel level in (StoredLevel[])[full, full with { Manifest = [] }])
        {
            byte[] other = new byte[before];
            Array.Fill(other, (byte)7);
            await File.WriteAllBytesAsync(_scratch["restored"], other);

            await _bed.RestoreAsync(_scratch["restored"], [level], overwrite: true);

            await RestoredIs(image);
        }
    }

    [Fact]
    public async Task An_empty_file_may_be_restored_to()
    {
        StoredLevel full = await BackupSmallAsync();
        await File.WriteAllBytesAsync(_scratch["restored"], []);

        await _bed.RestoreAsync(_scratch["restored"], [full]);

        await RestoredIs(await File.ReadAllBytesAsync(_scratch["image"]));
    }

    [Fact]
    public async Task An_empty_volume_comes_back_empty()
    {
        await File.WriteAllBytesAsync(_scratch["image"], []);
        StoredLevel full = await _bed.BackupAsync(_scratch["image"]);
        StoredLevel increment = await _bed.BackupAsync(_scratch["image"], full);

        await _bed.RestoreAsync(_scratch["restored"], [full, increment]);

        await RestoredIs([]);
    }

    [Fact]
    public async Task A_new_image_is_removed_when_the_restore_fails()
    {
        StoredLevel full = await BackupSmallAsync();
        full.Archive[^1000] ^= 1;

        Func<Task> restore = () => _bed.RestoreAsync(_scratch["restored"], [full]);

        await restore.Should().ThrowAsync<BackupDamagedException>();
        File.Exists(_scratch["restored"]).Should().BeFalse();
    }

    [SkippableFact]
    public async Task A_new_image_is_readable_by_its_owner_only()
    {
        Xunit.Skip.If(OperatingSystem.IsWindows(), "there are no file modes");
        StoredLevel full = await BackupSmallAsync();

        await _bed.RestoreAsync(_scratch["restored"], [full]);

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(_scratch["restored"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task A_volume_that_is_missing_is_an_error()
    {
        Func<Task> backup = () => _bed.BackupAsync(_scratch["nothing"]);

        await backup.Should().ThrowAsync<FileNotFoundException>();
    }

    [SkippableTheory]
    [InlineData("directory", "*directory is a directory*")]
    [InlineData("pipe", "*is a pipe, and a volume is*")]
    [InlineData("/dev/zero", "*is a character device, and a volume is*")]
    [InlineData("link", "*is a pipe, and a volume is*")]
    public async Task What_cannot_be_a_volume_is_neither_read_nor_written(string name, string message)
    {
        Tool.Require("mkfifo");
        Directory.CreateDirectory(_scratch["directory"]);
        Tool.Run("mkfifo", _scratch["pipe"]);
        File.CreateSymbolicLink(_scratch["link"], "pipe");
        StoredLevel full = await BackupSmallAsync();
        string path = Path.Combine(_scratch["directory"], "..", name);

        Func<Task> backup = () => _bed.BackupAsync(path);
        Func<Task> restore = () => _bed.RestoreAsync(path, [full], overwrite: true);

        await backup.Should().ThrowAsync<BackupException>().WithMessage(message);
        await restore.Should().ThrowAsync<BackupException>().WithMessage(message);
    }

    [Fact]
    public async Task A_volume_that_is_longer_than_the_file_system_has_files_is_an_error_that_names_the_file()
    {
        VolumeTarget target = await new FileVolumeProvider().OpenTargetAsync(_scratch["image"], 0, overwrite: false);
        await using (target)
        {
            Func<Task> set = async () => await target.SetLengthAsync(long.MaxValue);
            await set.Should().ThrowAsync<Exception>().WithMessage($"*{_scratch["image"]}*");
        }
    }

    [SkippableFact]
    public async Task A_file_system_is_sound_after_every_level()
    {
        Tool.Require("mkfs.ext4", "e2fsck", "debugfs");
        Directory.CreateDirectory(_scratch["tree"]);
        await File.WriteAllBytesAsync(Path.Combine(_scratch["tree"], "a"), Images.Dense(300));
        Tool.Run("mkfs.ext4", "-q", "-d", _scratch["tree"], _scratch["image"], "64M");
        List<StoredLevel> chain = [await _bed.BackupAsync(_scratch["image"])];
        Tool.Run("debugfs", "-w", "-R", "rm a", _scratch["image"]);
        chain.Add(await _bed.BackupAsync(_scratch["image"], chain[^1]));
        Tool.Run("debugfs", "-w", "-R", $"write {_scratch["tree"]}/a b", _scratch["image"]);
        chain.Add(await _bed.BackupAsync(_scratch["image"], chain[^1]));

        for (int level = 0; level < chain.Count; level++)
        {
            await _bed.RestoreAsync(_scratch["restored"], chain[..(level + 1)], overwrite: true);
            Tool.Run("e2fsck", "-fn", _scratch["restored"]);
        }

        await RestoredIs(await File.ReadAllBytesAsync(_scratch["image"]));
        chain[1].Archive.Length.Should().BeLessThan(1 << 20);
    }

    [SkippableFact]
    public async Task A_block_device_is_backed_up_and_restored_to()
    {
        Tool.Require("losetup");
        byte[] image = Images.Random(new Random(8), 8 << 20);
        await File.WriteAllBytesAsync(_scratch["image"], image);
        await File.WriteAllBytesAsync(_scratch["disk"], Images.Dense(2048, seed: 9));
        using LoopDevice source = LoopDevice.Attach(_scratch["image"]);
        using LoopDevice target = LoopDevice.Attach(_scratch["disk"]);

        StoredLevel full = await _bed.BackupAsync(source.Path);
        full.Backup.EngineFacts["length"].Should().Be($"{8 << 20}");

        Func<Task> careless = () => _bed.RestoreAsync(target.Path, [full]);
        await careless.Should().ThrowAsync<BackupException>().WithMessage("*is a device*");
        if (LinuxVolume.IsAvailable)
        {
            using SafeFileHandle mounted = LinuxVolume.ClaimDevice(target.Path);
            Func<Task> intoMounted = () => _bed.RestoreAsync(target.Path, [full], overwrite: true);
            await intoMounted.Should().ThrowAsync<IOException>().WithMessage("*in use*");
        }

        foreach (StoredLevel level in (StoredLevel[])[full with { Manifest = [] }, full])
        {
            await _bed.RestoreAsync(target.Path, [level], overwrite: true);
            (await File.ReadAllBytesAsync(target.Path)).AsSpan().SequenceEqual(image).Should().BeTrue();
        }

        await File.WriteAllBytesAsync(_scratch["image"], Images.Dense(2049));
        StoredLevel larger = await _bed.BackupAsync(_scratch["image"]);
        Func<Task> tooLarge = () => _bed.RestoreAsync(target.Path, [larger], overwrite: true);
        await tooLarge.Should().ThrowAsync<BackupException>().WithMessage($"*{8 << 20} bytes*");
        (await File.ReadAllBytesAsync(target.Path)).AsSpan().SequenceEqual(image).Should().BeTrue("it was refused before anything was written");
    }

    private async Task<StoredLevel> BackupSmallAsync()
    {
        await File.WriteAllBytesAsync(_scratch["image"], Images.Dense(100));
        return await _bed.BackupAsync(_scratch["image"]);
    }

    private async Task RestoredIs(byte[] expected) =>
        (await File.ReadAllBytesAsync(_scratch["restored"])).AsSpan().SequenceEqual(expected).Should().BeTrue();

    private sealed class LoopDevice(string path) : IDisposable
    {
        internal string Path => path;

        internal static LoopDevice Attach(string file)
        {
            (int status, string output, string error) = Tool.TryRun("losetup", "--find", "--show", file);
            Xunit.Skip.IfNot(status == 0, $"loop devices are not permitted here: {error.Trim()}");
            return new LoopDevice(output.Trim());
        }

        public void Dispose() => Tool.Run("losetup", "--detach", path);
    }
}
