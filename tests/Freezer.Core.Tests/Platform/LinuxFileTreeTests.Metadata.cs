using System.Globalization;
using Freezer.Platform;
using Freezer.Platform.Linux;
using Freezer.Tests.Support;

namespace Freezer.Tests.Platform;

public sealed partial class LinuxFileTreeTests
{
    [SkippableTheory]
    [InlineData(1_700_000_000, 123_456_789)]
    [InlineData(-1_500_000_000, 999_999_999)]
    [InlineData(-1, 1)]
    public void Times_are_kept_to_the_nanosecond_on_everything(long seconds, int nanoseconds)
    {
        var time = new UnixTime(seconds, nanoseconds);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        target.CreateFile("file"u8).Dispose();
        target.CreateDirectory("directory"u8);
        target.CreateSymbolicLink("link"u8, "file"u8);
        target.CreateFifo("fifo"u8);

        foreach (string name in new[] { "file", "directory", "link", "fifo" })
        {
            using TargetNode node = target.OpenNode(Bytes(name));
            node.SetTimes(time, time.AddSeconds(1));

            node.Status.Modified.Should().Be(time);
            Tool.Run("stat", "-c", "%.9Y %.9X", Folder[name]).TrimEnd().Should().Be($"{StatText(time)} {StatText(time.AddSeconds(1))}");
        }

        // stat(1) shows a time before 1970 as a negative number with its fraction.
        static string StatText(UnixTime time) => ((time.Seconds * (decimal)UnixTime.NanosecondsPerSecond + time.Nanoseconds) / UnixTime.NanosecondsPerSecond)
            .ToString("F9", CultureInfo.InvariantCulture);
    }

    [SkippableFact]
    public void A_time_that_means_something_else_to_the_system_is_refused()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);

        file.Invoking(f => f.SetTimes(new UnixTime(0, 0x3FFFFFFF))).Should().Throw<ArgumentOutOfRangeException>();
        file.Invoking(f => f.SetTimes(new UnixTime(0, 0), new UnixTime(0, -1))).Should().Throw<ArgumentOutOfRangeException>();
    }

    [SkippableTheory]
    [InlineData(0u, 0u)]
    [InlineData(1234u, 4321u)]
    [InlineData(3_000_000_000u, 4_294_967_294u)]
    public void Owners_are_set_on_everything(uint userId, uint groupId)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root gives files away");
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        target.CreateFile("file"u8).Dispose();
        target.CreateSymbolicLink("link"u8, "file"u8);
        target.CreateFifo("fifo"u8);
        target.CreateDirectory("directory"u8);
        using (TargetDirectory directory = target.OpenDirectory("directory"u8))
        {
            directory.SetOwner(userId, groupId);
        }

        foreach (string name in new[] { "link", "fifo" })
        {
            using TargetNode node = target.OpenNode(Bytes(name));
            node.SetOwner(userId, groupId);
        }

        foreach (string name in new[] { "directory", "link", "fifo" })
        {
            target.TryStat(Bytes(name), out FileStatus status).Should().BeTrue();
            (status.UserId, status.GroupId).Should().Be((userId, groupId));
        }

        target.TryStat("file"u8, out FileStatus untouched).Should().BeTrue();
        untouched.UserId.Should().Be(0);
    }

    [SkippableFact]
    public void The_id_that_means_leave_it_is_refused()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);

        ErrorOf(() => file.SetOwner(uint.MaxValue, 0)).Should().Be(FileError.NotSupported);
        ErrorOf(() => file.SetOwner(0, uint.MaxValue)).Should().Be(FileError.NotSupported);
    }

    [SkippableFact]
    public void A_user_may_not_give_files_away()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);

        ThreadPrivileges.Without(() => ErrorOf(() => file.SetOwner(12_345, 12_345)).Should().Be(FileError.AccessDenied));
    }

    [SkippableFact]
    public void A_set_group_id_bit_that_the_system_drops_is_an_error()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root gives files to other groups");
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);
        file.SetOwner(0, 54_321);

        FileError withoutPrivilege = default;
        ThreadPrivileges.Without(() => withoutPrivilege = ErrorOf(() => file.SetMode(0x5ED)));
        file.SetMode(0x5ED);

        withoutPrivilege.Should().Be(FileError.AccessDenied);
        file.Status.Mode.Should().Be(0x5ED);
    }

    [SkippableFact]
    public void Modes_of_nodes_are_set_without_opening_them()
    {
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        target.CreateFifo("fifo"u8);
        using TargetNode node = target.OpenNode("fifo"u8);

        node.SetMode(0x1B6);
        node.Status.Mode.Should().Be(0x1B6);
        node.Status.Kind.Should().Be(FileKind.Fifo);
    }

    [SkippableFact]
    public void Old_kernels_are_served_through_proc()
    {
        Folder.AddFile("outside", "untouched");
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        target.CreateFifo("fifo"u8);
        target.CreateSymbolicLink("link"u8, "outside"u8);
        target.TryStat("outside"u8, out FileStatus before);
        using var fifo = (LinuxTargetNode)target.OpenNode("fifo"u8);
        using var link = (LinuxTargetNode)target.OpenNode("link"u8);
        var time = new UnixTime(-5, 999_999_999);

        fifo.Metadata.SetNodeModeByPath(0x124);
        fifo.Metadata.SetNodeTimesByPath(time, time);
        link.Metadata.SetNodeTimesByPath(time, time);
        link.Invoking(l => l.Metadata.SetNodeModeByPath(0x1FF)).Should().Throw<FileSystemException>();

        fifo.Status.Mode.Should().Be(0x124);
        fifo.Status.Modified.Should().Be(time);
        link.Status.Modified.Should().Be(time);
        target.TryStat("outside"u8, out FileStatus after);
        after.Should().Be(before);
    }

    [SkippableFact]
    public void Hard_links_share_an_inode()
    {
        Folder.AddFile("outside", "untouched");
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        target.CreateDirectory("directory"u8);
        using TargetDirectory inner = target.OpenDirectory("directory"u8);
        target.CreateFile("file"u8).Dispose();
        target.CreateSymbolicLink("link"u8, "outside"u8);

        inner.CreateHardLink("second"u8, target, "file"u8);
        inner.CreateHardLink("second link"u8, target, "link"u8);

        target.TryStat("file"u8, out FileStatus file);
        inner.TryStat("second"u8, out FileStatus second);
        inner.TryStat("second link"u8, out FileStatus link);
        second.Inode.Should().Be(file.Inode);
        second.LinkCount.Should().Be(2);
        link.Kind.Should().Be(FileKind.SymbolicLink);
        ErrorOf(() => inner.CreateHardLink("second"u8, target, "file"u8)).Should().Be(FileError.Exists);
        ErrorOf(() => inner.CreateHardLink("third"u8, target, "missing"u8)).Should().Be(FileError.NotFound);
    }

    [SkippableTheory]
    [InlineData(true, 1u, 3u)]
    [InlineData(false, 7u, 250u)]
    [InlineData(true, 4095u, 1048575u)]
    public void Devices_are_made_as_they_were(bool isCharacterDevice, uint major, uint minor)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root makes devices");
        FileKind kind = isCharacterDevice ? FileKind.CharacterDevice : FileKind.BlockDevice;
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);

        target.CreateDevice("device"u8, kind, major, minor);
        using (TargetNode node = target.OpenNode("device"u8))
        {
            node.SetMode(0x1B0);
        }

        FileStatus status = source.Stat("device"u8);
        (status.Kind, status.DeviceMajor, status.DeviceMinor, status.Mode).Should().Be((kind, major, minor, 0x1B0));
        Tool.Run("stat", "-c", "%F %Hr %Lr", Folder["device"]).Should().Be($"{(isCharacterDevice ? "character" : "block")} special file {major} {minor}\n");
    }

    [SkippableFact]
    public void A_device_that_has_no_number_is_refused()
    {
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);

        target.Invoking(t => t.CreateDevice("device"u8, FileKind.CharacterDevice, 5000, 0)).Should().Throw<FileSystemException>();
        target.Invoking(t => t.CreateDevice("device"u8, FileKind.CharacterDevice, 0, 1 << 20)).Should().Throw<FileSystemException>();
        target.Invoking(t => t.CreateDevice("device"u8, FileKind.Regular, 0, 0)).Should().Throw<ArgumentOutOfRangeException>();
        target.ListNames().Should().BeEmpty();
    }

    [SkippableFact]
    public void Holes_are_found_and_made()
    {
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using (TargetFile file = target.CreateFile("sparse"u8))
        {
            file.WriteAt(new byte[4096].Select(_ => (byte)1).ToArray(), 1 << 20);
            file.WriteAt(new byte[4096].Select(_ => (byte)2).ToArray(), 4 << 20);
            file.SetLength(8 << 20);
        }

        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using SourceFile sparse = source.OpenFile("sparse"u8);
        Skip.If(sparse.Status.Allocated >= sparse.Status.Size, "the file system keeps no holes");

        var extents = new List<(long, long)>();
        for (long at = 0; sparse.TryFindData(at, out long start, out long end); at = end)
        {
            extents.Add((start, end));
        }

        extents.Should().Equal((1 << 20, (1 << 20) + 4096), (4 << 20, (4 << 20) + 4096));
        sparse.TryFindData(9 << 20, out _, out _).Should().BeFalse();
    }

    [SkippableFact]
    public void A_file_that_is_all_hole_has_no_data()
    {
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using (TargetFile file = target.CreateFile("hole"u8))
        {
            file.SetLength(1L << 40);
        }

        using SourceDirectory source = Tree.OpenSource(Folder.Path);
        using SourceFile hole = source.OpenFile("hole"u8);

        hole.Status.Size.Should().Be(1L << 40);
        hole.TryFindData(0, out _, out _).Should().BeFalse();
    }
}
