using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;
using static Freezer.Tests.Formats.Tar.TarBlocks;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarReaderTests
{
    [Fact]
    public async Task The_prefix_counts_in_headers_of_posix_only()
    {
        Action<byte[]> prefix = block => Put(block, TarLayout.PrefixOffset, "dir/sub");
        Action<byte[]> times = block => Put(block, TarLayout.GnuAccessedOffset, Octal(77) + "\0" + Octal(88));
        List<TarMember> members = await ReadAsync(Header("posix", change: prefix), Header("gnu", magic: Gnu, change: times), Header("old", magic: V7, change: prefix));
        members.Select(Name).Should().Equal("dir/sub/posix", "gnu", "old");
        members[0].Entry.Accessed.Should().BeNull();
        members[1].Entry.Accessed.Should().Be(new UnixTime(77, 0));
    }

    [Fact]
    public async Task The_prefix_of_star_ends_where_its_times_begin()
    {
        TarMember member = await ReadOneAsync(Header("f", change: block =>
        {
            Put(block, TarLayout.PrefixOffset, new string('p', 131) + Octal(1) + " " + Octal(2) + " ");
            Put(block, TarLayout.StarMarkOffset, "tar\0");
        }));
        Name(member).Should().Be(new string('p', 131) + "/f");
    }

    [Theory]
    [InlineData('0')]
    [InlineData('\0')]
    [InlineData('7')]
    [InlineData('?')]
    [InlineData('\u00FF')]
    public async Task What_is_not_known_as_something_else_is_a_file_or_by_its_slash_a_directory(char type)
    {
        List<TarMember> members = await ReadAsync(Header("f", type, 3), Body("abc"), Header("d/", type, magic: V7));
        members[0].Entry.Type.Should().Be(TarEntryType.RegularFile);
        members[0].Content.Should().Equal("abc"u8.ToArray());
        members[1].Entry.Type.Should().Be(TarEntryType.Directory);
    }

    [Fact]
    public async Task Fields_of_a_header_become_those_of_the_entry()
    {
        TarEntry entry = (await ReadOneAsync(Header("dev", '4', change: block =>
        {
            Put(block, TarLayout.ModeOffset, "0104755");
            Put(block, TarLayout.UserNameOffset, "ann");
            Put(block, TarLayout.GroupNameOffset, "users");
            Put(block, TarLayout.DeviceMajorOffset, "0000010\00000021\0");
        }))).Entry;
        entry.Type.Should().Be(TarEntryType.BlockDevice);
        entry.Mode.Should().Be(0x9ED);
        (entry.UserId, entry.GroupId).Should().Be((1000, 100));
        (Text(entry.UserName), Text(entry.GroupName)).Should().Be(("ann", "users"));
        (entry.DeviceMajor, entry.DeviceMinor).Should().Be((8, 17));
        entry.Modified.Should().Be(new UnixTime(1_700_000_000, 0));
    }

    [Fact]
    public async Task Long_names_of_gnu_stand_in_front_of_the_member()
    {
        string name = new('n', 300);
        string target = new('t', 400);
        TarEntry entry = (await ReadOneAsync(
            Header("././@LongLink", 'K', 401, Gnu), Body(target + "\0"),
            Header("././@LongLink", 'L', 301, Gnu), Body(name + "\0"),
            Header("nnn", '2', magic: Gnu, link: "ttt"))).Entry;
        Text(entry.Path).Should().Be(name);
        Text(entry.LinkTarget).Should().Be(target);
    }

    [Fact]
    public async Task Records_win_over_global_ones_and_those_over_the_header()
    {
        List<TarMember> members = await ReadAsync(
            Global(Record("mtime", "5.5"), Record("uname", "global"), Record("comment", "a commit"), Record("gid", "7")),
            Extended(Record("mtime", "-1.25"), Record("path", "first"), Record("path", "last"), Record("size", "3"), Record("unknown", "x")),
            Header("a"), Body("abc"),
            Extended(Record("uname", "own"), Record("uname", "")),
            Header("b"));
        members[0].Entry.Modified.Should().Be(new UnixTime(-2, 750_000_000));
        members[1].Entry.Modified.Should().Be(new UnixTime(5, 500_000_000));
        members.Select(Name).Should().Equal("last", "b");
        members[0].Content.Should().HaveCount(3);
        members.Should().OnlyContain(m => Text(m.Entry.UserName) == "global" && m.Entry.GroupId == 7 && m.Entry.UserId == 1000);
    }

    [Fact]
    public async Task An_entry_knows_where_it_begins_and_where_its_content_lies()
    {
        byte[] label = Header("label", 'V');
        List<TarMember> members = await ReadAsync(label, Header("a", size: 5), Body("hello"), Extended(Record("mtime", "1.5")), Header("b", size: 2), Body("hi"));
        members.Select(m => m.Offset).Should().Equal(512, 512 * 3);
        members.Select(m => m.ContentOffset).Should().Equal(512 * 2, 512 * 6);
    }

    [Fact]
    public async Task Reading_can_start_again_at_every_entry()
    {
        byte[] archive = TarArchive.Write(TarSamples.Members);
        List<TarMember> all = await TarArchive.ReadAsync(archive);
        for (int i = 0; i < all.Count; i++)
        {
            PipeReader tail = PipeReader.Create(new ReadOnlySequence<byte>(archive.AsMemory((int)all[i].Offset)));
            List<TarMember> rest = await TarArchive.ReadAsync(tail, startOffset: all[i].Offset);
            rest.ShouldBe(all[i..]);
            rest.Select(m => (m.Offset, m.ContentOffset)).Should().Equal(all[i..].Select(m => (m.Offset, m.ContentOffset)));
        }
    }

    [Fact]
    public async Task Content_that_is_not_read_is_skipped()
    {
        byte[] archive = Join(Header("a", size: 1000), Body(new string('x', 1000)), Header("b"), End);
        var reader = new TarReader(PipeReader.Create(new ReadOnlySequence<byte>(archive)));
        await reader.ReadEntryAsync(CancellationToken.None);
        ReadOnlySequence<byte> content = await reader.ReadContentAsync(CancellationToken.None);
        reader.AdvanceContent(content.GetPosition(10));
        reader.ContentRemaining.Should().Be(990);
        Text((await reader.ReadEntryAsync(CancellationToken.None))!.Path).Should().Be("b");
        await reader.Invoking(r => r.ReadContentAsync(CancellationToken.None).AsTask()).Should().ThrowAsync<InvalidOperationException>();
        (await reader.ReadEntryAsync(CancellationToken.None)).Should().BeNull();
        (await reader.ReadEntryAsync(CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task Archives_one_after_another_are_read_as_one()
    {
        byte[] zero = new byte[512];
        List<TarMember> members = await ReadAsync(Header("a"), End, zero, Header("b"), zero, Header("c"));
        members.Select(Name).Should().Equal("a", "b", "c");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task An_archive_without_its_end_mark_is_refused(int zeroBlocks)
    {
        await Refused(Join(Header("a"), new byte[512 * zeroBlocks]));
        await Refused(Join(End, Header("a"), new byte[512 * zeroBlocks]));
        await Refused(new byte[512 * zeroBlocks]);
    }

    [Fact]
    public async Task A_failure_of_the_source_and_a_cancellation_surface_as_they_are()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Header("a", size: 10));
        var reader = new TarReader(pipe.Reader);
        await reader.ReadEntryAsync(CancellationToken.None);
        await reader.Invoking(r => r.ReadContentAsync(new CancellationToken(true)).AsTask()).Should().ThrowAsync<OperationCanceledException>();
        await pipe.Writer.CompleteAsync(new TimeoutException("the storage is gone"));
        await reader.Invoking(r => r.ReadContentAsync(CancellationToken.None).AsTask()).Should().ThrowAsync<TimeoutException>();
    }

    [Fact]
    public async Task A_directory_of_gnus_own_type_has_its_listing_as_its_body()
    {
        List<TarMember> members = await ReadAsync(Header("d/", 'D', 4, Gnu), Body("Ya\0\0"), Header("e", 'D', 0, Gnu), Header("f", '5'), Extended(Record("GNU.dumpdir", "\0")), Header("g/", '5'));
        members.Should().OnlyContain(m => m.Entry.Type == TarEntryType.Directory && m.Content.Length == 0);
        members.Select(m => m.Entry.DumpDirectory?.Length).Should().Equal(4, null, null, 1);
        members.Select(Name).Should().Equal("d/", "e/", "f/", "g/");
    }

    [Fact]
    public async Task A_sparse_file_of_gnus_own_type_has_its_map_in_headers()
    {
        const int Extents = 4 + 21 + 3;
        byte[] header = Header("s", 'S', Extents, Gnu, change: block =>
        {
            for (int i = 0; i < 4; i++)
            {
                Put(block, TarLayout.GnuSparseOffset + (24 * i), Octal(1000 * i) + "\0" + Octal(1) + "\0");
            }

            block[TarLayout.GnuIsExtendedOffset] = 1;
            Put(block, TarLayout.GnuRealSizeOffset, Octal(1_000_000));
        });
        byte[] extensions = new byte[1024];
        for (int i = 4; i < Extents; i++)
        {
            Put(extensions, i < 25 ? 24 * (i - 4) : 512 + (24 * (i - 25)), Octal(1000 * i) + "\0" + Octal(1) + "\0");
        }

        extensions[TarLayout.GnuExtensionIsExtendedOffset] = 1;
        TarMember member = await ReadOneAsync(header, extensions, Body(new string('x', Extents)));
        member.Entry.Size.Should().Be(1_000_000);
        member.Entry.Extents.Should().Equal(Enumerable.Range(0, Extents).Select(i => new SparseExtent(1000 * i, 1)));
        member.Content.Should().HaveCount(Extents);
    }

    [Fact]
    public async Task Sparse_files_of_all_versions_are_the_same_entry()
    {
        string[] pairs = [Record("GNU.sparse.offset", "0"), Record("GNU.sparse.numbytes", "2"), Record("GNU.sparse.offset", "600"), Record("GNU.sparse.numbytes", "1"), Record("GNU.sparse.offset", "900"), Record("GNU.sparse.numbytes", "0")];
        List<TarMember> members = await ReadAsync(
            Extended([Record("GNU.sparse.size", "900"), Record("GNU.sparse.numblocks", "3"), .. pairs]),
            Header("s", size: 3), Body("abc"),
            Extended(Record("GNU.sparse.size", "900"), Record("GNU.sparse.numblocks", "3"), Record("GNU.sparse.name", "s"), Record("GNU.sparse.map", "0,2,600,1,900,0")),
            Header("GNUSparseFile.1/s", size: 3), Body("abc"),
            Extended(Record("GNU.sparse.major", "1"), Record("GNU.sparse.minor", "0"), Record("GNU.sparse.name", "s"), Record("GNU.sparse.realsize", "900")),
            Header("GNUSparseFile.1/s", size: 515), Body("3\n0\n2\n600\n1\n900\n0\n"), Body("abc"));
        members.Select(TarArchive.Describe).Distinct().Should().ContainSingle();
        members[0].Entry.Extents.Should().Equal(new SparseExtent(0, 2), new SparseExtent(600, 1));
        members[0].Entry.Size.Should().Be(900);
    }

    [Fact]
    public async Task Limits_hold()
    {
        byte[] records = Extended(Record("path", new string('p', 2000)));
        await Refused(Join(records, Header("a"), End), new TarReaderOptions { LongestPath = 1999 });
        await Refused(Join(records, Header("a"), End), new TarReaderOptions { LongestExtendedHeader = 2000 });
        await Refused(Join(Header("x", 'x', 1L << 32)), new TarReaderOptions());
        await Refused(Join(Header("L", 'L', 1L << 32, Gnu)), new TarReaderOptions());
        await Refused(Join(Header("d/", 'D', 1L << 32, Gnu)), new TarReaderOptions());
        await Refused(Join(SparseHeader(900, 512 + 3), Body("3\n0\n2\n600\n1\n900\n0\n"), Body("abc"), End), new TarReaderOptions { MostExtents = 2 });
    }

    [Fact]
    public async Task An_announced_length_allocates_nothing_before_it_arrives()
    {
        byte[] header = Header("x", 'x', 200 << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        await Refused(header);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
    }

    public static TheoryData<string, byte[]> Attacks => new()
    {
        { "a wrong checksum", [.. Header("a").Select((b, i) => i == 0 ? (byte)'b' : b)] },
        { "a checksum field of zeros", [.. Header("a").Select((b, i) => i is >= 148 and < 156 ? (byte)0 : b)] },
        { "an empty name", Header("") },
        { "a NUL in a path", Join(Extended(Record("path", "a\0b")), Header("a")) },
        { "an empty path", Join(Extended(Record("path", "")), Header("a")) },
        { "a link without a target", Header("a", '2') },
        { "a NUL in a target", Join(Extended(Record("linkpath", "a\0b")), Header("a", '2', link: "x")) },
        { "a negative size", Header("a", change: b => b.AsSpan(TarLayout.SizeOffset, 12).Fill(0xFF)) },
        { "a size of 2^63 - 1", Header("a", change: b => BaseMax(b, TarLayout.SizeOffset)) },
        { "a size beyond 64 bits", Header("a", change: b => b.AsSpan(TarLayout.SizeOffset, 12).Fill(0xA5)) },
        { "a negative size record", Join(Extended(Record("size", "-5")), Header("a")) },
        { "a size record beyond 64 bits", Join(Extended(Record("size", "18446744073709551616")), Header("a")) },
        { "an empty size record", Join(Extended(Record("size", "")), Header("a")) },
        { "a time that is none", Join(Extended(Record("mtime", "yesterday")), Header("a")) },
        { "a record that overruns", Join(Header("x", 'x', 20), Body("99999999999999999999"), Header("a")) },
        { "two extended headers", Join(Extended(Record("uid", "1")), Extended(Record("uid", "2")), Header("a")) },
        { "two names", Join(Header("L", 'L', 2, Gnu), Body("b\0"), Extended(Record("path", "c")), Header("a")) },
        { "an extended header and then the end", Extended(Record("uid", "1")) },
        { "a long name and then the end", Join(Header("L", 'L', 2, Gnu), Body("b\0")) },
        { "an empty long name", Join(Header("L", 'L', 1, Gnu), Body("\0"), Header("a")) },
        { "a global listing", Join(Global(Record("GNU.dumpdir", "\0")), Header("a/", '5')) },
        { "a global path", Join(Global(Record("path", "b")), Header("a")) },
        { "a global size", Join(Global(Record("size", "0")), Header("a")) },
        { "a global attribute", Join(Global(Record("SCHILY.xattr.security.capability", "x")), Header("a")) },
        { "a global sparse map", Join(Global(Record("GNU.sparse.map", "0,1")), Header("a")) },
        { "an empty listing", Join(Extended(Record("GNU.dumpdir", "")), Header("a/", '5')) },
        { "a listing without an end", Join(Extended(Record("GNU.dumpdir", "Ya\0")), Header("a/", '5')) },
        { "a listing of a file", Join(Extended(Record("GNU.dumpdir", "\0")), Header("a")) },
        { "a listing that names another directory", Join(Header("a/", 'D', 9, Gnu), Body("Y../../b\0\0")) },
        { "two listings", Join(Extended(Record("GNU.dumpdir", "\0")), Header("a/", 'D', 1, Gnu), Body("\0")) },
        { "a listing with the type of GNU and the magic of POSIX", Join(Header("a/", 'D', 1), Body("\0")) },
        { "a member of several volumes", Header("a", 'M', magic: Gnu) },
        { "an attribute without a name", Join(Extended(Record("SCHILY.xattr.", "x")), Header("a")) },
        { "extents past the end", Join(SparseHeader(50, 512 + 8), Body("1\n100\n8\n"), Body("12345678")) },
        { "extents that overlap", Join(SparseHeader(50, 512 + 8), Body("2\n0\n4\n2\n4\n"), Body("12345678")) },
        { "extents that descend", Join(SparseHeader(50, 512 + 8), Body("2\n20\n4\n2\n4\n"), Body("12345678")) },
        { "an extent of negative length", Join(SparseHeader(50, 512), Body("1\n0\n-8\n")) },
        { "an extent beyond 64 bits", Join(SparseHeader(50, 512), Body("1\n0\n9999999999999999999\n")) },
        { "an extent that overflows", Join(SparseHeader(long.MaxValue, 512), Body("1\n9223372036854775799\n9223372036854775799\n")) },
        { "four billion extents", Join(SparseHeader(50, 512), Body("4000000000\n0\n1\n")) },
        { "a map with more than is stored", Join(SparseHeader(50, 512 + 4), Body("1\n0\n8\n"), Body("1234")) },
        { "a map with less than is stored", Join(SparseHeader(50, 512 + 4), Body("1\n0\n2\n"), Body("1234")) },
        { "a map without an end", Join(SparseHeader(50, 512), Body("2\n0\n8\n")) },
        { "a map without a number", Join(SparseHeader(50, 512), Body("\n\n\n")) },
        { "a map that is not there", SparseHeader(50, 0) },
        { "a sparse file of version 2", Join(Extended(Record("GNU.sparse.major", "2"), Record("GNU.sparse.minor", "0"), Record("GNU.sparse.realsize", "1")), Header("a")) },
        { "a sparse file without a length", Join(Extended(Record("GNU.sparse.major", "1"), Record("GNU.sparse.minor", "0")), Header("a", size: 512), Body("0\n")) },
        { "a sparse directory", Join(Extended(Record("GNU.sparse.size", "0"), Record("GNU.sparse.numblocks", "0")), Header("a/", '5')) },
        { "an extent without a length", Join(Extended(Record("GNU.sparse.size", "9"), Record("GNU.sparse.numblocks", "1"), Record("GNU.sparse.map", "0,1,2")), Header("a", size: 1), Body("x")) },
        { "a wrong number of extents", Join(Extended(Record("GNU.sparse.size", "9"), Record("GNU.sparse.numblocks", "2"), Record("GNU.sparse.map", "0,1")), Header("a", size: 1), Body("x")) },
        { "a GNU map that goes on behind its end", Join(Header("s", 'S', 0, Gnu, change: b => { b[TarLayout.GnuIsExtendedOffset] = 1; Put(b, TarLayout.GnuRealSizeOffset, Octal(9)); }), new byte[512]) },
        { "a GNU sparse file with the magic of POSIX", Header("s", 'S') },
        { "a device number of text", Header("d", '3', change: b => Put(b, TarLayout.DeviceMajorOffset, "major")) },
        { "a truncated body", Header("a", size: 1 << 20) },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task What_readers_disagree_about_or_stumble_over_is_refused(string what, byte[] archive) =>
        (await Refused(Join(archive, End))).Offset.Should().Be(0, what);

    [Theory]
    [InlineData("a", '1')]
    [InlineData("a", '2')]
    [InlineData("a/", '5')]
    [InlineData("a/", '0')]
    [InlineData("a", '6')]
    public async Task The_length_that_a_member_without_content_states_is_not_that_of_content(string name, char type)
    {
        byte[] header = Header(name, type, 255, link: type is '1' or '2' ? "x" : "");

        (await ReadAsync(header, Header("b"))).Select(Name).Should().Equal(name, "b");
        (await Refused(Join(header, Body("hello"), End))).Offset.Should().Be(512, "content that stands there all the same is no header");
    }

    [Fact]
    public async Task An_error_tells_the_offset_of_the_broken_member() =>
        (await Refused(Join(Header("a"), Extended(Record("mtime", "1")), Header("b", '2'), End))).Offset.Should().Be(512);

    private static byte[] SparseHeader(long realSize, long bodyLength) => Join(
        Extended(Record("GNU.sparse.major", "1"), Record("GNU.sparse.minor", "0"), Record("GNU.sparse.name", "s"), Record("GNU.sparse.realsize", $"{realSize}")),
        Header("GNUSparseFile.0/s", size: bodyLength));

    private static void BaseMax(byte[] block, int offset)
    {
        block.AsSpan(offset, 12).Fill(0xFF);
        block[offset] = 0x80;
        block.AsSpan(offset + 1, 3).Clear();
        block[offset + 4] = 0x7F;
    }

    private static async Task<TarFormatException> Refused(byte[] archive, TarReaderOptions? options = null) =>
        (await FluentActions.Invoking(() => TarArchive.ReadAsync(archive, options)).Should().ThrowAsync<TarFormatException>()).Which;

    private static Task<List<TarMember>> ReadAsync(params byte[][] parts) => TarArchive.ReadAsync(Join([.. parts, End]));

    private static async Task<TarMember> ReadOneAsync(params byte[][] parts) => (await ReadAsync(parts)).Should().ContainSingle().Subject;

    private static string Name(TarMember member) => Text(member.Entry.Path);

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
