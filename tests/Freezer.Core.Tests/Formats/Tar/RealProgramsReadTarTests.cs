using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Formats.Tar;

public sealed class RealProgramsReadTarTests
{
    private static readonly string LongName = string.Join('/', Enumerable.Repeat(new string('n', 200), 4));

    private static IReadOnlyList<TarMember> Members { get; } =
    [
        Member(new TarEntry { Type = TarEntryType.Directory, Path = "./d/"u8.ToArray(), Mode = 0x3ED, UserId = 12, GroupId = 34, Modified = new UnixTime(1_600_000_000, 987_654_321) }),
        Member(new TarEntry { Path = "./d/plain"u8.ToArray(), Mode = 0x9ED, UserId = 1000, GroupId = 100 }, "plain"),
        Member(new TarEntry { Path = "./d/nanoseconds"u8.ToArray(), Mode = 0x1A4, Modified = new UnixTime(1_700_000_000, 1) }, new string('x', 1000)),
        Member(new TarEntry { Path = "./d/before the epoch"u8.ToArray(), Mode = 0x1A4, Modified = new UnixTime(-100, 0) }),
        Member(new TarEntry { Path = "./d/far owner"u8.ToArray(), Mode = 0x180, UserId = 3_000_000, GroupId = 4_294_967_290 }, "o"),
        Member(new TarEntry { Path = "./d/grün"u8.ToArray(), Mode = 0x1A4 }, "green"),
        Member(new TarEntry { Path = [.. "./d/bytes"u8, 0xFF, 0xC3], Mode = 0x1A4 }, "raw"),
        Member(new TarEntry { Path = "./d/new\nline"u8.ToArray(), Mode = 0x1A4 }, "line"),
        Member(new TarEntry { Path = Encoding.ASCII.GetBytes("./" + LongName), Mode = 0x1A4 }, "long"),
        Member(new TarEntry { Path = Encoding.ASCII.GetBytes("./" + new string('e', 98)), Mode = 0x1A4 }, "exactly 100"),
        Member(new TarEntry { Path = "./holes"u8.ToArray(), Mode = 0x1A4, Size = 3 << 20, Extents = [new SparseExtent(1 << 20, 4096), new SparseExtent(2 << 20, 3)] }, new string('h', 4099)),
        Member(new TarEntry { Path = "./hole"u8.ToArray(), Mode = 0x1A4, Size = 1 << 20, Extents = [] }),
        Member(new TarEntry { Type = TarEntryType.SymbolicLink, Path = "./symbolic"u8.ToArray(), Mode = 0x1FF, LinkTarget = Encoding.UTF8.GetBytes("über/" + new string('t', 150)) }),
        Member(new TarEntry { Type = TarEntryType.HardLink, Path = "./hard"u8.ToArray(), Mode = 0x9ED, UserId = 1000, GroupId = 100, LinkTarget = "./d/plain"u8.ToArray() }),
        Member(new TarEntry { Type = TarEntryType.Fifo, Path = "./fifo"u8.ToArray(), Mode = 0x1A4 }),
    ];

    [SkippableTheory]
    [InlineData("tar --numeric-owner -xpf")]
    [InlineData("bsdtar --numeric-owner -xpf")]
    public async Task Everything_is_extracted_as_it_was(string command)
    {
        Tool.Require(command.Split(' ')[0], "find");
        using var tool = new RealTool();
        Skip.IfNot(tool.IsRoot, "only root may set owners");
        await File.WriteAllBytesAsync(tool.In("a.tar"), TarArchive.Write(Members));
        tool.Run($"mkdir out && {command} a.tar -C out");

        Dictionary<string, FoundFile> found = tool.Find("out");
        Dictionary<string, string> sums = tool.Sum("out");
        foreach (TarMember member in Members)
        {
            TarEntry entry = member.Entry;
            string name = Encoding.Latin1.GetString(entry.Path)[2..].TrimEnd('/');
            FoundFile file = found[name];
            file.Type.Should().Be(Letter(entry.Type), name);
            file.Owner.Should().Be($"{entry.UserId}:{entry.GroupId}");
            file.Mode.Should().Be(entry.Mode, name);
            file.Target.Should().Be(entry.Type == TarEntryType.SymbolicLink ? Encoding.Latin1.GetString(entry.LinkTarget) : "");
            PaxTime.TryRead(Encoding.ASCII.GetBytes(file.Modified), out UnixTime modified).Should().BeTrue();
            modified.Should().Be(entry.Modified, name);
            if (entry.Type == TarEntryType.RegularFile)
            {
                file.Size.Should().Be(entry.Size);
                sums[name].Should().Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(member.Fill())), name);
            }
        }

        found["hard"].Inode.Should().Be(found["d/plain"].Inode);
        tool.Run("stat -c %b out/holes").Trim().Should().Match(blocks => int.Parse(blocks) < 3 << 11, "the holes are holes");
    }

    [SkippableTheory]
    [InlineData("tar -tf a.tar --quoting-style=literal --null")]
    [InlineData("bsdtar -tf a.tar")]
    public async Task Everything_is_listed_in_order(string command)
    {
        Tool.Require(command.Split(' ')[0]);
        using var tool = new RealTool();
        TarMember[] listed = [.. Members.Where(m => m.Entry.Path.All(b => b is >= 32 and < 127))];
        await File.WriteAllBytesAsync(tool.In("a.tar"), TarArchive.Write(listed));
        tool.Run(command).Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().Equal(listed.Select(m => Encoding.ASCII.GetString(m.Entry.Path)));
    }

    [SkippableTheory]
    [InlineData("tar --xattrs --xattrs-include='*' -xpf")]
    [InlineData("bsdtar --xattrs -xpf")]
    public async Task Extended_attributes_are_extracted_as_they_were(string command)
    {
        Tool.Require(command.Split(' ')[0], "setfattr", "getfattr");
        using var tool = new RealTool();
        Skip.IfNot(tool.HasAttributes, "the temporary directory has no extended attributes");
        FileAttribute[] attributes = [new("user.binary"u8.ToArray(), [0, 10, (byte)'=', 0xFF]), new("user.empty"u8.ToArray(), [])];
        await File.WriteAllBytesAsync(tool.In("a.tar"), TarArchive.Write(Member(new TarEntry { Path = "f"u8.ToArray(), Mode = 0x1A4, Attributes = attributes })));
        tool.Run($"{command} a.tar");
        tool.Run("getfattr -d -m '^user' -e hex f").Split('\n').Should().Contain(["user.binary=0x000a3dff", "user.empty=0x"]);
    }

    [SkippableFact]
    public async Task Names_of_attributes_with_signs_of_their_own_reach_gnu_tar()
    {
        Tool.Require("tar", "setfattr", "getfattr");
        using var tool = new RealTool();
        Skip.IfNot(tool.HasAttributes, "the temporary directory has no extended attributes");
        FileAttribute[] attributes = [new("user.a=b%c%3D"u8.ToArray(), "v"u8.ToArray())];
        await File.WriteAllBytesAsync(tool.In("a.tar"), TarArchive.Write(Member(new TarEntry { Path = "f"u8.ToArray(), Mode = 0x1A4, Attributes = attributes })));
        tool.Run("tar --xattrs --xattrs-include='*' -xpf a.tar");
        tool.Run("getfattr -n 'user.a=b%c%3D' --only-values f").Should().Be("v");
    }

    [SkippableTheory]
    [InlineData(10)]
    [InlineData(60_000)]
    public async Task Gnu_tar_deletes_what_a_listing_does_not_name(int names)
    {
        Tool.Require("tar");
        using var tool = new RealTool();
        var listing = new System.Buffers.ArrayBufferWriter<byte>();
        for (int i = 0; i < names; i++)
        {
            DumpDirectory.Append(listing, DumpDirectory.Kept, Encoding.ASCII.GetBytes($"name-of-some-length-{i:d8}"));
        }

        DumpDirectory.End(listing);
        var directory = new TarEntry { Type = TarEntryType.Directory, Path = "./d/"u8.ToArray(), Mode = 0x1ED, Modified = new UnixTime(1_000_000_000, 5), DumpDirectory = listing.WrittenSpan.ToArray() };
        byte[] archive = TarArchive.Write(Member(directory), Member(new TarEntry { Path = "./d/name-of-some-length-00000003"u8.ToArray(), Mode = 0x1A4 }, "new"));
        archive.AsSpan(0, TarLayout.BlockLength)[TarLayout.TypeFlagOffset].Should().Be((byte)'x');
        await File.WriteAllBytesAsync(tool.In("a.tar"), archive);

        tool.Run("mkdir -p d/gone && touch d/stranger d/name-of-some-length-00000003 d/name-of-some-length-00000005 && tar --listed-incremental=/dev/null -xf a.tar");
        tool.Run("ls d").Split('\n').Should().Equal("name-of-some-length-00000003", "name-of-some-length-00000005", "");
        tool.Run("cat d/name-of-some-length-00000003; stat -c %.9Y d").Should().Be("new1000000000.000000005\n");
    }

    [SkippableFact]
    public async Task Bsdtar_lists_what_follows_a_very_large_directory()
    {
        Tool.Require("bsdtar");
        using var tool = new RealTool();
        var directory = new TarEntry { Type = TarEntryType.Directory, Path = "d/"u8.ToArray(), Mode = 0x1ED, Modified = new UnixTime(5, 5), DumpDirectory = TarWriterTests.Listing(2_000_000) };
        await File.WriteAllBytesAsync(tool.In("a.tar"), TarArchive.Write(Member(directory), Member(new TarEntry { Path = "f"u8.ToArray() })));
        tool.Run("bsdtar -tf a.tar").Should().Be("d/\nf\n");
    }

    private static char Letter(TarEntryType type) => type switch
    {
        TarEntryType.Directory => 'd',
        TarEntryType.SymbolicLink => 'l',
        TarEntryType.Fifo => 'p',
        _ => 'f',
    };

    private static TarMember Member(TarEntry entry, string content = "")
    {
        entry.Size = entry.Extents is null ? content.Length : entry.Size;
        return new TarMember(entry, Encoding.ASCII.GetBytes(content));
    }
}
