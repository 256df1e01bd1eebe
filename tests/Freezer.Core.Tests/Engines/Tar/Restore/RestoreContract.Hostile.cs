using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Engines.Tar.Restore;

public abstract partial class RestoreContract
{
    private const int Deep = 20_000;

    [SkippableTheory]
    [InlineData("../outside/new")]
    [InlineData("./a/../../outside/new")]
    [InlineData("..")]
    [InlineData("a/..")]
    [InlineData("/../outside/new")]
    public async Task A_name_that_leads_upwards_is_refused_and_the_rest_is_restored(string name)
    {
        OperationReport run = await Bench.ReplayAsync(Archive().File("./before", "1").File(name, new byte[300_000]).Directory(name).File("./after", "2").End());

        run.Skips.Should().HaveCount(2).And.OnlyContain(static skip => skip.Kind == SkipKind.Refused);
        ShouldHoldExactly("after", "before");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task Absolute_names_are_restored_below_the_destination_and_said_once()
    {
        OperationReport run = await Bench.ReplayAsync(Archive().File($"{Bench.Outside}/new", "x").File("/etc//./f", "y").End());

        run.Skips.Should().BeEmpty();
        run.Notes.Should().ContainSingle(static note => note.Reason.Contains("absolute", StringComparison.Ordinal));
        FileShouldBe(Bench.Outside[1..] + "/new", "x");
        FileShouldBe("etc/f", "y");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task Nothing_goes_through_a_link_that_the_archive_made()
    {
        OperationReport run = await Bench.ReplayAsync(Archive()
            .Link("./l", "../outside").Link("./absolute", Bench.Outside).Link("./chain", "l/d")
            .File("./l/secret", "overwritten").File("./l/new", "new").File("./absolute/new", "new").File("./chain/new", "new")
            .Directory("./l/d", "").Directory("./absolute/d", "")
            .HardLink("./stolen", "./l/secret").HardLink("./stolen-too", "./absolute/d/inner")
            .Link("./l/link", "x").Fifo("./l/pipe")
            .End());

        ShouldHoldExactly("absolute", "chain", "l");
        run.Skips.Should().HaveCount(10).And.OnlyContain(static skip => skip.Kind == SkipKind.Refused);
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task A_directory_takes_the_place_of_a_link()
    {
        OperationReport run = await Bench.ReplayAsync(Archive().Link("./l", "../outside").Directory("./l", "").File("./l/secret", "mine").End());

        run.Skips.Should().BeEmpty();
        FileShouldBe("l/secret", "mine");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task A_file_takes_the_place_of_a_link_and_is_not_written_through_it()
    {
        OperationReport run = await Bench.ReplayAsync(Archive()
            .Link("./l", "../outside/secret").File("./l", "mine")
            .Link("./m", "../outside/secret").File("./m", new byte[400_000])
            .Link("./created", "../outside/created").File("./created", "mine")
            .End());

        run.Skips.Should().BeEmpty();
        FileShouldBe("l", "mine");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task A_hard_link_reaches_only_what_was_restored()
    {
        Need(FileTreeCapabilities.HardLinks);
        OperationReport run = await Bench.ReplayAsync(Archive()
            .HardLink("./a", "../outside/secret").HardLink("./b", $"{Bench.Outside}/secret").HardLink("./c", "./missing").HardLink("./self", "./self").HardLink("./root", ".")
            .Directory("./d").HardLink("./e", "./d")
            .Link("./l", "../outside/secret").HardLink("./f", "./l").File("./f", "mine")
            .End());

        run.Skips.Should().HaveCount(6).And.OnlyContain(static skip => skip.Kind == SkipKind.Refused);
        ShouldHoldExactly("d", "f", "l");
        FileShouldBe("f", "mine");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableFact]
    public async Task A_listing_removes_nothing_behind_a_link()
    {
        OperationReport run = await Bench.ReplayAsync(
            Archive().Directory("./", "Yl Yx").Link("./l", "../outside").File("./x", "x").End(),
            Archive().Directory("./l/d", "").Directory("./l/", "").Directory("./l/d", "").End());

        run.Skips.Should().ContainSingle();
        ShouldHoldExactly("l", "l/d", "x");
        Bench.OutsideShouldBeUntouched();
    }

    [SkippableTheory]
    [InlineData("R../outside/secret T./stolen")]
    [InlineData("R./x T../outside/x")]
    [InlineData("R./l/secret T./stolen")]
    [InlineData("R./x T./l/x")]
    [InlineData("X../outside R./x T R T./y")]
    [InlineData("X/etc/../../outside R./x T")]
    [InlineData("Xl R./x T R T./y")]
    [InlineData("R./x")]
    [InlineData("T./x R./x")]
    [InlineData("R T./y")]
    [InlineData("R. T./y")]
    [InlineData("R./dir T./dir/inner")]
    public async Task A_rename_leaves_neither_the_destination_nor_anything_removed(string renames)
    {
        byte[] full = Archive().Directory("./", "Ddir Yl Yx Yz").Directory("./dir", "").Link("./l", "../outside").File("./x", "x").File("./z", "z").End();

        OperationReport run = await Bench.ReplayAsync(full, Archive().Directory("./", $"Nx {renames}").End());

        run.Skips.Should().NotBeEmpty();
        Bench.OutsideShouldBeUntouched();
        Bench.Names().Should().Contain("z", "a listing with a rename that fails removes nothing");
    }

    [SkippableFact]
    public async Task Hostile_members_in_every_order_touch_nothing_outside()
    {
        Action<ArchiveBuilder>[] members =
        [
            static archive => archive.Link("./l", "../outside"),
            static archive => archive.File("./l/secret", "overwritten"),
            static archive => archive.Directory("./l", ""),
            static archive => archive.HardLink("./h", "./l/secret"),
            static archive => archive.File("./l", "a file"),
        ];
        foreach (int[] order in Permutations(members.Length))
        {
            ArchiveBuilder archive = Archive();
            foreach (int index in order)
            {
                members[index](archive);
            }

            byte[] bytes = archive.End();
            using var bench = new RestoreBench(Tree);
            await bench.ReplayAsync(bytes, bytes);
            bench.OutsideShouldBeUntouched();
        }
    }

    [SkippableFact]
    public async Task A_tree_of_twenty_thousand_levels_is_restored_and_removed()
    {
        Need(FileTreeCapabilities.LongPaths);
        string bottom = string.Concat(Enumerable.Repeat("d/", Deep)) + "f";

        OperationReport run = await Bench.ReplayAsync(
            Archive().Directory("./", "Dd").File(bottom, "at the bottom").End(),
            Archive().HardLink("./saved", bottom).Directory("./", "Ysaved").End());

        run.Skips.Should().BeEmpty();
        ShouldHoldExactly("saved");
        FileShouldBe("saved", "at the bottom");
    }

    [SkippableFact]
    public async Task Devices_and_set_uid_bits_need_trust()
    {
        Need(FileTreeCapabilities.Devices);
        byte[] archive = Archive()
            .Device("./null", 1, 3)
            .File("./program", "x", static entry => entry.Mode = 0x9ED)
            .Directory("./shared", change: static entry => entry.Mode = 0x5ED)
            .File("./capable", "x", static entry => entry.Attributes = [new FileAttribute("security.capability"u8.ToArray(), [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])])
            .End();

        OperationReport run = await Bench.ReplayAsync(new RestoreOptions { Untrusted = true }, archive);

        run.Skips.Should().ContainSingle().Which.Kind.Should().Be(SkipKind.Refused);
        run.Notes.Should().HaveCount(3);
        Status("program").Mode.Should().Be(0x1ED);
        Status("shared").Mode.Should().Be(0x1ED);
        ShouldHoldExactly("capable", "program", "shared");
    }

    [SkippableFact]
    public async Task A_trusted_backup_gets_its_devices_and_set_uid_bits_from_root()
    {
        Need(FileTreeCapabilities.Devices);
        Xunit.Skip.IfNot(Environment.IsPrivilegedProcess, "only root may make devices");
        OperationReport run = await Bench.ReplayAsync(Archive()
            .Device("./null", 1, 3)
            .File("./program", "x", static entry => (entry.Mode, entry.UserId) = (0x9ED, 12_345))
            .End());

        run.Skips.Should().BeEmpty();
        Status("null").Kind.Should().Be(FileKind.CharacterDevice);
        Status("null").DeviceMinor.Should().Be(3);
        Status("program").Mode.Should().Be(0x9ED);
        Status("program").UserId.Should().Be(12_345);
    }

    [SkippableFact]
    public async Task A_file_that_claims_to_be_larger_than_any_file_system_allows_is_skipped()
    {
        OperationReport run = await Bench.ReplayAsync(Archive()
            .File("./huge", "x"u8.ToArray(), static entry => (entry.Size, entry.Extents) = (1L << 62, [new SparseExtent(0, 1), new SparseExtent(1L << 62, 0)]))
            .File("./after", "content")
            .End());

        run.Skips.Should().ContainSingle().Which.Path.Should().Be(P("huge"));
        ShouldHoldExactly("after");
    }

    [SkippableFact]
    public async Task A_header_that_announces_more_than_there_is_fails_without_its_memory()
    {
        byte[] archive = Archive().File("./f", "content").End();
        byte[] bomb = Archive().File("./" + new string('n', 200), "x").End();
        bomb[156].Should().Be((byte)'x');
        Encoding.ASCII.GetBytes("60000000000", bomb.AsSpan(124));
        bomb.AsSpan(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte value in bomb.AsSpan(0, 512))
        {
            sum += value;
        }

        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0", bomb.AsSpan(148));

        long before = GC.GetTotalAllocatedBytes();
        Func<Task> restore = () => Bench.ReplayAsync([.. archive, .. bomb]);

        (await restore.Should().ThrowAsync<BackupDamagedException>()).WithMessage("*level 0*");
        // The count is the whole process's, other tests included: it tells what is announced (6 GiB) from what is there.
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(1L << 30);
        ShouldHoldExactly("f");
    }

    [SkippableFact]
    public async Task A_name_that_the_file_system_does_not_take_is_skipped()
    {
        OperationReport run = await Bench.ReplayAsync(Archive().File("./" + new string('n', 300), "x").File("./after", "content").End());

        run.Skips.Should().ContainSingle().Which.Kind.Should().Be(SkipKind.Unwritable);
        ShouldHoldExactly("after");
    }

    private static IEnumerable<int[]> Permutations(int count)
    {
        if (count == 0)
        {
            yield return [];
            yield break;
        }

        foreach (int[] shorter in Permutations(count - 1))
        {
            for (int i = 0; i <= shorter.Length; i++)
            {
                yield return [.. shorter[..i], count - 1, .. shorter[i..]];
            }
        }
    }
}
