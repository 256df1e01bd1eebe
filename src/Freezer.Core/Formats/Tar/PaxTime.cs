using System.Buffers.Text;
using Freezer.Platform;

namespace Freezer.Formats.Tar;

/// <summary>Instants as extended headers have them: signed decimal seconds with a fraction of any length.</summary>
/// <remarks>POSIX.1-2017, <c>pax</c>, "pax Extended Header File Times". The sign covers the fraction: -1.5 is one and a
/// half seconds before the epoch.</remarks>
internal static class PaxTime
{
    /// <summary>A sign, 19 digits, the point and 9 digits.</summary>
    internal const int Longest = 30;

    private const int FractionDigits = 9;

    /// <summary>Writes a time without needless zeros; returns its length.</summary>
    internal static int Write(UnixTime time, Span<byte> destination)
    {
        int length = 0;
        ulong seconds = (ulong)time.Seconds;
        int fraction = time.Nanoseconds;
        if (time.Seconds < 0)
        {
            destination[length++] = (byte)'-';
            seconds = 0 - seconds;
            if (fraction > 0)
            {
                seconds--;
                fraction = UnixTime.NanosecondsPerSecond - fraction;
            }
        }

        Utf8Formatter.TryFormat(seconds, destination[length..], out int digits);
        length += digits;
        if (fraction > 0)
        {
            destination[length++] = (byte)'.';
            Span<byte> decimals = destination.Slice(length, FractionDigits);
            for (int i = FractionDigits - 1; i >= 0; i--)
            {
                (fraction, int digit) = Math.DivRem(fraction, 10);
                decimals[i] = (byte)('0' + digit);
            }

            length += decimals.TrimEnd((byte)'0').Length;
        }

        return length;
    }

    /// <summary>Reads a time, rounded down to whole nanoseconds.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> text, out UnixTime time)
    {
        time = default;
        bool negative = text.StartsWith("-"u8);
        text = negative ? text[1..] : text;
        int point = text.IndexOf((byte)'.');
        ReadOnlySpan<byte> decimals = point < 0 ? [] : text[(point + 1)..];
        ReadOnlySpan<byte> whole = point < 0 ? text : text[..point];
        if (whole.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || decimals.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(whole, out ulong magnitude, out _)
            || magnitude > (ulong)long.MaxValue + (negative ? 1u : 0u))
        {
            return false;
        }

        int fraction = 0;
        for (int i = 0; i < FractionDigits; i++)
        {
            fraction = (fraction * 10) + (i < decimals.Length ? decimals[i] - '0' : 0);
        }

        if (!negative)
        {
            time = new UnixTime((long)magnitude, fraction);
            return true;
        }

        // Down is away from zero here: what lies behind the ninth digit counts as one more nanosecond.
        if (decimals.Length > FractionDigits && decimals[FractionDigits..].ContainsAnyExcept((byte)'0'))
        {
            fraction++;
        }

        long seconds = (long)(0 - magnitude);
        if (fraction == 0)
        {
            time = new UnixTime(seconds, 0);
            return true;
        }

        time = new UnixTime(seconds - 1, UnixTime.NanosecondsPerSecond - fraction);
        return seconds != long.MinValue;
    }
}
