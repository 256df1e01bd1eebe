using System.Globalization;

namespace Freezer.Cli;

/// <summary>One line of a terminal that shows how far an operation is, and is gone at its end.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="transferred">What is done with the bytes of the storage.</param>
internal sealed class ProgressLine(TextWriter terminal, string transferred) : IProgress<BackupProgress>, IDisposable
{
    private const string StartOfLine = "\r";
    private const string EraseToEnd = "\e[K";

    public void Report(BackupProgress value)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{Percent(value)}{PeopleText.Count(value.Entries, "entry", "entries")}, {PeopleText.Bytes(value.Bytes)}, {PeopleText.Bytes(value.BytesStored)} {transferred}  {value.Current}");
        int width = Math.Max(Console.WindowWidth - 1, 20);
        terminal.Write($"{StartOfLine}{(line.Length > width ? line[..width] : line)}{EraseToEnd}");
    }

    public void Dispose() => terminal.Write($"{StartOfLine}{EraseToEnd}");

    private static string Percent(in BackupProgress progress) =>
        progress.TotalBytes is { } total and > 0 ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * progress.Bytes / total:0} %  ") : "";
}
