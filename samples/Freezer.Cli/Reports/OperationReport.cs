using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>What a backup and a restore have in common.</summary>
internal abstract record OperationReport : Report
{
    [JsonPropertyOrder(-1)]
    public required string Engine { get; init; }

    [JsonPropertyOrder(-1)]
    public required string Name { get; init; }

    [JsonPropertyOrder(-1)]
    public required int Level { get; init; }

    /// <summary>In seconds since 1970.</summary>
    [JsonPropertyOrder(-1)]
    public required long Timestamp { get; init; }

    [JsonPropertyOrder(-1)]
    public required Guid Id { get; init; }

    [JsonPropertyOrder(-1)]
    public required Guid? Parent { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Entries { get; init; }

    [JsonPropertyOrder(-1)]
    public required long Skipped { get; init; }

    [JsonPropertyOrder(1)]
    public required IReadOnlyList<ReportedSkip> Skips { get; init; }

    [JsonPropertyOrder(1)]
    public required IReadOnlyList<ReportedNote> Notes { get; init; }

    [JsonPropertyOrder(1)]
    public required double Seconds { get; init; }

    protected string Title => $"{Engine}/{Name} level {Level} of {PeopleText.Time(Timestamp)}";

    /// <summary>Writes what was left out, and what is worth knowing.</summary>
    protected void WriteRemarks(PeopleText text, bool verbose)
    {
        if (Skipped > 0)
        {
            text.Line($"{PeopleText.Count(Skipped, "entry was", "entries were")} skipped:");
            foreach (ReportedSkip skip in Skips)
            {
                text.Line($"  {skip.Path}: {skip.Reason}");
            }

            if (Skipped > Skips.Count)
            {
                text.Line($"  and {PeopleText.Count(Skipped - Skips.Count, "more", "more")}");
            }
        }

        if (Notes.Count > 0)
        {
            text.Line($"{PeopleText.Count(Notes.Count, "note", "notes")}{(verbose ? ":" : "; --verbose shows them.")}");
            foreach (ReportedNote note in verbose ? Notes : [])
            {
                text.Line($"  {note.Path}: {note.Reason}");
            }
        }
    }
}

/// <summary>A skip as the document has it.</summary>
internal sealed record ReportedSkip(string Path, string Kind, string Reason)
{
    internal static IReadOnlyList<ReportedSkip> Of(IReadOnlyList<SkippedEntry> skips) =>
        [.. skips.Select(static skip => new ReportedSkip(skip.Path.ToString(), NameOf(skip.Kind), skip.Reason))];

    private static string NameOf(SkipKind kind) => kind switch
    {
        SkipKind.Unreadable => "unreadable",
        SkipKind.Inconsistent => "inconsistent",
        SkipKind.Unwritable => "unwritable",
        SkipKind.Refused => "refused",
        SkipKind.Damaged => "damaged",
        _ => kind.ToString(),
    };
}

/// <summary>A note as the document has it.</summary>
internal sealed record ReportedNote(string Path, string Reason)
{
    internal static IReadOnlyList<ReportedNote> Of(IReadOnlyList<Note> notes) =>
        [.. notes.Select(static note => new ReportedNote(note.Path.ToString(), note.Reason))];
}
