using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Storage.S3.Tests;

/// <summary>Ranges side by side, or one range: what was faster.</summary>
public sealed class ReadPaceTests
{
    private const long RangeSize = 8 << 20;
    private const int Parallelism = 4;
    private const long Trial = RangeSize * Parallelism;
    private const long Endless = 1L << 50;

    [Fact]
    public void A_small_object_is_read_side_by_side()
    {
        var pace = new ReadPace(RangeSize, Parallelism);

        pace.Next(2 * Trial).Should().Be(new ReadPace.Stretch(IsSideBySide: true, IsTrial: false, 2 * Trial));
    }

    [Theory]
    [InlineData(100, 100, false)]
    [InlineData(100, 120, false)]
    [InlineData(100, 200, true)]
    [InlineData(200, 100, false)]
    [InlineData(0, 0, false)]
    public void Side_by_side_goes_on_what_is_clearly_faster_so(int sideBySide, int alone, bool isSideBySide)
    {
        var pace = new ReadPace(RangeSize, Parallelism);
        Measure(pace, sideBySide, alone);

        pace.Next(Endless).IsSideBySide.Should().Be(isSideBySide);
    }

    [Fact]
    public void What_was_found_out_is_looked_at_again()
    {
        var pace = new ReadPace(RangeSize, Parallelism);
        Measure(pace, 100, 400);
        ReadPace.Stretch last = pace.Next(Endless);
        last.IsSideBySide.Should().BeTrue();
        for (int i = 0; i < 4; i++)
        {
            Measure(pace, 100, 100);
            last = pace.Next(Endless);
        }

        last.IsSideBySide.Should().BeFalse();
    }

    [Fact]
    public void One_slow_moment_does_not_turn_what_was_found_out()
    {
        var pace = new ReadPace(RangeSize, Parallelism);
        Measure(pace, 150, 100);
        pace.Next(Endless).IsSideBySide.Should().BeFalse();
        Measure(pace, 150, 200);

        pace.Next(Endless).IsSideBySide.Should().BeFalse();
    }

    [Fact]
    public void The_first_finding_for_one_range_holds_for_less_than_later_ones()
    {
        var pace = new ReadPace(RangeSize, Parallelism);
        List<long> lengths = [];
        for (int i = 0; i < 3; i++)
        {
            Measure(pace, 100, 100);
            lengths.Add(pace.Next(Endless).Length);
        }

        lengths.Should().Equal(128 << 20, 2L << 30, 2L << 30);
    }

    [Fact]
    public void Every_byte_is_in_one_stretch() => Prop.ForAll(
        Arb.From(Gen.Choose(1, 8).SelectMany(_ => Gen.Choose(1, int.MaxValue), static (parallelism, length) => (parallelism, length: 16L * length))),
        static sample =>
        {
            var pace = new ReadPace(RangeSize, sample.parallelism);
            var random = new System.Random(sample.parallelism);
            long left = sample.length;
            while (left > 0)
            {
                ReadPace.Stretch stretch = pace.Next(left);
                stretch.Length.Should().BePositive().And.BeLessThanOrEqualTo(left);
                pace.Took(stretch, TimeSpan.FromMilliseconds(random.Next(1_000)));
                left -= stretch.Length;
            }
        }).QuickCheckThrowOnFailure();

    /// <summary>Reads as much in both ways, in so many milliseconds.</summary>
    private static void Measure(ReadPace pace, int sideBySide, int alone)
    {
        foreach ((bool isSideBySide, int milliseconds) in ((bool, int)[])[(true, sideBySide), (false, alone)])
        {
            ReadPace.Stretch stretch = pace.Next(Endless);
            stretch.Should().Be(new ReadPace.Stretch(isSideBySide, IsTrial: true, Trial));
            pace.Took(stretch, TimeSpan.FromMilliseconds(milliseconds));
        }
    }
}
