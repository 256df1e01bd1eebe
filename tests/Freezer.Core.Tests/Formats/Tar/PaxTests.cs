using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Tests.Formats.Tar;

public sealed class PaxTests
{
    [Theory]
    [InlineData("1795288898.07967936", 1795288898, 79679360)]
    [InlineData("0", 0, 0)]
    [InlineData("-0", 0, 0)]
    [InlineData("-1.5", -2, 500_000_000)]
    [InlineData("-0.5", -1, 500_000_000)]
    [InlineData("-1", -1, 0)]
    [InlineData("1.0000000019", 1, 1)]
    [InlineData("-1.0000000011", -2, 999_999_998)]
    [InlineData("-0.9999999999", -1, 0)]
    [InlineData("5.", 5, 0)]
    [InlineData("-9223372036854775808", long.MinValue, 0)]
    public void Times_are_rounded_down_to_nanoseconds(string text, long seconds, int nanoseconds)
    {
        PaxTime.TryRead(Encoding.ASCII.GetBytes(text), out UnixTime time).Should().BeTrue();
        time.Should().Be(new UnixTime(seconds, nanoseconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".5")]
    [InlineData("1e5")]
    [InlineData("+1")]
    [InlineData("--1")]
    [InlineData("1.-5")]
    [InlineData("1.5.5")]
    [InlineData(" 1")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775808.5")]
    public void What_is_no_time_is_refused(string text) =>
        PaxTime.TryRead(Encoding.ASCII.GetBytes(text), out _).Should().BeFalse();

    [Theory]
    [InlineData(-2, 500_000_000, "-1.5")]
    [InlineData(-1, 999_999_999, "-0.000000001")]
    [InlineData(1795288898, 79679360, "1795288898.07967936")]
    [InlineData(0, 1, "0.000000001")]
    [InlineData(long.MinValue, 1, "-9223372036854775807.999999999")]
    [InlineData(long.MinValue, 0, "-9223372036854775808")]
    public void Times_are_written_as_signed_decimals_without_needless_zeros(long seconds, int nanoseconds, string expected)
    {
        byte[] text = new byte[PaxTime.Longest];
        Encoding.ASCII.GetString(text, 0, PaxTime.Write(new UnixTime(seconds, nanoseconds), text)).Should().Be(expected);
    }

    [Fact]
    public void Every_time_that_is_written_is_read_again()
    {
        Gen<UnixTime> times =
            from seconds in Gen.OneOf(ArbMap.Default.GeneratorFor<long>(), Gen.Choose(-3, 3).Select(n => (long)n), Gen.Elements(long.MinValue, long.MaxValue))
            from nanoseconds in Gen.OneOf(Gen.Choose(0, 999_999_999), Gen.Elements(0, 1, 10, 500_000_000, 999_999_999))
            select new UnixTime(seconds, nanoseconds);
        Check.QuickThrowOnFailure(Prop.ForAll(times.ToArbitrary(), time =>
        {
            byte[] text = new byte[PaxTime.Longest];
            return PaxTime.TryRead(text.AsSpan(0, PaxTime.Write(time, text)), out UnixTime read) && read == time;
        }));
    }

    [Fact]
    public void A_records_length_counts_its_own_digits()
    {
        byte[] destination = new byte[200];
        for (int valueLength = 0; valueLength < 150; valueLength++)
        {
            int length = PaxRecord.Write(destination, "k"u8, new byte[valueLength]);
            string digits = Encoding.ASCII.GetString(destination, 0, Array.IndexOf(destination, (byte)' '));
            digits.Should().Be(length.ToString(System.Globalization.CultureInfo.InvariantCulture));
            length.Should().Be(digits.Length + " k=\n".Length + valueLength);
            destination[length - 1].Should().Be((byte)'\n');
        }
    }

    [Fact]
    public void Records_with_any_value_are_read_again()
    {
        Gen<(string Keyword, byte[] Value)[]> records = Gen.ArrayOf(
            from keyword in Gen.Elements("path", "SCHILY.xattr.user.a", "k", "ключ")
            from value in Gen.ArrayOf(Gen.OneOf(Gen.Elements<byte>((byte)'\n', 0, (byte)'=', (byte)' '), Gen.Choose(0, 255).Select(b => (byte)b)))
            select (keyword, value));
        Check.QuickThrowOnFailure(Prop.ForAll(records.ToArbitrary(), expected =>
        {
            byte[] body = new byte[expected.Sum(r => (int)PaxRecord.MostBytes(Encoding.UTF8.GetByteCount(r.Keyword), r.Value.Length))];
            int length = 0;
            foreach ((string keyword, byte[] value) in expected)
            {
                length += PaxRecord.Write(body.AsSpan(length), Encoding.UTF8.GetBytes(keyword), value);
            }

            ReadOnlySpan<byte> rest = body.AsSpan(0, length);
            foreach ((string keyword, byte[] value) in expected)
            {
                PaxRecord.TryRead(ref rest, out ReadOnlySpan<byte> readKeyword, out ReadOnlySpan<byte> readValue, 0).Should().BeTrue();
                Encoding.UTF8.GetString(readKeyword).Should().Be(keyword);
                readValue.SequenceEqual(value).Should().BeTrue();
            }

            return !PaxRecord.TryRead(ref rest, out _, out _, 0);
        }));
    }

    [Theory]
    [InlineData("0 a=b\n")]
    [InlineData("5 a=b\n")]
    [InlineData("7 a=b\n")]
    [InlineData("6 a=b ")]
    [InlineData("6 abc\n")]
    [InlineData("5 =b\n")]
    [InlineData("-6 a=b\n")]
    [InlineData("+6 a=b\n")]
    [InlineData(" 6 a=b\n")]
    [InlineData("6a=b\n")]
    [InlineData("6")]
    [InlineData("99999999999999999999 a=b\n")]
    [InlineData("4294967302 a=b\n")]
    [InlineData("\n")]
    public void A_malformed_record_is_refused(string body)
    {
        Action read = () =>
        {
            ReadOnlySpan<byte> rest = Encoding.ASCII.GetBytes(body);
            while (PaxRecord.TryRead(ref rest, out _, out _, 17))
            {
            }
        };
        read.Should().Throw<TarFormatException>().Which.Offset.Should().Be(17);
    }

    [Fact]
    public void Names_of_attributes_lead_back_to_themselves()
    {
        Gen<byte[]> names = Gen.NonEmptyListOf(Gen.OneOf(Gen.Elements<byte>((byte)'%', (byte)'=', (byte)'2', (byte)'5', (byte)'3', (byte)'D'), Gen.Choose(1, 255).Select(b => (byte)b)))
            .Select(bytes => bytes.ToArray());
        Check.QuickThrowOnFailure(Prop.ForAll(names.ToArbitrary(), name =>
        {
            byte[] text = new byte[name.Length + PaxAttributeName.MeasureEscapes(name)];
            return PaxAttributeName.Encode(name, text) == text.Length
                && !text.Contains((byte)'=')
                && PaxAttributeName.Decode(text, 0).AsSpan().SequenceEqual(name);
        }));
    }
}
