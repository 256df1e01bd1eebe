using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Freezer.Formats.Tar;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarFieldTests
{
    [Theory]
    [InlineData("0000644\0", 0x1A4)]
    [InlineData("   644 \0", 0x1A4)]
    [InlineData("77777777", 0xFFFFFF)]
    [InlineData("\0\0\0\0\0\0\0\0", 0)]
    [InlineData("        ", 0)]
    [InlineData("12\0garba", 0xA)]
    public void Octal_digits_end_at_a_blank_a_nul_or_the_end_of_the_field(string field, long expected)
    {
        TarField.TryReadNumber(Latin1(field), out long value).Should().BeTrue();
        value.Should().Be(expected);
    }

    [Theory]
    [InlineData("0000648\0")]
    [InlineData("-000644\0")]
    [InlineData("12,00000")]
    [InlineData("0x1f\0\0\0\0")]
    public void What_is_no_octal_number_is_refused(string field) =>
        TarField.TryReadNumber(Latin1(field), out _).Should().BeFalse();

    [Fact]
    public void Base_256_reads_what_gnu_tar_writes()
    {
        Read(0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0).Should().Be(10L << 30);
        Read(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE).Should().Be(-2);
        Read(0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF).Should().Be(int.MaxValue);
    }

    [Fact]
    public void Base_256_agrees_with_big_integers_and_refuses_what_needs_more_than_64_bits()
    {
        Gen<byte[]> fields =
            from length in Gen.Elements(8, 12)
            from first in Gen.Elements<byte>(0x80, 0x81, 0xBF, 0xC0, 0xFE, 0xFF)
            from rest in Gen.ArrayOf(Gen.OneOf(Gen.Elements<byte>(0, 0x7F, 0x80, 0xFF), Gen.Choose(0, 255).Select(b => (byte)b)), length - 1)
            select (byte[])[first, .. rest];
        Check.QuickThrowOnFailure(Prop.ForAll(fields.ToArbitrary(), field =>
        {
            byte[] number = [.. field];
            number[0] = (byte)((number[0] & 0x40) != 0 ? number[0] | 0x80 : number[0] & 0x7F);
            var expected = new BigInteger(number, isUnsigned: false, isBigEndian: true);
            bool fits = expected >= long.MinValue && expected <= long.MaxValue;
            return TarField.TryReadNumber(field, out long value) == fits && (!fits || value == expected);
        }));
    }

    [Fact]
    public void Every_octal_number_that_is_written_is_read_again()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), value =>
        {
            byte[] field = new byte[TarLayout.LongNumberLength];
            TarField.WriteOctal(field, value);
            return TarField.TryReadNumber(field, out long read) && read == value && field[^1] == 0;
        }));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("+1", false)]
    [InlineData("-1", false)]
    [InlineData("1 ", false)]
    [InlineData("9223372036854775807", true)]
    [InlineData("9223372036854775808", false)]
    public void Decimal_numbers_are_digits_that_fit(string text, bool expected) =>
        TarField.TryReadDecimal(Latin1(text), out _).Should().Be(expected);

    [Fact]
    public void A_checksum_counts_bytes_as_unsigned_or_as_signed()
    {
        byte[] block = TarBlocks.Header("Ã¼Ã\u0080");
        TarChecksum.Verify(block).Should().BeTrue();
        int signed = block.Select((b, i) => i is >= TarLayout.ChecksumOffset and < TarLayout.ChecksumOffset + 8 ? (int)' ' : (sbyte)b).Sum();
        TarBlocks.Put(block, TarLayout.ChecksumOffset, Convert.ToString(signed, 8).PadLeft(6, '0') + "\0 ");
        TarChecksum.Verify(block).Should().BeTrue();
        block[0]++;
        TarChecksum.Verify(block).Should().BeFalse();
    }

    private static long Read(params byte[] field)
    {
        TarField.TryReadNumber(field, out long value).Should().BeTrue();
        return value;
    }

    private static byte[] Latin1(string text) => System.Text.Encoding.Latin1.GetBytes(text);
}
