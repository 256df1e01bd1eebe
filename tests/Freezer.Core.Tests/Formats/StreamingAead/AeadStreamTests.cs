using System.Security.Cryptography;
using Freezer.Formats.StreamingAead;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Formats.StreamingAead;

public sealed class AeadStreamTests
{
    private static readonly AeadParameters _small = AeadExample.Small;

    // Three segments: 8, 48 and 20 bytes of content.
    private static readonly byte[] _message = AeadExample.Message(76);
    private static readonly byte[] _stored = AeadExample.Seal(_small, _message);

    [Fact]
    public void A_message_of_any_length_comes_back() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Choose(0, 400).ToArbitrary(), Gen.Choose(57, 130).ToArbitrary(), Gen.Elements(16, 32).ToArbitrary(), static (length, segment, key) =>
        {
            var parameters = new AeadParameters(HashAlgorithmName.SHA256, key, segment);
            byte[] message = AeadExample.Message(length);
            AeadExample.Open(parameters, AeadExample.Seal(parameters, message)).Should().Equal(message);
        }));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 20) - 56)]
    [InlineData((1 << 20) - 55)]
    [InlineData((2 << 20) - 72)]
    [InlineData((2 << 20) - 71)]
    public void Messages_around_the_borders_of_segments_of_1_MiB_come_back(int length)
    {
        byte[] message = AeadExample.Message(length);

        AeadExample.Open(AeadParameters.Default, AeadExample.Seal(AeadParameters.Default, message)).AsSpan().SequenceEqual(message).Should().BeTrue();
    }

    [Theory]
    [InlineData(200, 256, 1)]
    [InlineData(201, 273, 2)]
    public void A_message_that_fits_exactly_has_no_empty_segment_behind_it(int content, int stored, int segments)
    {
        var parameters = new AeadParameters(HashAlgorithmName.SHA256, 32, 256);

        parameters.StoredLengthOf(content).Should().Be(stored);
        parameters.SegmentCountOf(stored).Should().Be(segments);
        parameters.ContentLengthOf(stored).Should().Be(content);
    }

    [Fact]
    public void Every_byte_of_a_message_lies_in_the_segment_that_the_arithmetic_says() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Choose(0, int.MaxValue).Select(static offset => (long)offset * 2048).ToArbitrary(), static offset =>
        {
            AeadParameters parameters = AeadParameters.Default;
            long segment = parameters.SegmentAt(offset);
            offset.Should().BeInRange(parameters.ContentOffsetOf(segment), parameters.ContentOffsetOf(segment + 1) - 1);
            (parameters.ContentOffsetOf(segment + 1) - parameters.ContentOffsetOf(segment)).Should().Be(parameters.ContentOf(segment));
        }));

    [Fact]
    public void Each_segment_decrypts_alone()
    {
        using AeadStream stream = AeadStream.Open(_small, AeadExample.Key, AeadExample.AssociatedData, _stored);
        using SegmentCipher cipher = stream.CreateCipher();

        AeadExample.OpenSegment(cipher, _small, _stored, 1, isLast: false).Should().Equal(_message[8..56]);
        AeadExample.OpenSegment(cipher, _small, _stored, 2, isLast: true).Should().Equal(_message[56..]);
    }

    [Fact]
    public void Two_streams_of_one_message_have_nothing_in_common() =>
        AeadExample.Seal(_small, _message).AsSpan(1, 39).SequenceEqual(_stored.AsSpan(1, 39)).Should().BeFalse();

    [Fact]
    public void A_stream_that_is_cut_off_anywhere_is_refused()
    {
        for (int length = 0; length < _stored.Length; length++)
        {
            Refuses(_stored[..length], $"only {length} bytes are left");
        }
    }

    [Fact]
    public void A_stream_with_any_bit_flipped_is_refused()
    {
        for (int bit = 0; bit < _stored.Length * 8; bit++)
        {
            byte[] altered = [.. _stored];
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Refuses(altered, $"bit {bit} is flipped");
        }
    }

    [Fact]
    public void Segments_that_are_swapped_repeated_dropped_or_of_another_stream_are_refused()
    {
        byte[] four = AeadExample.Seal(_small, AeadExample.Message(8 + 48 + 48 + 48));
        byte[] other = AeadExample.Seal(_small, AeadExample.Message(8 + 48 + 48 + 48));
        Refuses([.. four[..64], .. four[128..192], .. four[64..128], .. four[192..]], "two are swapped");
        Refuses([.. four[..128], .. four[64..]], "one is repeated");
        Refuses([.. four[..64], .. four[128..]], "one is dropped");
        Refuses([.. four[..64], .. other[64..128], .. four[128..]], "one is of another stream");
        Refuses([.. four[..40], .. other[40..]], "the header is of another stream");
        Refuses([.. four, .. four[192..]], "one follows the last");
        Refuses([.. four, 0], "a byte follows the last");
    }

    [Fact]
    public void A_segment_of_the_middle_does_not_pass_for_the_last_one()
    {
        using AeadStream stream = AeadStream.Open(_small, AeadExample.Key, AeadExample.AssociatedData, _stored);
        using SegmentCipher cipher = stream.CreateCipher();

        Action open = () => AeadExample.OpenSegment(cipher, _small, _stored, 1, isLast: true);
        open.Should().Throw<InvalidDataException>().WithMessage("Segment 1 *").WithInnerException<AuthenticationTagMismatchException>();
    }

    [Fact]
    public void Another_key_other_associated_data_and_another_segment_size_are_refused()
    {
        byte[] otherKey = [.. AeadExample.Key];
        otherKey[31] ^= 1;
        ((Action)(() => AeadExample.Open(_small, otherKey, AeadExample.AssociatedData, _stored))).Should().Throw<InvalidDataException>();
        ((Action)(() => AeadExample.Open(_small, AeadExample.Key, [1, 2, 4], _stored))).Should().Throw<InvalidDataException>();
        ((Action)(() => AeadExample.Open(_small, AeadExample.Key, [], _stored))).Should().Throw<InvalidDataException>();
        ((Action)(() => AeadExample.Open(_small with { SegmentSize = 65 }, AeadExample.Key, AeadExample.AssociatedData, _stored))).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void A_segment_that_is_not_full_can_only_be_the_last()
    {
        using AeadStream stream = AeadStream.Create(_small, AeadExample.Key, AeadExample.AssociatedData);
        using SegmentCipher cipher = stream.CreateCipher();

        ((Action)(() => cipher.Seal(1, isLast: false, new byte[47], new byte[64]))).Should().Throw<ArgumentException>();
        ((Action)(() => cipher.Seal(1, isLast: true, new byte[49], new byte[80]))).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_stream_that_is_disposed_encrypts_nothing_more()
    {
        AeadStream stream = AeadStream.Create(_small, AeadExample.Key, AeadExample.AssociatedData);
        stream.Dispose();

        ((Action)(() => stream.CreateCipher())).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void A_short_message_comes_back_from_one_piece()
    {
        byte[] stored = AeadStream.Seal(AeadExample.Key, AeadExample.AssociatedData, _message);
        byte[] message = new byte[_message.Length];
        AeadStream.Open(AeadExample.Key, AeadExample.AssociatedData, stored, message);

        message.Should().Equal(_message);
        ((Action)(() => AeadStream.Open(AeadExample.Key, AeadExample.AssociatedData, stored, new byte[75]))).Should().Throw<InvalidDataException>();
    }

    private static void Refuses(byte[] stored, string because)
    {
        Action open = () => AeadExample.Open(_small, stored);
        open.Should().Throw<InvalidDataException>(because);
    }
}
