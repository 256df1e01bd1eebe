using System.Globalization;

namespace Freezer.Cli;

/// <summary>Reads numbers from the command line.</summary>
internal static class Numbers
{
    private const double MostDays = 365_000;

    /// <exception cref="FormatException">It is not a number from 0 on.</exception>
    internal static int ParseLevel(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int level)
        ? level
        : throw new FormatException($"'{text}' is not a level: give a number from 0 on.");

    /// <exception cref="FormatException">It is not a positive number.</exception>
    internal static int ParseByteCount(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
        ? count
        : throw new FormatException($"'{text}' is not a number of bytes: give one from 1 to {int.MaxValue}.");

    /// <exception cref="FormatException">It is not a number of bytes, in units of 1024 where a letter says so.</exception>
    internal static long ParseSize(string text)
    {
        int power = text.Length == 0 ? 0 : "KMGT".IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal) + 1;
        ReadOnlySpan<char> digits = power == 0 ? text : text.AsSpan()[..^1];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count <= long.MaxValue >> (10 * power)
            ? count << (10 * power)
            : throw new FormatException($"'{text}' is not a size: give a number of bytes, or one with K, M, G or T behind it.");
    }

    /// <exception cref="FormatException">It is not a number of days.</exception>
    internal static TimeSpan ParseDays(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double days) && days is >= 0 and <= MostDays
            ? TimeSpan.FromDays(days)
            : throw new FormatException($"'{text}' is not a number of days.");
}
