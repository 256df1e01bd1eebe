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

    /// <exception cref="FormatException">It is not a number of days.</exception>
    internal static TimeSpan ParseDays(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double days) && days <= MostDays
            ? TimeSpan.FromDays(days)
            : throw new FormatException($"'{text}' is not a number of days.");
}
