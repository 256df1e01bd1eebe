using System.Buffers;
using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarWriterTests
{
    [Fact]
    public void A_plain_file_takes_one_block_in_the_layout_of_posix()
    {
        byte[] block = Header(new TarEntry
        {
            Path = "./dir/file"u8.ToArray(),
            Mode = 0x1A4,
            UserId = 1000,
            GroupId = 100,
            UserName = "ann"u8.ToArray(),
            GroupName = "users"u8.ToArray(),
            Size = 5,
            Modified = new UnixTime(1_700_000_000, 0),
        });

        block.Should().Equal(TarBlocks.Header("./dir/file", size: 5, change: expected =>
        {
            TarBlocks.Put(expected, TarLayout.UserNameOffset, "ann");
            TarBlocks.Put(expected, TarLayout.GroupNameOffset, "users");
            TarBlocks.Put(expected, TarLayout.DeviceMajorOffset, "0000000\00000000");
        }));
    }

    [Fact]
    public void What_a_header_has_no_room_for_stands_in_records_in_front_of_it()
    {
        byte[] bytes = Header(new TarEntry
        {
            Path = "./päth"u8.ToArray(),
            UserId = 3_000_000,
            GroupId = 4_294_967_290,
            GroupName = Encoding.ASCII.GetBytes(new string('g', 32)),
            Size = 1L << 33,
            Modified = new UnixTime(-2, 500_000_000),
            Accessed = new UnixTime(7, 0),
            Attributes = [new FileAttribute("user.a=b%"u8.ToArray(), [0, 10, 0xFF]), new FileAttribute("user.empty"u8.ToArray(), [])],
        });

        Records(bytes).Should().Be(
            "16 path=./p\u00C3\u00A4th\n42 gname=gggggggggggggggggggggggggggggggg\n15 uid=3000000\n18 gid=4294967290\n19 size=8589934592\n14 mtime=-1.5\n"
            + "11 atime=7\n" + "34 SCHILY.xattr.user.a%3Db%25=\0\n\u00FF\n" + "28 SCHILY.xattr.user.empty=\n");
        bytes[TarLayout.TypeFlagOffset].Should().Be((byte)'x');
        Text(bytes, 0, 100).Should().Be("./PaxHeaders/p\u00C3\u00A4th");
        byte[] member = bytes[^512..];
        Text(member, TarLayout.SizeOffset, 12).Should().Be("00000000000");
        Text(member, TarLayout.UserIdOffset, 8).Should().Be("0000000");
        Text(member, TarLayout.ModifiedOffset, 12).Should().Be("00000000000");
        Text(member, TarLayout.GroupNameOffset, 32).Should().BeEmpty();
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(101, true)]
    public void A_name_needs_a_record_once_it_is_longer_than_its_field(int length, bool needsRecord) =>
        (Header(new TarEntry { Path = Encoding.ASCII.GetBytes(new string('n', length)) }).Length > 512).Should().Be(needsRecord);

    [Fact]
    public void Names_that_are_not_utf_8_are_marked_so()
    {
        Records(Header(new TarEntry { Path = [(byte)'a', 0xFF] })).Should().Be("21 hdrcharset=BINARY\n11 path=a\u00FF\n");
        Records(Header(new TarEntry { Path = "ä"u8.ToArray() })).Should().NotContain("hdrcharset");
    }

    [Fact]
    public void The_name_of_an_extended_header_is_cut_to_its_field()
    {
        string path = new string('d', 60) + "/" + new string('f', 60);
        Text(Header(new TarEntry { Path = Encoding.ASCII.GetBytes(path) }), 0, 100)
            .Should().Be(new string('d', 60) + "/PaxHeaders/" + new string('f', 28));
    }

    [Fact]
    public void A_directory_gets_its_slash_and_its_listing_a_record()
    {
        byte[] bytes = Header(new TarEntry { Type = TarEntryType.Directory, Path = "."u8.ToArray(), DumpDirectory = [0] });
        Records(bytes).Should().Be("17 GNU.dumpdir=\0\n");
        Text(bytes, 0, 100).Should().Be("./PaxHeaders/.");
        Text(bytes[^512..], 0, 100).Should().Be("./");
    }

    [Fact]
    public void A_sparse_file_has_its_map_in_front_of_its_data_and_a_made_up_name()
    {
        byte[] bytes = Header(new TarEntry { Path = "d/f"u8.ToArray(), Size = 10L << 30, Extents = [new SparseExtent(1 << 20, 4096)] });
        Records(bytes).Should().Be("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n23 GNU.sparse.name=d/f\n35 GNU.sparse.realsize=10737418240\n");
        Text(bytes[1024..], 0, 100).Should().Be("d/GNUSparseFile.0/f");
        Text(bytes[1024..], TarLayout.SizeOffset, 12).Should().Be(TarBlocks.Octal(512 + 4096));
        Text(bytes[1536..], 0, 512).Should().Be("2\n1048576\n4096\n10737418240\n0\n");
        bytes.Should().HaveCount(2048);
    }

    [Theory]
    [InlineData(999_979, 'x')]
    [InlineData(999_980, 'D')]
    public void A_listing_that_would_make_the_extended_header_too_long_becomes_the_body_of_a_gnu_directory(int listingLength, char firstType)
    {
        byte[] listing = Listing(listingLength);
        byte[] bytes = Header(new TarEntry { Type = TarEntryType.Directory, Path = "d/"u8.ToArray(), Modified = new UnixTime(1, 0), DumpDirectory = listing, Attributes = [] }, out long position);
        ((char)bytes[TarLayout.TypeFlagOffset]).Should().Be(firstType);
        position.Should().Be(bytes.Length);
        if (firstType == 'D')
        {
            Text(bytes, TarLayout.MagicOffset, 8).Should().Be("ustar  ");
            bytes.AsSpan(512, listingLength).SequenceEqual(listing).Should().BeTrue();
        }
        else
        {
            Text(bytes, TarLayout.SizeOffset, 12).Should().Be(TarBlocks.Octal(PaxRecord.Measure("GNU.dumpdir".Length, listingLength)));
        }
    }

    [Fact]
    public void Contradictions_are_refused_and_nothing_is_written()
    {
        TarEntry[] refused =
        [
            new TarEntry { Path = [] },
            new TarEntry { Path = "a\0b"u8.ToArray() },
            new TarEntry { Path = "a/"u8.ToArray() },
            new TarEntry { Path = "a"u8.ToArray(), Type = (TarEntryType)'7' },
            new TarEntry { Path = "a"u8.ToArray(), Type = TarEntryType.SymbolicLink },
            new TarEntry { Path = "a"u8.ToArray(), LinkTarget = "b"u8.ToArray() },
            new TarEntry { Path = "a"u8.ToArray(), Type = TarEntryType.Fifo, Size = 1 },
            new TarEntry { Path = "a"u8.ToArray(), Size = -1 },
            new TarEntry { Path = "a"u8.ToArray(), UserId = -1 },
            new TarEntry { Path = "a"u8.ToArray(), Mode = 0x1000 },
            new TarEntry { Path = "a"u8.ToArray(), Modified = new UnixTime(0, 1_000_000_000) },
            new TarEntry { Path = "a"u8.ToArray(), DeviceMajor = 1 },
            new TarEntry { Path = "a"u8.ToArray(), UserName = [0] },
            new TarEntry { Path = "a"u8.ToArray(), Attributes = [new FileAttribute([], [])] },
            new TarEntry { Path = "a"u8.ToArray(), DumpDirectory = [0] },
            new TarEntry { Path = "a/"u8.ToArray(), Type = TarEntryType.Directory, DumpDirectory = [] },
            new TarEntry { Path = "a/"u8.ToArray(), Type = TarEntryType.Directory, DumpDirectory = "Yb\0Ya\0\0"u8.ToArray() },
            new TarEntry { Path = "a"u8.ToArray(), Size = 10, Extents = [new SparseExtent(8, 4)] },
            new TarEntry { Path = "a"u8.ToArray(), Size = 10, Extents = [new SparseExtent(4, 2), new SparseExtent(5, 2)] },
            new TarEntry { Path = "a"u8.ToArray(), Size = 10, Extents = [new SparseExtent(4, long.MaxValue)] },
        ];
        foreach (TarEntry entry in refused)
        {
            var buffer = new ArrayBufferWriter<byte>();
            FluentActions.Invoking(() => new TarWriter(buffer).WriteHeader(entry)).Should().Throw<ArgumentException>(TarArchive.Describe(new TarMember(entry, [])));
            buffer.WrittenCount.Should().Be(0);
        }
    }

    [Fact]
    public void A_header_behind_content_that_was_not_padded_is_refused()
    {
        var writer = new TarWriter(new ArrayBufferWriter<byte>());
        writer.WriteHeader(new TarEntry { Path = "a"u8.ToArray(), Size = 5 });
        writer.AddContent(5);
        writer.Invoking(w => w.WriteEnd()).Should().Throw<InvalidOperationException>();
        writer.Invoking(w => w.WriteHeader(new TarEntry { Path = "b"u8.ToArray() })).Should().Throw<InvalidOperationException>();
        writer.WritePadding(5);
        writer.WriteEnd();
        writer.Position.Should().Be(4 * 512);
    }

    [Fact]
    public void Headers_are_written_without_allocating()
    {
        var entry = new TarEntry
        {
            Path = Encoding.UTF8.GetBytes("./some/path/with-ä"),
            UserName = "root"u8.ToArray(),
            Modified = new UnixTime(1_700_000_000, 123_456_789),
            Attributes = [new FileAttribute("user.a"u8.ToArray(), [1, 2])],
        };
        const int Rounds = 100;
        const int Headers = 100;
        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        var writer = new TarWriter(buffer);
        long before = 0;
        for (int round = 0; round <= Rounds; round++)
        {
            buffer.ResetWrittenCount();
            for (int i = 0; i < Headers; i++)
            {
                writer.WriteHeader(entry);
            }

            before = round == 0 ? GC.GetAllocatedBytesForCurrentThread() : before;
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(Rounds * Headers, "one header allocates less than a byte");
    }

    internal static byte[] Listing(int length)
    {
        byte[] listing = new byte[length];
        listing[0] = (byte)'Y';
        listing.AsSpan(1, length - 3).Fill((byte)'n');
        return listing;
    }

    private static byte[] Header(TarEntry entry) => Header(entry, out _);

    private static byte[] Header(TarEntry entry, out long position)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new TarWriter(buffer);
        writer.WriteHeader(entry);
        position = writer.Position;
        position.Should().Be(buffer.WrittenCount);
        return buffer.WrittenSpan.ToArray();
    }

    private static string Records(byte[] bytes)
    {
        bytes[TarLayout.TypeFlagOffset].Should().Be((byte)'x');
        int length = Convert.ToInt32(Text(bytes, TarLayout.SizeOffset, 12), 8);
        return Encoding.Latin1.GetString(bytes, 512, length);
    }

    private static string Text(byte[] block, int offset, int length) =>
        Encoding.Latin1.GetString(TarField.ReadText(block.AsSpan(offset, length)));
}
