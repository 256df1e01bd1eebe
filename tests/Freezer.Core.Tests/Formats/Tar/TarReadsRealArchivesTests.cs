using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarReadsRealArchivesTests
{
    /// <summary>What every dialect can hold.</summary>
    private const string PlainTree = """
        mkdir -p tree/sub/empty && cd tree
        printf hello > file && printf '' > nothing && head -c 100000 /dev/urandom > sub/large
        ln -s sub/large link && ln file sub/hard
        chmod 4751 file && chmod 2700 sub
        touch -d '1999-12-31 23:59:59.123456789' file && touch -d '2001-01-01' sub/large sub
        """;

    /// <summary>What needs a dialect with room for it.</summary>
    private const string RichTree = """
        long=$(printf 'n%.0s' $(seq 200)); mkdir -p deep/$long/$long && echo deep > deep/$long/$long/$long && ln -s $long/$long longlink
        printf x > 'new
        line' && printf y > "$(printf 'bytes\377\303')" && printf z > grün
        truncate -s 30M holes && printf abc | dd of=holes bs=1 seek=5000000 conv=notrunc status=none && printf end | dd of=holes bs=1 seek=20000000 conv=notrunc status=none
        i=0; while [ $i -lt 60 ]; do printf x | dd of=many bs=1 seek=$((i * 20000)) conv=notrunc status=none; i=$((i + 1)); done
        truncate -s 5M allhole
        mkfifo fifo
        """;

    [SkippableTheory]
    [InlineData("tar --format=v7")]
    [InlineData("tar --format=oldgnu")]
    [InlineData("tar --format=gnu")]
    [InlineData("tar --format=ustar")]
    [InlineData("tar --format=posix")]
    [InlineData("bsdtar --format=ustar")]
    [InlineData("bsdtar --format=gnutar")]
    [InlineData("bsdtar --format=pax")]
    [InlineData("bsdtar --format=v7")]
    public async Task Plain_files(string command) => await CompareAsync(command, PlainTree);

    [SkippableTheory]
    [InlineData("tar --format=oldgnu")]
    [InlineData("tar --format=gnu")]
    [InlineData("tar --format=posix")]
    [InlineData("tar --format=gnu --sparse")]
    [InlineData("tar --format=oldgnu --sparse")]
    [InlineData("tar --sparse --format=posix --sparse-version=0.0")]
    [InlineData("tar --sparse --format=posix --sparse-version=0.1")]
    [InlineData("tar --sparse --format=posix --sparse-version=1.0")]
    [InlineData("tar --format=gnu --listed-incremental=../snapshot")]
    [InlineData("tar --sparse --format=posix --listed-incremental=../snapshot")]
    [InlineData("tar --format=gnu --label=volume")]
    [InlineData("tar --format=posix --label=volume")]
    [InlineData("bsdtar --format=gnutar")]
    [InlineData("bsdtar --format=pax")]
    public async Task Long_names_bytes_and_holes(string command) => await CompareAsync(command, PlainTree + "\n" + RichTree);

    [SkippableTheory]
    [InlineData("tar --format=posix --xattrs --acls")]
    [InlineData("bsdtar --format=pax --xattrs")]
    public async Task Extended_attributes(string command)
    {
        RealTool.Require(command.Split(' ')[0], "setfattr");
        using var tool = new RealTool();
        Skip.IfNot(tool.HasAttributes, "the temporary directory has no extended attributes");
        tool.Run($"mkdir tree && cd tree && touch f && setfattr -n user.text -v value f && setfattr -n user.binary -v 0x000a3dff f && {command} -cf ../a.tar .");
        TarMember member = (await TarArchive.ReadAsync(await File.ReadAllBytesAsync(tool.In("a.tar")))).Single(m => m.Entry.Path.AsSpan().EndsWith("f"u8));
        member.Entry.Attributes.Select(a => (Encoding.ASCII.GetString(a.Name), Convert.ToHexString(a.Value)))
            .Should().BeEquivalentTo([("user.text", "76616C7565"), ("user.binary", "000A3DFF")]);
    }

    [SkippableTheory]
    [InlineData("gnu")]
    [InlineData("posix")]
    public async Task Listings_and_renames_of_incremental_archives(string format)
    {
        RealTool.Require("tar");
        using var tool = new RealTool();
        tool.Run($"""
            mkdir -p tree/old tree/gone && printf a > tree/old/a && printf s > tree/same && touch -d yesterday tree/same tree/old/a
            tar -C tree --format={format} --listed-incremental=snapshot -cf 0.tar .
            mv tree/old tree/renamed && rm -r tree/gone && printf n > tree/new
            tar -C tree --format={format} --listed-incremental=snapshot -cf 1.tar .
            """);
        TarEntry full = (await TarArchive.ReadAsync(await File.ReadAllBytesAsync(tool.In("0.tar"))))[0].Entry;
        Listing(full).Should().Equal("Dgone", "Dold", "Ysame");
        TarEntry increment = (await TarArchive.ReadAsync(await File.ReadAllBytesAsync(tool.In("1.tar"))))[0].Entry;
        Listing(increment).Should().Contain(["Ynew", "Drenamed", "R./old", "T./renamed"]);
        full.Accessed.Should().NotBeNull();
    }

    [SkippableFact]
    public async Task Archives_joined_by_cat_and_compressed_by_nobody()
    {
        RealTool.Require("tar");
        using var tool = new RealTool();
        tool.Run("printf a > a && printf b > b && tar -cf a.tar a && tar -cf b.tar b && cat a.tar b.tar > both.tar");
        List<TarMember> members = await TarArchive.ReadAsync(await File.ReadAllBytesAsync(tool.In("both.tar")));
        members.Select(m => Encoding.ASCII.GetString(m.Entry.Path)).Should().Equal("a", "b");
    }

    /// <summary>Has a program archive a tree, and compares what is read with what <c>find</c> says of the tree.</summary>
    private static async Task CompareAsync(string command, string script)
    {
        RealTool.Require(command.Split(' ')[0], "find");
        using var tool = new RealTool();
        tool.Run(script + $"\n{command} -cf ../a.tar .");
        bool hasNanoseconds = command.Contains("posix", StringComparison.Ordinal) || command.Contains("pax", StringComparison.Ordinal);
        Dictionary<string, FoundFile> expected = tool.Find("tree");
        byte[] archive = await File.ReadAllBytesAsync(tool.In("a.tar"));
        var seen = new HashSet<string>();
        var contents = new Dictionary<string, byte[]>();
        foreach (TarMember member in await TarArchive.ReadAsync(archive))
        {
            TarEntry entry = member.Entry;
            string name = Encoding.Latin1.GetString(entry.Path)[2..].TrimEnd('/');
            if (name.Length == 0)
            {
                continue;
            }

            FoundFile found = expected[name];
            seen.Add(name).Should().BeTrue("{0} is there once", name);
            PaxTime.TryRead(Encoding.ASCII.GetBytes(found.Modified), out UnixTime modified).Should().BeTrue();
            entry.Modified.Should().Be(hasNanoseconds ? modified : modified with { Nanoseconds = 0 }, name);
            (found.Type == 'l' || entry.Mode == found.Mode).Should().BeTrue(name);
            $"{entry.UserId}:{entry.GroupId}".Should().Be(found.Owner);
            switch (entry.Type)
            {
                case TarEntryType.HardLink:
                    expected[Encoding.Latin1.GetString(entry.LinkTarget)[2..]].Inode.Should().Be(found.Inode);
                    break;
                case TarEntryType.SymbolicLink:
                    Encoding.Latin1.GetString(entry.LinkTarget).Should().Be(found.Target);
                    break;
                case TarEntryType.RegularFile:
                    entry.Size.Should().Be(found.Size, name);
                    contents.Add(name, Fill(member));
                    break;
                default:
                    found.Type.Should().Be(entry.Type == TarEntryType.Directory ? 'd' : 'p');
                    break;
            }
        }

        seen.Should().BeEquivalentTo(expected.Keys);
        CompareContents(tool, contents);
    }

    private static void CompareContents(RealTool tool, Dictionary<string, byte[]> contents)
    {
        string[] sums = tool.Run("cd tree && find . -type f -exec sha256sum --zero {} +").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in sums)
        {
            if (contents.TryGetValue(line[(64 + 4)..], out byte[]? content))
            {
                Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)).Should().Be(line[..64]);
            }
        }

        sums.Length.Should().BeGreaterThanOrEqualTo(contents.Count);
    }

    private static byte[] Fill(TarMember member)
    {
        if (member.Entry.Extents is null)
        {
            return member.Content;
        }

        byte[] whole = new byte[member.Entry.Size];
        int position = 0;
        foreach (SparseExtent extent in member.Entry.Extents)
        {
            member.Content.AsSpan(position, (int)extent.Length).CopyTo(whole.AsSpan((int)extent.Offset));
            position += (int)extent.Length;
        }

        return whole;
    }

    private static List<string> Listing(TarEntry entry)
    {
        var names = new List<string>();
        ReadOnlySpan<byte> rest = entry.DumpDirectory;
        while (DumpDirectory.TryRead(ref rest, out byte code, out ReadOnlySpan<byte> name))
        {
            names.Add((char)code + Encoding.Latin1.GetString(name));
        }

        return names;
    }
}
