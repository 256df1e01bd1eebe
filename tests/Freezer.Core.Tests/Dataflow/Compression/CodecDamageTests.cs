using Freezer.Dataflow.Compression;

namespace Freezer.Tests.Dataflow.Compression;

public sealed class CodecDamageTests
{
    public static TheoryData<string> Names => Codecs.Names;

    public static TheoryData<string> NamesOfFormats => Codecs.NamesOfFormats;

    [SkippableTheory, MemberData(nameof(NamesOfFormats))]
    public void A_stream_that_ends_too_early_is_an_error_wherever_it_ends(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] content = Codecs.Content(900);
        byte[] frame = codec.Compress(content);
        byte[] two = [.. frame, .. frame];
        for (int length = 0; length < two.Length; length++)
        {
            if (length == frame.Length)
            {
                codec.Decompress(two[..length]).Should().Equal(content);
                continue;
            }

            FluentActions.Invoking(() => codec.Decompress(two[..length])).Should().ThrowExactly<InvalidDataException>($"{length} of {two.Length} bytes are there");
        }
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void A_frame_that_ends_too_early_is_an_error_wherever_it_ends(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] content = Codecs.Content(900);
        byte[] frame = codec.Compress(content);
        for (int length = 0; length < frame.Length; length++)
        {
            FluentActions.Invoking(() => codec.DecompressFrame(frame[..length], content.Length)).Should().ThrowExactly<InvalidDataException>();
        }
    }

    [SkippableTheory, MemberData(nameof(NamesOfFormats))]
    public void An_empty_frame_that_ends_too_early_is_an_error_wherever_it_ends(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] frame = codec.Compress([]);
        for (int length = 0; length < frame.Length; length++)
        {
            FluentActions.Invoking(() => codec.DecompressFrame(frame[..length], 0)).Should().ThrowExactly<InvalidDataException>();
            FluentActions.Invoking(() => codec.Decompress(frame[..length])).Should().ThrowExactly<InvalidDataException>();
        }
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void A_flipped_bit_ends_in_nothing_worse_than_invalid_data(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] content = Codecs.Content(200);
        byte[] frame = codec.Compress(content, codec.LowestLevel);
        int unnoticed = 0;
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] damaged = (byte[])frame.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            unnoticed += IsFound(() => codec.Decompress(damaged)) ? 0 : 1;
            unnoticed += IsFound(() => codec.DecompressFrame(damaged, content.Length)) ? 0 : 1;
        }

        // Formats with checksums notice all but what means nothing: most of gzip's header; of bzip2 the padding of the last
        // byte, and a larger block size than is needed.
        int meaningless = name switch
        {
            "gzip" => 8 * 8,
            "bzip2" => 7 + 3,
            "xz" => 0,
            _ => frame.Length * 8,
        };
        unnoticed.Should().BeLessThanOrEqualTo(2 * meaningless);
    }

    [SkippableTheory, MemberData(nameof(NamesOfFormats))]
    public void Noise_ends_in_nothing_worse_than_invalid_data(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] start = codec.Compress(Codecs.Content(4000));
        var random = new Random(4);
        for (int i = 0; i < 200; i++)
        {
            byte[] noise = new byte[random.Next(1, 2000)];
            random.NextBytes(noise);
            start.AsSpan(0, Math.Min(random.Next(64), noise.Length)).CopyTo(noise);

            FluentActions.Invoking(() => codec.Decompress(noise)).Should().ThrowExactly<InvalidDataException>();
        }
    }

    [SkippableTheory, MemberData(nameof(NamesOfFormats))]
    public void Anything_behind_the_last_frame_is_an_error(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] frame = codec.Compress(Codecs.Content(900));

        FluentActions.Invoking(() => codec.Decompress([.. frame, .. "garbage!"u8])).Should().ThrowExactly<InvalidDataException>();
        FluentActions.Invoking(() => codec.Decompress([.. frame, 0])).Should().ThrowExactly<InvalidDataException>();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void A_frame_with_more_or_less_content_than_expected_is_an_error(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] frame = codec.Compress(Codecs.Content(900));

        FluentActions.Invoking(() => codec.DecompressFrame(frame, 899)).Should().ThrowExactly<InvalidDataException>();
        FluentActions.Invoking(() => codec.DecompressFrame(frame, 901)).Should().ThrowExactly<InvalidDataException>();
        FluentActions.Invoking(() => codec.DecompressFrame(frame, 0)).Should().ThrowExactly<InvalidDataException>();
    }

    [SkippableTheory, MemberData(nameof(Names))]
    public void What_the_source_throws_is_what_surfaces(string name)
    {
        ICompressionCodec codec = Codecs.Get(name);
        byte[] frame = codec.Compress(Codecs.Content(900));
        using Stream stream = codec.OpenDecompressor(new FailingStream(frame[..(frame.Length / 2)]));

        FluentActions.Invoking(() => stream.CopyTo(Stream.Null)).Should().ThrowExactly<TimeoutException>();
    }

    [SkippableFact]
    public void Zstd_refuses_a_window_that_needs_too_much_memory()
    {
        ICompressionCodec codec = Codecs.Get("zstd");
        // Magic, a descriptor without a content length, and a window of 2^31 bytes (RFC 8878, section 3.1.1.1).
        byte[] frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00];

        FluentActions.Invoking(() => codec.Decompress(frame)).Should().ThrowExactly<InvalidDataException>().WithMessage("*memory*");
    }

    private static bool IsFound(Action decompress)
    {
        try
        {
            decompress();
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    private sealed class FailingStream(byte[] content) : MemoryStream(content, writable: false)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            base.Read(buffer, offset, count) is > 0 and var read ? read : throw new TimeoutException();

        public override int Read(Span<byte> buffer) => base.Read(buffer) is > 0 and var read ? read : throw new TimeoutException();

        public override int ReadByte() => base.ReadByte() is >= 0 and var read ? read : throw new TimeoutException();
    }
}
