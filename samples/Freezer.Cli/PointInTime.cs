using System.Globalization;

namespace Freezer.Cli;

/// <summary>Reads an instant from the command line.</summary>
internal static class PointInTime
{
    private const string DateFormat = "yyyy-MM-dd";

    private static readonly string[] _formats =
    [
        "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd' 'HH:mmK", "yyyy-MM-dd' 'HH:mm:ssK", "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Reads seconds since 1970, a date (which means its end), or a date and time (UTC unless a zone follows).</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    internal static DateTimeOffset Parse(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds)
            && seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds()
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        if (DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date))
        {
            return new DateTimeOffset(date, TimeOnly.MaxValue, TimeSpan.Zero);
        }

        return DateTimeOffset.TryParseExact(text, _formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset instant)
            ? instant
            : throw new FormatException($"'{text}' is not a time: give seconds since 1970, a date (2026-03-31), or a date and time (2026-03-31T12:30:00, with Z or +02:00 for a zone).");
    }
}
