using Freezer.Platform;
using Freezer.Tests.Engines.Tar.Create;

namespace Freezer.Tests.Engines.Tar.Restore;

public abstract partial class RestoreContract
{
    [SkippableFact]
    public async Task Writing_over_replaces_what_the_chain_holds_and_keeps_every_other_name()
    {
        FillDestination();
        byte[] full = Archive()
            .Directory("./", "Dd Yf Yl").File("./f", "from the backup").File("./l", "no link any more")
            .Directory("./d", "Dinner Yx").File("./d/x", "from the backup").Directory("./d/inner", "")
            .End();

        OperationReport run = await Bench.ReplayAsync(Overwrite, full);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("d", "d/inner", "d/inner/mine", "d/mine", "d/x", "f", "l", "mine", "mine-too", "mine-too/x");
        FileShouldBe("f", "from the backup");
        FileShouldBe("l", "no link any more");
        FileShouldBe("d/mine", "mine");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task A_listing_never_removes_what_no_level_contained()
    {
        FillDestination();
        byte[] full = Archive()
            .Directory("./", "Dd Dgone Yf Yold").File("./f", "f").File("./old", "old")
            .Directory("./d", "Yx Yy").File("./d/x", "x").File("./d/y", "y")
            .Directory("./gone", "Yz").File("./gone/z", "z")
            .End();
        byte[] increment = Archive().Directory("./", "Dd Nf").Directory("./d", "Nx").End();
        Directory.CreateDirectory(Bench["gone"]);
        File.WriteAllText(Bench["gone/mine"], "mine");

        OperationReport run = await Bench.ReplayAsync(Overwrite, full, increment);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("d", "d/inner", "d/inner/mine", "d/mine", "d/x", "f", "gone", "gone/mine", "l", "mine", "mine-too", "mine-too/x");
        run.Notes.Should().ContainSingle(note => note.Path == P("gone"));
    }

    [SkippableFact]
    public async Task A_file_does_not_take_the_place_of_a_directory_with_names_of_the_applications_own()
    {
        FillDestination();
        Directory.CreateDirectory(Bench["empty"]);

        OperationReport run = await Bench.ReplayAsync(Overwrite, Archive().File("./mine-too", "a file").File("./empty", "a file").File("./after", "x").End());

        run.Skips.Should().ContainSingle().Which.Path.Should().Be(P("mine-too"));
        FileShouldBe("mine-too/x", "mine");
        FileShouldBe("empty", "a file");
        FileShouldBe("after", "x");
    }

    [SkippableFact]
    public async Task A_link_that_was_there_before_is_not_followed()
    {
        FillDestination();
        Directory.CreateSymbolicLink(Bench["to-outside"], Bench.Outside);
        Directory.CreateSymbolicLink(Bench["replaced"], Bench.Outside);

        OperationReport run = await Bench.ReplayAsync(
            Overwrite, Archive().File("./to-outside/secret", "stolen").Directory("./to-outside/d", "").Directory("./replaced", "").File("./replaced/f", "x").End());

        run.Skips.Should().HaveCount(2);
        FileShouldBe("replaced/f", "x");
        new DirectoryInfo(Bench["replaced"]).LinkTarget.Should().BeNull();
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task A_hard_link_does_not_reach_what_was_there_before()
    {
        Need(FileTreeCapabilities.HardLinks);
        FillDestination();

        OperationReport run = await Bench.ReplayAsync(Overwrite, Archive().HardLink("./h", "./mine").End());

        run.Skips.Should().ContainSingle().Which.Kind.Should().Be(SkipKind.Refused);
        File.Exists(Bench["h"]).Should().BeFalse();
    }

    [SkippableFact]
    public async Task What_was_renamed_is_removed_by_a_later_level_and_nothing_else()
    {
        FillDestination();
        byte[] full = Archive().Directory("./", "Dold").Directory("./old", "Y1 Y2").File("./old/1", "1").File("./old/2", "2").End();
        byte[] renamed = Archive().Directory("./", "Dnew R./old T./new").Directory("./new", "N1 N2").End();
        byte[] removed = Archive().Directory("./", "Dnew").Directory("./new", "N1").End();

        OperationReport run = await Bench.ReplayAsync(Overwrite, full, renamed, removed);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("d", "d/inner", "d/inner/mine", "d/mine", "f", "l", "mine", "mine-too", "mine-too/x", "new", "new/1");
    }

    [SkippableFact]
    public async Task A_direct_restore_over_an_earlier_state_removes_what_the_chain_no_longer_has_and_keeps_the_rest()
    {
        string source = Bench.MakeDirectory("source");
        Fill(source, ("same", "1"), ("gone", "2"), ("dir/inner/gone", "3"), ("to-file/x", "4"), ("to-dir", "5"), ("kept-dir/gone", "6"));
        TarLevel full = await TarLevel.TakeAsync(source, tree: Tree);
        Directory.Delete(Path.Combine(source, "dir"), recursive: true);
        Directory.Delete(Path.Combine(source, "to-file"), recursive: true);
        foreach (string file in (string[])["gone", "to-dir", "kept-dir/gone"])
        {
            File.Delete(Path.Combine(source, file));
        }

        Fill(source, ("to-file", "7"), ("to-dir/y", "8"), ("new", "9"));
        TarLevel increment = await TarLevel.TakeAsync(source, full, Tree);
        await Bench.RunAsync(RestoreOptions.Default, full);
        Fill(Bench.Root, ("mine", "mine"), ("dir/inner/mine", "mine"), ("kept-dir/mine", "mine"));

        OperationReport run = await Bench.RunAsync(Overwrite, full, increment);

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("dir", "dir/inner", "dir/inner/mine", "kept-dir", "kept-dir/mine", "mine", "new", "same", "to-dir", "to-dir/y", "to-file");
        run.Notes.Select(static note => note.Path).Should().Contain([P("dir"), P("dir/inner")]);
    }

    private static void Fill(string root, params (string Path, string Content)[] files)
    {
        foreach ((string path, string content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
            File.WriteAllText(Path.Combine(root, path), content);
        }
    }

    private void FillDestination()
    {
        Bench.MakeDirectory("destination");
        Fill(Bench.Root, ("mine", "mine"), ("f", "mine"), ("d/mine", "mine"), ("d/inner/mine", "mine"), ("mine-too/x", "mine"));
        File.CreateSymbolicLink(Bench["l"], Path.Combine(Bench.Outside, "secret"));
    }
}
