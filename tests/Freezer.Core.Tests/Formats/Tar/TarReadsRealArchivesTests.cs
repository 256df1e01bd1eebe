using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;
using Freezer.Tests.Support;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarReadsRealArchivesTests(TarReadsRealArchivesTests.Trees trees) : IClassFixture<TarReadsRealArchivesTests.Trees>
{
    /// <summary>What every dialect can hold.</summary>
    private const string PlainTree = """
        mkdir -p sub/empty
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
        truncate -s 500000 holes && printf abc >> holes && truncate -s 2M holes && printf end >> holes && truncate -s 3M holes
        i=0; while [ $i -lt 60 ]; do printf x >> many; truncate -s +20000 many; i=$((i + 1)); done
        truncate -s 1M allhole
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
    public async Task Plain_files(string command) => await CompareAsync(command, "plain", PlainTree);

    [SkippableTheory]
    [InlineData("tar --format=oldgnu")]
    [InlineData("tar --format=gnu")]
    [InlineData("tar --format=posix")]
    [InlineData("tar --format=gnu --sparse")]
    [InlineData("tar --format=oldgnu --sparse")]
    [InlineData("tar --sparse --format=posix --sparse-version=0.0")]
    [InlineData("tar --sparse --format=posix --sparse-version=0.1")]
    [InlineData("tar --sparse --format=posix --sparse-version=1.0")]
    [InlineData("tar --format=gnu --listed-incremental=$snapshot")]
    [InlineData("tar --sparse --format=posix --listed-incremental=$snapshot")]
    [InlineData("tar --format=gnu --label=volume")]
    [InlineData("tar --format=posix --label=volume")]
    [InlineData("bsdtar --format=gnutar")]
    [InlineData("bsdtar --format=pax")]
    public async Task Long_names_bytes_and_holes(string command) => await CompareAsync(command, "rich", PlainTree + "\n" + RichTree);

    [SkippableTheory]
    [InlineData("tar --format=posix --xattrs --acls")]
    [InlineData("bsdtar --format=pax --xattrs")]
    public async Task Extended_attributes(string command)
    {
        Tool.Require(command.Split(' ')[0], "setfattr");
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
        Tool.Require("tar");
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
        Tool.Require("tar");
        using var tool = new RealTool();
        tool.Run("printf a > a && printf b > b && tar -cf a.tar a && tar -cf b.tar b && cat a.tar b.tar > both.tar");
        List<TarMember> members = await TarArchive.ReadAsync(await File.ReadAllBytesAsync(tool.In("both.tar")));
        members.Select(m => Encoding.ASCII.GetString(m.Entry.Path)).Should().Equal("a", "b");
    }

    /// <summary>Has a program archive a tree, and compares what is read with what <c>find</c> says of the tree.</summary>
    private async Task CompareAsync(string command, string name, string script)
    {
        Tool.Require(command.Split(' ')[0], "find");
        Tree tree = trees.Get(name, script);
        using var tool = new RealTool();
        tool.Run($"snapshot=$PWD/snapshot\narchive=$PWD/a.tar\ncd '{tree.Path}'\n{command} -cf $archive .");
        bool hasNanoseconds = command.Contains("posix", StringComparison.Ordinal) || command.Contains("pax", StringComparison.Ordinal);
        Dictionary<string, FoundFile> expected = tree.Found;
        byte[] archive = await File.ReadAllBytesAsync(tool.In("a.tar"));
        var seen = new HashSet<string>();
        var contents = new Dictionary<string, byte[]>();
        foreach (TarMember member in await TarArchive.ReadAsync(archive))
        {
            TarEntry entry = member.Entry;
            string path = Encoding.Latin1.GetString(entry.Path)[2..].TrimEnd('/');
            if (path.Length == 0)
            {
                continue;
            }

            FoundFile found = expected[path];
            seen.Add(path).Should().BeTrue("{0} is there once", path);
            PaxTime.TryRead(Encoding.ASCII.GetBytes(found.Modified), out UnixTime modified).Should().BeTrue();
            entry.Modified.Should().Be(hasNanoseconds ? modified : modified with { Nanoseconds = 0 }, path);
            (found.Type == 'l' || entry.Mode == found.Mode).Should().BeTrue(path);
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
                    entry.Size.Should().Be(found.Size, path);
                    contents.Add(path, member.Fill());
                    break;
                default:
                    found.Type.Should().Be(entry.Type == TarEntryType.Directory ? 'd' : 'p');
                    break;
            }
        }

        seen.Should().BeEquivalentTo(expected.Keys);
        foreach ((string file, byte[] content) in contents)
        {
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)).Should().Be(tree.Sums[file], file);
        }
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

    /// <summary>The trees, and what other programs say of them. Made when they are first asked for.</summary>
    public sealed class Trees : IDisposable
    {
        private readonly RealTool _tool = new();
        private readonly Dictionary<string, Tree> _trees = [];

        public void Dispose() => _tool.Dispose();

        internal Tree Get(string name, string script)
        {
            if (!_trees.TryGetValue(name, out Tree? tree))
            {
                _tool.Run($"mkdir {name} && cd {name}\n{script}");
                tree = new Tree(_tool.In(name), _tool.Find(name), _tool.Sum(name));
                _trees.Add(name, tree);
            }

            return tree;
        }
    }

    internal sealed record Tree(string Path, Dictionary<string, FoundFile> Found, Dictionary<string, string> Sums);
}
