using System.Buffers;
using System.Buffers.Binary;
using Freezer.Formats.RbdDiff;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Formats.RbdDiff;

public sealed class RbdDiffTests
{
    private const string Magic = "rbd diff v1\n";

    [Fact]
    public void The_layout_is_that_of_the_specification()
    {
        byte[] expected =
        [
            .. "rbd diff v1\n"u8,
            (byte)'f', 1, 0, 0, 0, (byte)'a',
            (byte)'t', 2, 0, 0, 0, (byte)'b', (byte)'c',
            (byte)'s', 0, 1, 0, 0, 0, 0, 0, 0,
            (byte)'w', 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 7, 8, 9,
            (byte)'z', 16, 0, 0, 0, 0, 0, 0, 0, 240, 0, 0, 0, 0, 0, 0, 0,
            (byte)'e',
        ];

        new SampleDiff(new RbdDiffHeader("a", "bc", 256), [SampleExtent.Data(2, 7, 8, 9), SampleExtent.Zero(16, 240)]).Write()
            .Should().Equal(expected);
    }

    [Fact]
    public void What_is_written_is_read()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
        {
            var random = new Random(seed);
            SampleDiff sample = SampleDiff.Random(random);
            SampleDiff read = SampleDiff.ReadAsync(sample.Write(), random.Next(1, 300)).GetAwaiter().GetResult();
            read.Should().BeEquivalentTo(sample, static options => options.WithStrictOrdering());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public async Task Every_size_of_pieces_gives_the_same()
    {
        byte[] stream = SampleDiff.Small.Write();
        for (int size = 1; size <= stream.Length; size++)
        {
            (await SampleDiff.ReadAsync(stream, size)).Should().BeEquivalentTo(SampleDiff.Small);
        }
    }

    [Fact]
    public void A_record_that_is_cut_anywhere_consumes_nothing()
    {
        byte[] stream = SampleDiff.Small.Write()[Magic.Length..];
        var whole = new SequenceReader<byte>(new ReadOnlySequence<byte>(stream));
        while (whole.UnreadSpan is { IsEmpty: false } rest && rest[0] != 'w')
        {
            long begin = whole.Consumed;
            RbdDiffParser.TryReadRecord(ref whole, 0, out _).Should().BeTrue();
            for (int cut = (int)begin; cut < whole.Consumed; cut++)
            {
                var part = new SequenceReader<byte>(new ReadOnlySequence<byte>(stream[(int)begin..cut]));
                RbdDiffParser.TryReadRecord(ref part, 0, out _).Should().BeFalse();
                part.Consumed.Should().Be(0);
            }
        }
    }

    [Fact]
    public async Task Content_that_nobody_asked_for_is_passed_over()
    {
        var reader = new RbdDiffReader(System.IO.Pipelines.PipeReader.Create(new PiecewiseStream(SampleDiff.Small.Write(), 3)));
        await reader.ReadHeaderAsync(CancellationToken.None);
        int extents = 0;
        while (await reader.ReadExtentAsync(CancellationToken.None) is not null)
        {
            extents++;
        }

        extents.Should().Be(4);
        (await reader.ReadExtentAsync(CancellationToken.None)).Should().BeNull("the end stays the end");
    }

    [Fact]
    public async Task A_stream_that_is_cut_anywhere_is_refused()
    {
        byte[] stream = SampleDiff.Small.Write();
        for (int length = 0; length < stream.Length; length++)
        {
            Func<Task> read = () => SampleDiff.ReadAsync(stream[..length], 7);
            await read.Should().ThrowAsync<RbdDiffFormatException>($"{length} of {stream.Length} bytes are not the whole");
        }
    }

    [Fact]
    public async Task Any_flipped_bit_gives_another_content_or_is_refused()
    {
        byte[] stream = SampleDiff.Small.Write();
        string original = Describe(SampleDiff.Small);
        for (int bit = 0; bit < stream.Length * 8; bit++)
        {
            byte[] flipped = [.. stream];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Describe(await SampleDiff.ReadAsync(flipped)).Should().NotBe(original);
            }
            catch (RbdDiffFormatException e)
            {
                e.Offset.Should().BeInRange(0, stream.Length);
            }
        }
    }

    [Fact]
    public async Task What_follows_the_end_is_refused()
    {
        byte[] stream = SampleDiff.Small.Write();

        Func<Task> read = () => SampleDiff.ReadAsync([.. stream, 0], 1);

        (await read.Should().ThrowAsync<RbdDiffFormatException>()).Which.Offset.Should().Be(stream.Length);
    }

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "no size", Bytes("e") },
        { "a size twice", Bytes("s", 1L, "s", 1L, "e") },
        { "a name twice", Bytes("t", 1, "a", "t", 1, "a", "s", 1L, "e") },
        { "metadata behind an extent", Bytes("s", 10L, "z", 0L, 1L, "s", 10L, "e") },
        { "an unknown record", Bytes("s", 10L, "q") },
        { "a name that is too long", Bytes("t", RbdDiffFormat.LongestName + 1) },
        { "a name with a length beyond all bounds", Bytes("t", -1) },
        { "a name that is not UTF-8", [.. Bytes("t", 1), 0xFF, .. Bytes("s", 1L, "e")] },
        { "a size below zero", Bytes("s", -1L, "e") },
        { "an extent below zero", Bytes("s", 10L, "z", -1L, 1L, "e") },
        { "an extent of a length below zero", Bytes("s", 10L, "z", 1L, -1L, "e") },
        { "an extent beyond the size", Bytes("s", 10L, "z", 5L, 6L, "e") },
        { "an extent that begins beyond the size", Bytes("s", 10L, "z", 11L, 0L, "e") },
        { "an extent whose end overflows", Bytes("s", long.MaxValue, "z", 5L, long.MaxValue, "e") },
        { "extents that overlap", Bytes("s", 10L, "z", 0L, 5L, "z", 4L, 1L, "e") },
        { "extents that descend", Bytes("s", 10L, "z", 5L, 1L, "z", 0L, 1L, "e") },
        { "content that is shorter than it says", Bytes("s", 1L << 40, "w", 0L, 1L << 40, "e") },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_stream_that_breaks_the_rules_is_refused(string what, byte[] records)
    {
        Func<Task> read = () => SampleDiff.ReadAsync([.. System.Text.Encoding.ASCII.GetBytes(Magic), .. records], 5);

        await read.Should().ThrowAsync<RbdDiffFormatException>(what);
    }

    [Theory]
    [InlineData("rbd diff v2\n")]
    [InlineData("x")]
    [InlineData("rbd diff v1 ")]
    public async Task Another_format_is_refused_at_once(string start)
    {
        Func<Task> read = () => SampleDiff.ReadAsync(System.Text.Encoding.ASCII.GetBytes(start));

        await read.Should().ThrowAsync<RbdDiffFormatException>().WithMessage("*not an rbd diff v1 stream*");
    }

    [Fact]
    public void A_writer_refuses_what_a_reader_would()
    {
        Func<RbdDiffWriter> begin = static () =>
        {
            var writer = new RbdDiffWriter(new ArrayBufferWriter<byte>());
            writer.WriteHeader(new RbdDiffHeader(null, "t", 100));
            writer.WriteZero(10, 10);
            return writer;
        };

        begin.Invoking(static b => b().WriteZero(19, 1)).Should().Throw<ArgumentOutOfRangeException>();
        begin.Invoking(static b => b().WriteZero(20, 0)).Should().Throw<ArgumentOutOfRangeException>();
        begin.Invoking(static b => b().WriteZero(20, 81)).Should().Throw<ArgumentOutOfRangeException>();
        begin.Invoking(static b => b().WriteDataHeader(20, RbdDiffFormat.LargestData + 1)).Should().Throw<ArgumentOutOfRangeException>();
        begin.Invoking(static b => b().WriteContent([1])).Should().Throw<ArgumentOutOfRangeException>();
        begin.Invoking(static b =>
        {
            RbdDiffWriter writer = b();
            writer.WriteDataHeader(20, 5);
            writer.WriteEnd();
        }).Should().Throw<InvalidOperationException>();
        begin.Invoking(static b =>
        {
            RbdDiffWriter writer = b();
            writer.WriteEnd();
            writer.WriteZero(50, 1);
        }).Should().Throw<InvalidOperationException>();
    }

    private static string Describe(SampleDiff diff) =>
        $"{diff.Header} {string.Join(' ', diff.Extents.Select(static e => $"{e.Offset}+{e.Length}:{(e.Content is null ? "zero" : Convert.ToHexString(e.Content))}"))}";

    /// <summary>Text as it is, and numbers little-endian in their own width.</summary>
    private static byte[] Bytes(params object[] parts)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (object part in parts)
        {
            switch (part)
            {
                case string text:
                    bytes.Write(System.Text.Encoding.ASCII.GetBytes(text));
                    break;
                case int number:
                    BinaryPrimitives.WriteInt32LittleEndian(bytes.GetSpan(sizeof(int)), number);
                    bytes.Advance(sizeof(int));
                    break;
                case long number:
                    BinaryPrimitives.WriteInt64LittleEndian(bytes.GetSpan(sizeof(long)), number);
                    bytes.Advance(sizeof(long));
                    break;
            }
        }

        return bytes.WrittenSpan.ToArray();
    }
}
