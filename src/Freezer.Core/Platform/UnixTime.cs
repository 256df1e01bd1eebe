namespace Freezer.Platform;

/// <summary>An instant as file systems keep it: whole seconds since 1970, rounded down, and nanoseconds on top.</summary>
internal readonly record struct UnixTime(long Seconds, int Nanoseconds) : IComparable<UnixTime>
{
    internal const int NanosecondsPerSecond = 1_000_000_000;

    public int CompareTo(UnixTime other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    internal static UnixTime From(DateTimeOffset instant)
    {
        long ticks = instant.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
        return rest < 0
            ? new UnixTime(seconds - 1, (int)((rest + TimeSpan.TicksPerSecond) * 100))
            : new UnixTime(seconds, (int)(rest * 100));
    }

    /// <summary>The instant to the 100 nanoseconds that .NET keeps, held to the years that .NET knows.</summary>
    internal DateTimeOffset ToDateTimeOffset()
    {
        long seconds = Math.Clamp(Seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(Nanoseconds / 100);
    }

    internal UnixTime AddSeconds(long seconds) => this with { Seconds = Seconds + seconds };
}
