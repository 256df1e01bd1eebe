using Freezer.Platform;

namespace Freezer.Tests.Platform;

public abstract partial class FileTreeContract
{
    [SkippableFact]
    public void A_file_holds_what_was_written_where()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using (TargetFile file = directory.CreateFile("file"u8))
        {
            file.WriteAt("tail"u8, 100_000);
            file.WriteAt("head"u8, 0);
            file.SetLength(100_010);
            file.Close();
        }

        byte[] expected = new byte[100_010];
        "head"u8.CopyTo(expected);
        "tail"u8.CopyTo(expected.AsSpan(100_000));
        File.ReadAllBytes(Folder["file"]).Should().Equal(expected);
    }

    [SkippableFact]
    public void A_file_can_be_cut()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);
        file.WriteAt("too much"u8, 0);
        file.SetLength(3);

        file.Status.Size.Should().Be(3);
    }

    [SkippableFact]
    public void A_name_that_is_taken_is_never_written()
    {
        string outside = Folder.AddFile("outside", "untouched");
        Folder.AddDirectory("root");
        Folder.AddFile("root/file", "first");
        Folder.AddDirectory("root/directory");
        Folder.AddLink("root/link", "../outside");
        Folder.AddLink("root/dangling", "../not there");
        using TargetDirectory directory = Tree.OpenTarget(Folder["root"]);

        foreach (string name in new[] { "file", "directory", "link", "dangling" })
        {
            ErrorOf(() => directory.CreateFile(Bytes(name))).Should().Be(FileError.Exists);
            ErrorOf(() => directory.CreateDirectory(Bytes(name))).Should().Be(FileError.Exists);
            ErrorOf(() => directory.CreateSymbolicLink(Bytes(name), "x"u8)).Should().Be(FileError.Exists);
        }

        File.ReadAllText(outside).Should().Be("untouched");
        File.ReadAllText(Folder["root/file"]).Should().Be("first");
        File.Exists(Folder["not there"]).Should().BeFalse();
    }

    [SkippableFact]
    public void What_is_created_is_its_owners_alone()
    {
        Need(FileTreeCapabilities.Modes);
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        directory.CreateFile("file"u8).Dispose();
        directory.CreateDirectory("directory"u8);

        directory.TryStat("file"u8, out FileStatus file).Should().BeTrue();
        directory.TryStat("directory"u8, out FileStatus created).Should().BeTrue();
        Convert.ToString(file.Mode, 8).Should().Be("600");
        Convert.ToString(created.Mode, 8).Should().Be("700");
    }

    [SkippableFact]
    public void A_link_keeps_its_target_and_is_never_followed()
    {
        string outside = Folder.AddFile("outside", "untouched");
        File.SetLastWriteTimeUtc(outside, DateTime.UnixEpoch);
        using TargetDirectory target = Tree.OpenTarget(Folder.Path);
        using SourceDirectory source = Tree.OpenSource(Folder.Path);

        target.CreateSymbolicLink("link"u8, "outside"u8);
        using (TargetNode node = target.OpenNode("link"u8))
        {
            node.SetTimes(new UnixTime(1_000_000, 0));
            node.Status.Kind.Should().Be(FileKind.SymbolicLink);
        }

        source.ReadLink("link"u8).Should().Equal(Bytes("outside"));
        source.Stat("link"u8).Modified.Should().Be(new UnixTime(1_000_000, 0));
        source.Stat("outside"u8).Modified.Should().Be(new UnixTime(0, 0));
    }

    [SkippableFact]
    public void The_mode_of_a_link_is_not_set_through_it()
    {
        Need(FileTreeCapabilities.Modes);
        Folder.AddFile("outside", "untouched");
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        directory.TryStat("outside"u8, out FileStatus before);
        directory.CreateSymbolicLink("link"u8, "outside"u8);
        using TargetNode node = directory.OpenNode("link"u8);

        ErrorOf(() => node.SetMode(0x1FF)).Should().Be(FileError.NotSupported);

        directory.TryStat("outside"u8, out FileStatus after);
        after.Mode.Should().Be(before.Mode);
    }

    [SkippableFact]
    public void Nothing_is_written_behind_a_link_that_takes_a_directorys_place()
    {
        string outside = Folder.AddDirectory("outside");
        Folder.AddDirectory("root/inner/deep");
        using TargetDirectory root = Tree.OpenTarget(Folder["root"]);
        using TargetDirectory inner = root.OpenDirectory("inner"u8);
        using TargetDirectory deep = inner.OpenDirectory("deep"u8);

        Directory.Move(Folder["root/inner"], Folder["moved"]);
        Directory.CreateDirectory(Folder["outside/deep"]);
        Folder.AddLink("root/inner", outside);

        // Descriptors stay with the directory that was opened; paths must refuse.
        foreach (Action change in new Action[]
        {
            () => deep.CreateFile("file"u8).Dispose(),
            () => deep.CreateDirectory("directory"u8),
            () => inner.CreateSymbolicLink("link"u8, "x"u8),
            () => inner.CreateFile("file"u8).Dispose(),
        })
        {
            try
            {
                change();
            }
            catch (FileSystemException exception)
            {
                exception.Error.Should().Be(FileError.IsALink);
            }
        }

        ErrorOf(() => root.OpenDirectory("inner"u8)).Should().Be(FileError.IsALink);
        Directory.EnumerateFileSystemEntries(outside, "*", SearchOption.AllDirectories).Should().Equal(Path.Join(outside, "deep"));
    }

    [SkippableFact]
    public void Files_and_links_are_removed_and_directories_are_not()
    {
        string outside = Folder.AddFile("outside", "untouched");
        Folder.AddFile("file");
        Folder.AddDirectory("directory");
        Folder.AddLink("link", "outside");
        Folder.AddLink("link to a directory", "directory");
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);

        directory.RemoveFile("file"u8);
        directory.RemoveFile("link"u8);
        directory.RemoveFile("link to a directory"u8);

        ErrorOf(() => directory.RemoveFile("directory"u8)).Should().Be(FileError.IsADirectory);
        ErrorOf(() => directory.RemoveFile("missing"u8)).Should().Be(FileError.NotFound);
        directory.ListNames().Select(name => EntryPath.ToText(name)).Should().BeEquivalentTo("directory", "outside");
        File.ReadAllText(outside).Should().Be("untouched");
    }

    [SkippableFact]
    public void Only_an_empty_directory_is_removed_as_one()
    {
        Folder.AddDirectory("empty");
        Folder.AddDirectory("full");
        Folder.AddFile("full/file");
        Folder.AddFile("file");
        Folder.AddLink("link", "empty");
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);

        ErrorOf(() => directory.RemoveDirectory("link"u8)).Should().Be(FileError.NotADirectory);
        ErrorOf(() => directory.RemoveDirectory("file"u8)).Should().Be(FileError.NotADirectory);
        ErrorOf(() => directory.RemoveDirectory("full"u8)).Should().Be(FileError.DirectoryNotEmpty);
        ErrorOf(() => directory.RemoveDirectory("missing"u8)).Should().Be(FileError.NotFound);
        directory.RemoveDirectory("empty"u8);

        directory.TryStat("empty"u8, out _).Should().BeFalse();
        directory.TryStat("full"u8, out FileStatus status).Should().BeTrue();
        status.Kind.Should().Be(FileKind.Directory);
    }

    [SkippableFact]
    public void Modes_are_set_to_the_last_bit()
    {
        Need(FileTreeCapabilities.Modes);
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        directory.CreateDirectory("directory"u8);
        using TargetDirectory inner = directory.OpenDirectory("directory"u8);
        using TargetFile file = directory.CreateFile("file"u8);

        foreach (int mode in new[] { 0x1A4, 0x000, 0x1ED, 0x9ED, 0x5ED, 0x3ED, 0xFFF })
        {
            file.SetMode(mode);
            file.Status.Mode.Should().Be(mode);
            inner.SetMode(mode);
            inner.Status.Mode.Should().Be(mode);
        }

        file.Invoking(f => f.SetMode(0x1000)).Should().Throw<ArgumentOutOfRangeException>();
        inner.SetMode(0x1C0);
    }

    [SkippableTheory]
    [InlineData(0, 0)]
    [InlineData(1_700_000_000, 123_456_700)]
    [InlineData(-1, 500_000_000)]
    [InlineData(-100_000_000, 100)]
    [InlineData(4_000_000_000, 0)]
    public void Times_are_set(long seconds, int nanoseconds)
    {
        var time = new UnixTime(seconds, nanoseconds);
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        directory.CreateDirectory("directory"u8);
        using TargetDirectory inner = directory.OpenDirectory("directory"u8);
        using TargetFile file = directory.CreateFile("file"u8);

        file.SetTimes(time, time.AddSeconds(60));
        inner.SetTimes(time);

        file.Status.Modified.Should().Be(time);
        inner.Status.Modified.Should().Be(time);
        File.GetLastAccessTimeUtc(Folder["file"]).Should().Be(time.AddSeconds(60).ToDateTimeOffset().UtcDateTime);
        Directory.GetLastAccessTimeUtc(Folder["directory"]).Should().Be(time.ToDateTimeOffset().UtcDateTime);
    }

    [SkippableTheory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(1L << 50)]
    public void A_time_that_cannot_be_kept_is_an_error(long seconds)
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);

        ErrorOf(() => file.SetTimes(new UnixTime(seconds, 0))).Should().Be(FileError.NotSupported);
    }

    [SkippableFact]
    public void Two_handles_of_a_directory_live_apart()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        TargetDirectory second = directory.Duplicate();
        second.CreateDirectory("one"u8);
        second.Dispose();

        directory.CreateDirectory("two"u8);

        directory.ListNames().Should().HaveCount(2);
        directory.Status.Kind.Should().Be(FileKind.Directory);
    }

    [SkippableFact]
    public void What_a_tree_cannot_do_it_refuses()
    {
        using TargetDirectory directory = Tree.OpenTarget(Folder.Path);
        using TargetFile file = directory.CreateFile("file"u8);
        var refused = new Dictionary<FileTreeCapabilities, Action>
        {
            [FileTreeCapabilities.Owners] = () => file.SetOwner(1, 1),
            [FileTreeCapabilities.HardLinks] = () => directory.CreateHardLink("second"u8, directory, "file"u8),
            [FileTreeCapabilities.Attributes] = () => file.SetAttribute("user.a"u8, "b"u8),
            [FileTreeCapabilities.AnyByteInNames] = () => directory.CreateDirectory([0xFF]),
            [FileTreeCapabilities.Fifos] = () => directory.CreateFifo("fifo"u8),
            [FileTreeCapabilities.Devices] = () => directory.CreateDevice("device"u8, FileKind.CharacterDevice, 1, 3),
        };

        foreach ((FileTreeCapabilities capability, Action call) in refused)
        {
            if (!Tree.Capabilities.HasFlag(capability))
            {
                ErrorOf(call).Should().Be(FileError.NotSupported);
            }
        }

        directory.ListNames().Count.Should().BeGreaterThanOrEqualTo(1);
    }
}
