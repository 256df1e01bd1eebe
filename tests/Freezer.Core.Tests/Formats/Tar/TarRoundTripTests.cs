using FsCheck;
using FsCheck.Fluent;
using Freezer.Formats.Tar;

namespace Freezer.Tests.Formats.Tar;

public sealed class TarRoundTripTests
{
    [Fact]
    public void Every_entry_that_is_written_is_read_again()
    {
        Config config = Config.QuickThrowOnFailure.WithMaxTest(80);
        Check.One(config, Prop.ForAll(Gen.ArrayOf(TarSamples.RandomMember).ToArbitrary(), members =>
        {
            byte[] archive = TarArchive.Write(members);
            TarArchive.ReadAsync(archive).GetAwaiter().GetResult().ShouldBe(members);
        }));
    }

    [Fact]
    public void Any_split_of_the_input_gives_the_same_entries()
    {
        Gen<(TarMember[] Members, int[] Lengths)> inputs =
            from members in Gen.ArrayOf(TarSamples.RandomMember, 3)
            from lengths in Gen.NonEmptyListOf(Gen.OneOf(Gen.Choose(1, 30), Gen.Choose(500, 1100)))
            select (members, lengths.ToArray());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(25), Prop.ForAll(inputs.ToArbitrary(), input =>
            TarArchive.ReadInPiecesAsync(TarArchive.Write(input.Members), input.Lengths).GetAwaiter().GetResult().ShouldBe(input.Members)));
    }

    [Fact]
    public async Task One_byte_at_a_time_gives_the_same_entries() =>
        (await TarArchive.ReadInPiecesAsync(TarArchive.Write(TarSamples.Members), 1)).ShouldBe(TarSamples.Members);

    [Fact]
    public async Task A_listing_too_long_for_an_extended_header_is_read_again()
    {
        var entry = new TarEntry
        {
            Type = TarEntryType.Directory,
            Path = "ä/"u8.ToArray(),
            DumpDirectory = TarWriterTests.Listing(3_000_000),
            Modified = new(5, 123),
        };
        TarMember[] members = [new TarMember(entry, []), .. TarSamples.Members];
        byte[] archive = TarArchive.Write(members);
        (await TarArchive.ReadAsync(archive)).ShouldBe(members);
        (await TarArchive.ReadInPiecesAsync(archive, 5000)).ShouldBe(members);
    }
}
