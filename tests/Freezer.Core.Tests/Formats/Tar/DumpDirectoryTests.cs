using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Freezer.Formats.Tar;

namespace Freezer.Tests.Formats.Tar;

public sealed class DumpDirectoryTests
{
    [Fact]
    public void A_listing_has_a_code_and_a_nul_with_each_name_and_a_nul_at_the_end()
    {
        var listing = new ArrayBufferWriter<byte>();
        DumpDirectory.Append(listing, DumpDirectory.Stored, "a"u8);
        DumpDirectory.Append(listing, DumpDirectory.Directory, "b\xFF"u8);
        DumpDirectory.Append(listing, DumpDirectory.Kept, "c"u8);
        DumpDirectory.End(listing);
        listing.WrittenSpan.ToArray().Should().Equal("Ya\0Db\xFF\0Nc\0\0"u8.ToArray());
        DumpDirectory.IsWritable(listing.WrittenSpan).Should().BeTrue();
    }

    [Theory]
    [InlineData("Y")]
    [InlineData("Y/a")]
    [InlineData("Ya/b")]
    [InlineData("Y.")]
    [InlineData("D..")]
    [InlineData("Ya\0b")]
    [InlineData("Rold")]
    [InlineData("Za")]
    public void Only_single_names_with_the_codes_of_listings_are_written(string entry) =>
        FluentActions.Invoking(() => DumpDirectory.Append(new ArrayBufferWriter<byte>(), (byte)entry[0], Encoding.Latin1.GetBytes(entry[1..])))
            .Should().Throw<ArgumentException>();

    [Fact]
    public void Renames_of_gnu_tar_are_given_as_they_stand() =>
        Read("Dp\0Dq\0X.\0R./q\0T\0R./p\0T./q\0R\0T./p\0\0").Should().Equal("Dp", "Dq", "X.", "R./q", "T", "R./p", "T./q", "R", "T./p");

    [Fact]
    public void A_listing_need_not_be_sorted_to_be_read() => Read("Nz\0Ya\0\0").Should().Equal("Nz", "Ya");

    [Theory]
    [InlineData("")]
    [InlineData("Ya")]
    [InlineData("Ya\0")]
    [InlineData("Ya\0\0\0")]
    [InlineData("\0Ya\0\0")]
    [InlineData("Y\0\0")]
    [InlineData("Y..\0\0")]
    [InlineData("D.\0\0")]
    [InlineData("Na/b\0\0")]
    [InlineData("Qa\0\0")]
    public void A_malformed_listing_is_refused(string listing) =>
        FluentActions.Invoking(() => Read(listing)).Should().Throw<TarFormatException>();

    [Theory]
    [InlineData("\0", true)]
    [InlineData("Ya\0Yb\0\0", true)]
    [InlineData("DB\0Ya\0Ya-b\0Ya.b\0Yab\0Y\u00FF\0\0", true)]
    [InlineData("Yb\0Ya\0\0", false)]
    [InlineData("Ya\0Na\0\0", false)]
    [InlineData("Ya\0", false)]
    [InlineData("", false)]
    [InlineData("Ya\0\0\0", false)]
    [InlineData("Ra\0Tb\0\0", false)]
    public void Only_what_gnu_tar_finds_its_names_in_is_writable(string listing, bool expected) =>
        DumpDirectory.IsWritable(Encoding.Latin1.GetBytes(listing)).Should().Be(expected);

    [Fact]
    public void Every_listing_of_sorted_names_is_writable_and_read_again()
    {
        Gen<string[]> listings = Gen.ArrayOf(Gen.NonEmptyListOf(Gen.Choose(1, 255).Where(c => c != '/').Select(c => (char)c)).Select(c => new string([.. c])))
            .Select(names => names.Where(n => n is not ("." or "..")).Distinct().Order(StringComparer.Ordinal).ToArray());
        Check.QuickThrowOnFailure(Prop.ForAll(listings.ToArbitrary(), names =>
        {
            var listing = new ArrayBufferWriter<byte>();
            foreach (string name in names)
            {
                DumpDirectory.Append(listing, DumpDirectory.Kept, Encoding.Latin1.GetBytes(name));
            }

            DumpDirectory.End(listing);
            return DumpDirectory.IsWritable(listing.WrittenSpan)
                && Read(Encoding.Latin1.GetString(listing.WrittenSpan)).SequenceEqual(names.Select(n => "N" + n));
        }));
    }

    private static List<string> Read(string listing)
    {
        var entries = new List<string>();
        ReadOnlySpan<byte> rest = Encoding.Latin1.GetBytes(listing);
        while (DumpDirectory.TryRead(ref rest, out byte code, out ReadOnlySpan<byte> name))
        {
            entries.Add((char)code + Encoding.Latin1.GetString(name));
        }

        return entries;
    }
}
