using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;
using Freezer.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Engines.Tar.Manifest;

public sealed class TarManifestTests
{
    [Fact]
    public void Everything_that_is_written_is_read_back() =>
        Prop.ForAll(ManifestSamples.Seeds, static seed =>
        {
            List<SampleDirectory> expected = ManifestSamples.Tree(seed);
            List<SampleDirectory> actual = Read(Write(expected)).Result;
            actual.Should().BeEquivalentTo(expected, ManifestSamples.Exactly);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Writing_what_was_read_gives_the_same_bytes() =>
        Prop.ForAll(ManifestSamples.Seeds, static seed =>
        {
            byte[] bytes = Write(ManifestSamples.Tree(seed));
            Write(Read(bytes).Result).Should().Equal(bytes);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Unchanged_records_are_copied_byte_for_byte()
    {
        byte[] bytes = Write(ManifestSamples.Tree(7));
        var copy = new CollectingManifestWriter();
        var writer = new TarManifestWriter(copy);
        var reader = new TarManifestReader(PipeReader.Create(new ReadOnlySequence<byte>(bytes)));
        await reader.ReadHeaderAsync(default);
        writer.WriteHeader();
        while (await reader.ReadBlockAsync(default))
        {
            writer.BeginDirectory(reader.Block.Path, reader.Block.OwnBytes);
            for (int i = 0; i < reader.Block.Count; i++)
            {
                TarManifestRecord record = reader.Block.Record(i);
                if (record.IsSkipped)
                {
                    writer.Add(reader.Block.Name(i).Span, record);
                }
                else
                {
                    writer.AddUnchanged(reader.Block.Name(i).Span, reader.Block.RecordBytes(i), record.Size);
                }
            }

            await writer.EndDirectoryAsync(default);
        }

        await writer.FinishAsync(default);
        copy.ToArray().Should().Equal(bytes);
        reader.Counts.Should().Be(writer.Counts);
    }

    [Fact]
    public async Task Blocks_end_where_a_frame_may_end()
    {
        List<SampleDirectory> tree = ManifestSamples.Tree(3);
        var destination = new CollectingManifestWriter();
        await WriteTo(destination, tree);
        destination.BlockEnds.Should().HaveCount(tree.Count + 2).And.BeInAscendingOrder();
        destination.BlockEnds[0].Should().Be(TarManifestFormat.HeaderLength);
        destination.BlockEnds[^1].Should().Be(destination.ToArray().Length);
    }

    [Fact]
    public async Task A_manifest_that_is_cut_anywhere_is_an_error()
    {
        byte[] bytes = Write(ManifestSamples.Tree(5));
        for (int length = 0; length < bytes.Length; length++)
        {
            byte[] cut = bytes[..length];
            await FluentActions.Awaiting(() => Read(cut)).Should().ThrowAsync<InvalidDataException>($"it was cut at {length}");
        }
    }

    [Fact]
    public async Task A_manifest_with_any_bit_flipped_is_read_or_refused()
    {
        byte[] bytes = Write(ManifestSamples.Tree(11));
        int refused = 0;
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                await Read(damaged);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        refused.Should().BeGreaterThan(bytes.Length);
    }

    [Fact]
    public async Task It_is_read_whatever_pieces_it_arrives_in()
    {
        List<SampleDirectory> expected = ManifestSamples.Tree(13);
        byte[] bytes = Write(expected);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 16, resumeWriterThreshold: 8, useSynchronizationContext: false));
        Task<List<SampleDirectory>> reading = Read(pipe.Reader);
        for (int i = 0; i < bytes.Length; i++)
        {
            await pipe.Writer.WriteAsync(bytes.AsMemory(i, 1));
        }

        await pipe.Writer.CompleteAsync();
        (await reading).Should().BeEquivalentTo(expected, ManifestSamples.Exactly);
    }

    [Fact]
    public async Task A_length_that_promises_gigabytes_takes_no_memory()
    {
        byte[] bytes = [.. TarManifestFormat.Magic, TarManifestFormat.Version, 0, 0xC7, 0xFF, 0xFF, 0xFF, 0x07, 1, 0];
        long before = GC.GetAllocatedBytesForCurrentThread();
        await FluentActions.Awaiting(() => Read(bytes)).Should().ThrowAsync<InvalidDataException>().WithMessage("*cut off*");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(16 << 20);
    }

    [Fact]
    public async Task The_version_of_a_later_format_is_told()
    {
        byte[] bytes = [.. TarManifestFormat.Magic, 9, 0xFF];
        var reader = new TarManifestReader(PipeReader.Create(new ReadOnlySequence<byte>(bytes)));
        (await reader.ReadHeaderAsync(default)).Should().Be(9);
    }

    [Fact]
    public async Task Something_else_is_not_taken_for_a_manifest() =>
        await FluentActions.Awaiting(() => Read("GNU tar-1.34-2\n"u8.ToArray())).Should().ThrowAsync<InvalidDataException>().WithMessage("*FZTM*");

    public static TheoryData<string, string[]> Disorder => new()
    {
        { "the first directory is not the root", ["a"] },
        { "a directory comes twice", ["", "a", "a"] },
        { "directories descend", ["", "b", "a"] },
        { "a directory has no parent", ["", "a/b"] },
        { "a directory comes back to a subtree that is done", ["", "a", "b", "a/c"] },
        { "a component leads upwards", ["", ".."] },
        { "a component is empty", ["", "a", "a/"] },
        { "a component is a dot", ["", "."] },
    };

    [Theory, MemberData(nameof(Disorder))]
    public async Task Directories_out_of_order_are_refused(string what, string[] paths)
    {
        List<SampleDirectory> tree = [.. paths.Select(path => new SampleDirectory(System.Text.Encoding.UTF8.GetBytes(path), ManifestSamples.Directory, []))];
        await FluentActions.Awaiting(() => Read(Write(tree))).Should().ThrowAsync<InvalidDataException>(what).WithMessage("*at byte*");
    }

    [Theory]
    [InlineData("b", "a")]
    [InlineData("a", "a")]
    [InlineData("", "a")]
    [InlineData("a", "b/c")]
    [InlineData(".", "a")]
    [InlineData("..", "a")]
    [InlineData("a", "b\0")]
    public async Task Entries_out_of_order_and_names_that_are_none_are_refused(string first, string second)
    {
        SampleEntry Entry(string name) => new(System.Text.Encoding.UTF8.GetBytes(name), new TarManifestRecord { Kind = FileKind.Fifo });
        List<SampleDirectory> tree = [new([], ManifestSamples.Directory, [Entry(first), Entry(second)])];
        await FluentActions.Awaiting(() => Read(Write(tree))).Should().ThrowAsync<InvalidDataException>().WithMessage("*at byte*");
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("z")]
    [InlineData("b/a")]
    [InlineData("")]
    public async Task A_first_name_that_does_not_come_earlier_is_refused(string first)
    {
        var record = new TarManifestRecord
        {
            Kind = FileKind.Fifo,
            Flags = TarManifestFlags.LaterName | TarManifestFlags.MultiplyLinked,
            LinkCount = 2,
            FirstName = new EntryPath(System.Text.Encoding.UTF8.GetBytes(first)),
        };
        List<SampleDirectory> tree = [new([], ManifestSamples.Directory, [new SampleEntry("m"u8.ToArray(), record)])];
        await FluentActions.Awaiting(() => Read(Write(tree))).Should().ThrowAsync<InvalidDataException>().WithMessage("*at byte*");
    }

    [Fact]
    public async Task Extents_beyond_the_size_are_refused()
    {
        var record = new TarManifestRecord { Kind = FileKind.Regular, Size = 100, Flags = TarManifestFlags.Sparse, Extents = [new SparseExtent(90, 11)] };
        List<SampleDirectory> tree = [new([], ManifestSamples.Directory, [new SampleEntry("f"u8.ToArray(), record)])];
        await FluentActions.Awaiting(() => Read(Write(tree))).Should().ThrowAsync<InvalidDataException>().WithMessage("*extent*");
    }

    [Fact]
    public async Task A_reason_that_is_too_long_is_shortened()
    {
        var record = new TarManifestRecord { Kind = FileKind.Regular, Flags = TarManifestFlags.Skipped, SkipReason = new string('ä', 5000) };
        List<SampleDirectory> tree = [new([], ManifestSamples.Directory, [new SampleEntry("f"u8.ToArray(), record)])];
        List<SampleDirectory> read = await Read(Write(tree));
        read[0].Entries[0].Record.SkipReason.Should().Be(new string('ä', TarManifestFormat.LongestReason / 2));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(127UL)]
    [InlineData(128UL)]
    [InlineData(ulong.MaxValue)]
    public void Numbers_have_one_form(ulong value)
    {
        Span<byte> bytes = stackalloc byte[TarManifestFormat.LongestVarint + 1];
        int length = Varint.Write(bytes, value);
        length.Should().Be(Varint.Length(value));
        Varint.TryRead(bytes[..length], out ulong read).Should().Be(length);
        read.Should().Be(value);
        Varint.TryRead(bytes[..(length - 1)], out _).Should().Be(0);

        // The same number with a zero byte behind it is refused.
        bytes[length - 1] |= 0x80;
        bytes[length] = 0;
        Varint.TryRead(bytes[..(length + 1)], out _).Should().Be(-1);
    }

    private static byte[] Write(List<SampleDirectory> tree)
    {
        var destination = new CollectingManifestWriter();
        WriteTo(destination, tree).GetAwaiter().GetResult();
        return destination.ToArray();
    }

    private static async Task WriteTo(ManifestWriter destination, List<SampleDirectory> tree)
    {
        var writer = new TarManifestWriter(destination);
        writer.WriteHeader();
        foreach (SampleDirectory directory in tree)
        {
            writer.BeginDirectory(new EntryPath(directory.Path), directory.Own);
            foreach (SampleEntry entry in directory.Entries)
            {
                writer.Add(entry.Name, entry.Record);
            }

            await writer.EndDirectoryAsync(default);
        }

        await writer.FinishAsync(default);
    }

    private static Task<List<SampleDirectory>> Read(byte[] bytes) => Read(PipeReader.Create(new ReadOnlySequence<byte>(bytes)));

    private static async Task<List<SampleDirectory>> Read(PipeReader source)
    {
        var reader = new TarManifestReader(source);
        (await reader.ReadHeaderAsync(default)).Should().BeInRange(0, 255);
        List<SampleDirectory> tree = [];
        while (await reader.ReadBlockAsync(default))
        {
            TarManifestBlock block = reader.Block;
            List<SampleEntry> entries = [];
            for (int i = 0; i < block.Count; i++)
            {
                byte[] name = block.Name(i).ToArray();
                block.Find(name).Should().Be(i);
                entries.Add(new SampleEntry(name, ManifestSamples.Own(block.Record(i))));
            }

            tree.Add(new SampleDirectory(block.Path.Bytes.ToArray(), ManifestSamples.Own(block.Own()), entries));
        }

        return tree;
    }
}
