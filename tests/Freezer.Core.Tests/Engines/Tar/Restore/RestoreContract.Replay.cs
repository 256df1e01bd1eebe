using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Engines.Tar.Restore;

public abstract partial class RestoreContract
{
    [SkippableFact]
    public async Task A_missing_destination_is_made()
    {
        OperationReport run = await Bench.ReplayAsync(Archive().Directory("./").Directory("./d").File("./d/f", "content").End());

        run.Skips.Should().BeEmpty();
        FileShouldBe("d/f", "content");
        ShouldHoldExactly("d", "d/f");
    }

    [SkippableFact]
    public async Task A_destination_that_is_a_file_is_refused()
    {
        File.WriteAllText(Bench.Root, "in the way");

        Func<Task> restore = () => Bench.ReplayAsync(Archive().File("./f", "x").End());

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*is not a directory*");
        File.ReadAllText(Bench.Root).Should().Be("in the way");
    }

    [SkippableFact]
    public async Task A_destination_that_is_not_empty_is_refused_unless_it_is_to_be_written_over()
    {
        Bench.MakeDirectory("destination");
        File.WriteAllText(Bench["mine"], "mine");

        Func<Task> restore = () => Bench.ReplayAsync(Archive().File("./f", "x").End());

        (await restore.Should().ThrowAsync<BackupException>()).WithMessage("*not empty*Overwrite*");
        ShouldHoldExactly("mine");
    }

    [SkippableFact]
    public async Task A_destination_that_is_a_link_to_a_directory_is_followed()
    {
        string real = Bench.MakeDirectory("real");
        Directory.CreateSymbolicLink(Bench.Root, real);

        await Bench.ReplayAsync(Archive().File("./f", "content").End());

        File.ReadAllText(Path.Combine(real, "f")).Should().Be("content");
    }

    [SkippableFact]
    public async Task Modes_and_times_of_files_and_directories_are_those_of_the_archive()
    {
        Need(FileTreeCapabilities.Modes);
        var later = new UnixTime(1_700_000_000, 500);
        await Bench.ReplayAsync(Archive()
            .Directory("./", change: entry => entry.Modified = later)
            .Directory("./d", change: entry => entry.Mode = 0x16D)
            .File("./d/f", "x", entry => entry.Mode = 0x100)
            .Directory("./d/e", change: entry => (entry.Mode, entry.Modified) = (0x1C0, new UnixTime(-5, 0)))
            .File("./d/e/g", "y")
            .End());

        Status("d").Mode.Should().Be(0x16D);
        Status("d/f").Mode.Should().Be(0x100);
        Status("d/e").Mode.Should().Be(0x1C0);
        Status("d").Modified.Should().Be(ArchiveBuilder.Time);
        Status("d/f").Modified.Should().Be(ArchiveBuilder.Time);
        Status("d/e").Modified.Should().Be(new UnixTime(-5, 0));
        Status(".").Modified.Seconds.Should().Be(later.Seconds);
    }

    [SkippableFact]
    public async Task An_archive_that_lists_all_directories_first_leaves_their_times_right()
    {
        await Bench.ReplayAsync(Archive()
            .Directory("./").Directory("./a").Directory("./a/b").Directory("./c")
            .File("./one", "1").File("./a/two", "2").File("./a/b/three", "3").File("./c/four", "4").File("./a/five", "5")
            .End());

        foreach (string directory in (string[])[".", "a", "a/b", "c"])
        {
            Status(directory).Modified.Should().Be(ArchiveBuilder.Time, directory);
        }
    }

    [SkippableFact]
    public async Task Directories_that_the_archive_leaves_out_are_made_for_their_owner_alone()
    {
        Need(FileTreeCapabilities.Modes);
        await Bench.ReplayAsync(Archive().File("./a/b/f", "content").End());

        FileShouldBe("a/b/f", "content");
        Status("a").Mode.Should().Be(0x1C0);
        Status("a/b").Mode.Should().Be(0x1C0);
    }

    [SkippableFact]
    public async Task The_last_of_several_members_of_a_name_counts()
    {
        await Bench.ReplayAsync(Archive()
            .File("./f", "first").File("./f", "second")
            .File("./g", new byte[400_000]).File("./g", "small")
            .File("./d", "file").Directory("./d").File("./d/x", "in it")
            .Directory("./e").File("./e/x", "gone").Directory("./e/y").File("./e/y/z", "gone").File("./e", "file")
            .Link("./l", "f").File("./l", "no link")
            .File("./m", "file").Link("./m", "f")
            .End());

        FileShouldBe("f", "second");
        FileShouldBe("g", "small");
        FileShouldBe("d/x", "in it");
        FileShouldBe("e", "file");
        FileShouldBe("l", "no link");
        new FileInfo(Bench["m"]).LinkTarget.Should().Be("f");
    }

    [SkippableFact]
    public async Task A_hundred_members_of_one_name_leave_the_last_one()
    {
        ArchiveBuilder archive = Archive();
        for (int i = 0; i < 100; i++)
        {
            archive.File("./f", $"version {i}").File($"./other-{i}", "x");
        }

        await Bench.ReplayAsync(archive.End());

        FileShouldBe("f", "version 99");
        Bench.Names().Should().HaveCount(101);
    }

    [SkippableFact]
    public async Task Sparse_files_keep_their_holes_and_length()
    {
        byte[] data = Enumerable.Range(0, 8192).Select(static i => (byte)i).ToArray();
        await Bench.ReplayAsync(Archive()
            .File("./sparse", data, entry => (entry.Size, entry.Extents) = (64 << 20, [new SparseExtent(4096, 4096), new SparseExtent(1 << 20, 4096), new SparseExtent(64 << 20, 0)]))
            .File("./hole", [], entry => (entry.Size, entry.Extents) = (1 << 20, [new SparseExtent(1 << 20, 0)]))
            .End());

        byte[] restored = File.ReadAllBytes(Bench["sparse"]);
        restored.Should().HaveCount(64 << 20);
        restored.AsSpan(4096, 4096).SequenceEqual(data.AsSpan(0, 4096)).Should().BeTrue();
        restored.AsSpan(1 << 20, 4096).SequenceEqual(data.AsSpan(4096)).Should().BeTrue();
        restored.Count(static value => value != 0).Should().Be(data.Count(static value => value != 0));
        new FileInfo(Bench["hole"]).Length.Should().Be(1 << 20);
        if (Tree.Capabilities.HasFlag(FileTreeCapabilities.Holes))
        {
            Status("sparse").Allocated.Should().BeLessThan(1 << 20);
        }
    }

    [SkippableFact]
    public async Task Hard_links_share_one_file()
    {
        Need(FileTreeCapabilities.HardLinks);
        OperationReport run = await Bench.ReplayAsync(Archive()
            .Directory("./d").File("./d/first", "content").HardLink("./second", "./d/first").HardLink("./third", "second").HardLink("./third", "third")
            .End());

        run.Skips.Should().BeEmpty();
        Status("second").Inode.Should().Be(Status("d/first").Inode);
        Status("third").Inode.Should().Be(Status("d/first").Inode);
    }

    [SkippableFact]
    public async Task A_fifo_is_made()
    {
        Need(FileTreeCapabilities.Fifos);
        await Bench.ReplayAsync(Archive().Fifo("./pipe").End());

        Status("pipe").Kind.Should().Be(FileKind.Fifo);
        Status("pipe").Mode.Should().Be(ArchiveBuilder.FileMode);
    }

    [SkippableFact]
    public async Task A_later_level_removes_adds_and_replaces()
    {
        byte[] full = Archive()
            .Directory("./", "Ddir2file Yfile2dir Ygone Dgone-dir Ykept Ymodified")
            .File("./file2dir", "file").File("./gone", "gone").File("./kept", "kept").File("./modified", "before")
            .Directory("./dir2file", "Yx").File("./dir2file/x", "x")
            .Directory("./gone-dir", "Dinner Yy").File("./gone-dir/y", "y")
            .Directory("./gone-dir/inner", "Yz").File("./gone-dir/inner/z", "z")
            .End();
        byte[] increment = Archive()
            .Directory("./", "Yadded Ydir2file Dfile2dir Nkept Ymodified")
            .File("./added", "added").File("./dir2file", "now a file").File("./modified", "after")
            .Directory("./file2dir", "Yin").File("./file2dir/in", "now a directory")
            .End();

        OperationReport run = await Bench.ReplayAsync(full, increment);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("added", "dir2file", "file2dir", "file2dir/in", "kept", "modified");
        FileShouldBe("dir2file", "now a file");
        FileShouldBe("file2dir/in", "now a directory");
        FileShouldBe("modified", "after");
        Status(".").Modified.Should().Be(ArchiveBuilder.Time);
    }

    [SkippableFact]
    public async Task A_file_that_is_replaced_without_its_directory_leaves_the_directorys_time()
    {
        await Bench.ReplayAsync(
            Archive().Directory("./", "Dd").Directory("./d", "Yf").File("./d/f", "before").End(),
            Archive().File("./d/f", "after").End());

        FileShouldBe("d/f", "after");
        Status("d").Modified.Should().Be(ArchiveBuilder.Time);
    }

    [SkippableFact]
    public async Task A_listing_that_comes_again_without_a_name_removes_it()
    {
        await Bench.ReplayAsync(
            Archive().Directory("./", "Ya Yb").File("./a", "a").File("./b", "b").Directory("./", "Ya").End());

        ShouldHoldExactly("a");
    }

    [SkippableFact]
    public async Task Renames_of_foreign_archives_are_followed()
    {
        byte[] full = Archive()
            .Directory("./", "Dold Dp Dq").Directory("./old", "Yo").Directory("./p", "Y1").Directory("./q", "Y2")
            .File("./old/o", "o").File("./p/1", "was in p").File("./q/2", "was in q")
            .End();
        byte[] increment = Archive()
            .Directory("./", "Dp Dq Drenamed X. R./q T R./p T./q R T./p R./old T./renamed")
            .Directory("./p", "N2").Directory("./q", "N1").Directory("./renamed", "No")
            .End();

        OperationReport run = await Bench.ReplayAsync(full, increment);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("p", "p/2", "q", "q/1", "renamed", "renamed/o");
        FileShouldBe("p/2", "was in q");
        Status("renamed").Modified.Should().Be(ArchiveBuilder.Time);
    }

    [SkippableFact]
    public async Task A_rename_onto_a_directory_of_the_chain_takes_its_place()
    {
        byte[] full = Archive().Directory("./", "Da Db").Directory("./a", "Y1").Directory("./b", "Y2").File("./a/1", "a").File("./b/2", "b").End();
        byte[] increment = Archive().Directory("./", "Db R./a T./b").Directory("./b", "N1").End();

        OperationReport run = await Bench.ReplayAsync(full, increment);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("b", "b/1");
    }

    [SkippableFact]
    public async Task A_rename_whose_source_is_missing_is_reported_and_nothing_is_removed()
    {
        byte[] full = Archive().Directory("./", "Ya Yb").File("./a", "a").File("./b", "b").End();

        OperationReport run = await Bench.ReplayAsync(full, Archive().Directory("./", "Na R./never T./new").End());

        run.Skips.Should().ContainSingle().Which.Reason.Should().Contain("never");
        ShouldHoldExactly("a", "b");
    }

    [SkippableFact]
    public async Task Only_what_is_asked_for_is_restored()
    {
        byte[] full = Archive()
            .Directory("./", "Da Dab Yx").File("./x", "x")
            .Directory("./a", "Yf Dg").File("./a/f", "f").Directory("./a/g", "Yh Yi").File("./a/g/h", "h").File("./a/g/i", "i")
            .Directory("./ab", "Yf").File("./ab/f", "f")
            .End();
        byte[] increment = Archive().Directory("./a/g", "Yi").File("./a/g/i", "changed").End();

        await Bench.ReplayAsync(new RestoreOptions { Include = [P("a/g"), P("x")] }, full, increment);

        ShouldHoldExactly("a", "a/g", "a/g/i", "x");
        FileShouldBe("a/g/i", "changed");
    }

    [SkippableFact]
    public async Task A_path_that_is_asked_for_and_not_there_is_an_error_that_names_it()
    {
        byte[] full = Archive().Directory("./", "Ya Yb").File("./a", "a").File("./b", "b").End();
        byte[] increment = Archive().Directory("./", "Na").End();

        Func<Task> never = () => Bench.ReplayAsync(new RestoreOptions { Include = [P("a"), P("no/such")] }, full);
        (await never.Should().ThrowAsync<BackupException>()).WithMessage("*'no/such'*");

        Directory.Delete(Bench.Root, recursive: true);
        Func<Task> deleted = () => Bench.ReplayAsync(new RestoreOptions { Include = [P("b")] }, full, increment);
        (await deleted.Should().ThrowAsync<BackupException>()).WithMessage("*'b'*");
    }

    [SkippableFact]
    public async Task Progress_counts_entries_and_bytes()
    {
        OperationReport run = await Bench.ReplayAsync(Archive().Directory("./").File("./f", new byte[1000]).File("./large", new byte[700_000]).End());

        run.Entries.Should().Be(3);
        run.Bytes.Should().Be(701_000);
    }
}
