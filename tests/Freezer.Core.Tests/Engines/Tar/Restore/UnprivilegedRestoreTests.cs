using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>What a user gets who may not set owners, and whom modes hold back.</summary>
public sealed class UnprivilegedRestoreTests : IDisposable
{
    private const uint Nobody = 65_534;

    private readonly RestoreBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [SkippableTheory]
    [InlineData(false, "note")]
    [InlineData(true, "skip")]
    public void An_owner_that_may_not_be_set_is_told_and_takes_the_set_uid_bit_along(bool isStrict, string told)
    {
        string[] report = UnprivilegedRestore.Run(_bench, isStrict, new ArchiveBuilder()
            .File("./own", "x", static entry => (entry.UserId, entry.GroupId) = (Nobody, Nobody))
            .File("./other", "x", static entry => (entry.UserId, entry.GroupId, entry.Mode) = (0, 0, 0x9ED))
            .End());

        report.Should().HaveCount(2).And.OnlyContain(line => line.StartsWith($"{told} other", StringComparison.Ordinal));
        report[0].Should().Contain("owner 0:0");
        TreeSnapshot.Take(_bench.Root, TreeAspects.Modes | TreeAspects.Owners).Entries[EntryPath.Parse("other")].Should().StartWith($"Regular 755 {Nobody}:{Nobody}");
    }

    [SkippableFact]
    public void A_hard_link_leads_into_a_directory_that_its_owner_may_not_enter()
    {
        static void Own(Freezer.Formats.Tar.TarEntry entry, int mode) => (entry.UserId, entry.GroupId, entry.Mode) = (Nobody, Nobody, mode);
        byte[] full = new ArchiveBuilder()
            .Directory("./", "Dclosed Dopen", static entry => Own(entry, 0x1ED))
            .Directory("./closed", "Dinner", static entry => Own(entry, 0))
            .Directory("./closed/inner", "Yx", static entry => Own(entry, 0x100)).File("./closed/inner/x", "x", static entry => Own(entry, 0x100))
            .Directory("./open", "Yx Yy", static entry => Own(entry, 0x140)).HardLink("./open/x", "./closed/inner/x").File("./open/y", "y", static entry => Own(entry, 0x100))
            .End();

        UnprivilegedRestore.Run(_bench, true, full).Should().BeEmpty();

        File.ReadAllText(_bench["open/x"]).Should().Be("x");
        IReadOnlyDictionary<EntryPath, string> entries = TreeSnapshot.Take(_bench.Root, TreeAspects.Modes | TreeAspects.Nanoseconds | TreeAspects.HardLinks).Entries;
        string time = $"{ArchiveBuilder.Time.Seconds}.{ArchiveBuilder.Time.Nanoseconds:D9}";
        entries[EntryPath.Parse("open/x")].Should().EndWith("linked closed/inner/x = open/x");
        entries[EntryPath.Parse("closed")].Should().Be($"Directory 0 - {time}");
        entries[EntryPath.Parse("closed/inner")].Should().Be($"Directory 400 - {time}");
        entries[EntryPath.Parse("open")].Should().Be($"Directory 500 - {time}");
    }

    [SkippableFact]
    public void A_directory_that_its_owner_may_list_and_not_enter_is_restored_into()
    {
        static void Own(Freezer.Formats.Tar.TarEntry entry, int mode) => (entry.UserId, entry.GroupId, entry.Mode) = (Nobody, Nobody, mode);
        byte[] full = new ArchiveBuilder()
            .Directory("./", "Dlisted", static entry => Own(entry, 0x1ED))
            .Directory("./listed", "Ygone Dinner", static entry => Own(entry, 0x100)).File("./listed/gone", "x", static entry => Own(entry, 0x100))
            .Directory("./listed/inner", "Yx", static entry => Own(entry, 0x100)).File("./listed/inner/x", "before", static entry => Own(entry, 0x100))
            .End();
        byte[] increment = new ArchiveBuilder()
            .Directory("./listed", "Dinner", static entry => Own(entry, 0x100))
            .Directory("./listed/inner", "Yx", static entry => Own(entry, 0x100)).File("./listed/inner/x", "after", static entry => Own(entry, 0x100))
            .End();

        UnprivilegedRestore.Run(_bench, true, full, increment).Should().BeEmpty();

        _bench.Names().Should().Equal("listed", "listed/inner", "listed/inner/x");
        File.ReadAllText(_bench["listed/inner/x"]).Should().Be("after");
        IReadOnlyDictionary<EntryPath, string> entries = TreeSnapshot.Take(_bench.Root, TreeAspects.Modes | TreeAspects.Nanoseconds).Entries;
        string time = $"{ArchiveBuilder.Time.Seconds}.{ArchiveBuilder.Time.Nanoseconds:D9}";
        entries[EntryPath.Parse("listed")].Should().Be($"Directory 400 - {time}");
        entries[EntryPath.Parse("listed/inner")].Should().Be($"Directory 400 - {time}");
    }

    [SkippableFact]
    public void A_device_is_skipped()
    {
        string[] report = UnprivilegedRestore.Run(_bench, false, new ArchiveBuilder().Device("./null", 1, 3).End());

        report.Should().ContainSingle().Which.Should().StartWith("skip null Unwritable");
    }

    [SkippableFact]
    public void Directories_that_their_owner_may_not_write_or_enter_are_restored_and_restored_into()
    {
        static void Own(Freezer.Formats.Tar.TarEntry entry, int mode) => (entry.UserId, entry.GroupId, entry.Mode) = (Nobody, Nobody, mode);
        byte[] full = new ArchiveBuilder()
            .Directory("./", "Dclosed Dprotected", static entry => Own(entry, 0x16D))
            .Directory("./protected", "Ychanged Ygone Dinner", static entry => Own(entry, 0x140))
            .File("./protected/changed", "before", static entry => Own(entry, 0x100)).File("./protected/gone", "x", static entry => Own(entry, 0x100))
            .Directory("./protected/inner", "Yx", static entry => Own(entry, 0x140)).File("./protected/inner/x", "x", static entry => Own(entry, 0x100))
            .Directory("./closed", "Yx", static entry => Own(entry, 0)).File("./closed/x", "before", static entry => Own(entry, 0))
            .End();
        byte[] increment = new ArchiveBuilder()
            .Directory("./protected", "Ychanged", static entry => Own(entry, 0x140))
            .File("./protected/changed", "after", static entry => Own(entry, 0x100))
            .File("./closed/x", "after", static entry => Own(entry, 0))
            .File("./new", "x", static entry => Own(entry, 0x100))
            .End();

        UnprivilegedRestore.Run(_bench, true, full, increment).Should().BeEmpty();

        _bench.Names().Should().Equal("closed", "closed/x", "new", "protected", "protected/changed");
        File.ReadAllText(_bench["protected/changed"]).Should().Be("after");
        File.ReadAllText(_bench["closed/x"]).Should().Be("after");
        IReadOnlyDictionary<EntryPath, string> entries = TreeSnapshot.Take(_bench.Root, TreeAspects.Modes | TreeAspects.Nanoseconds).Entries;
        string time = $"{ArchiveBuilder.Time.Seconds}.{ArchiveBuilder.Time.Nanoseconds:D9}";
        entries[EntryPath.Root].Should().Be($"Directory 555 - {time}");
        entries[EntryPath.Parse("protected")].Should().Be($"Directory 500 - {time}");
        entries[EntryPath.Parse("closed")].Should().Be($"Directory 0 - {time}");
    }
}
