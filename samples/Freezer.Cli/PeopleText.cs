using System.Globalization;
using System.Text;

namespace Freezer.Cli;

/// <summary>Writes text for people: numbers as they read them, and nothing that a terminal would take for a command.</summary>
internal sealed class PeopleText(TextWriter writer)
{
    private static readonly string[] _units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    internal void Line(string line)
    {
        foreach (string part in line.Split('\n'))
        {
            writer.WriteLine(Printable(part));
        }
    }

    internal static string Bytes(long count)
    {
        double value = count;
        int unit = 0;
        while (value >= 1024 && unit < _units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? value.ToString(CultureInfo.InvariantCulture) : value.ToString("0.0", CultureInfo.InvariantCulture))} {_units[unit]}");
    }

    internal static string Count(long count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many)}");

    internal static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");

    internal static string Time(long timestamp) =>
        DateTimeOffset.FromUnixTimeSeconds(timestamp).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Replaces control characters, which names and messages of others may hold.</summary>
    internal static string Printable(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var printable = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            _ = char.IsControl(c) ? printable.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}") : printable.Append(c);
        }

        return printable.ToString();
    }
}
