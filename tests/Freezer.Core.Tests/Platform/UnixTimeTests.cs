using Freezer.Platform;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Platform;

public sealed class UnixTimeTests
{
    [Fact]
    public void A_time_of_NET_survives_to_the_tick() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<DateTimeOffset>(), instant =>
        {
            UnixTime time = UnixTime.From(instant);
            return time.Nanoseconds is >= 0 and < UnixTime.NanosecondsPerSecond && time.ToDateTimeOffset() == instant.ToUniversalTime();
        }));

    [Fact]
    public void Times_compare_as_instants_do() =>
        Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<(DateTimeOffset, DateTimeOffset)>(), pair =>
            Math.Sign(UnixTime.From(pair.Item1).CompareTo(UnixTime.From(pair.Item2))) == Math.Sign(pair.Item1.CompareTo(pair.Item2))));

    [Fact]
    public void A_time_before_1970_counts_up_from_the_second_below()
    {
        UnixTime.From(DateTimeOffset.UnixEpoch.AddTicks(-1)).Should().Be(new UnixTime(-1, 999_999_900));
        new UnixTime(long.MinValue, 0).ToDateTimeOffset().Should().Be(DateTimeOffset.MinValue);
        new UnixTime(long.MaxValue, 999_999_999).ToDateTimeOffset().Year.Should().Be(9999);
    }
}
