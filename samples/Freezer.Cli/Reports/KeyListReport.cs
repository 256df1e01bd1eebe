using System.Text.Json;
using Freezer.Keys;

namespace Freezer.Cli;

/// <summary>The keys of a repository.</summary>
internal sealed record KeyListReport : Report
{
    public required IReadOnlyList<ListedKey> Keys { get; init; }

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.KeyListReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        if (Keys.Count == 0)
        {
            text.Line("There are no keys: the repository is not encrypted.");
            return;
        }

        text.Line($"{"SLOT",4}  {"KIND",-12}  SINCE");
        foreach (ListedKey key in Keys)
        {
            text.Line(key.Problem is null ? $"{key.Slot,4}  {key.Kind,-12}  {PeopleText.Time(key.Created)}" : $"{key.Slot,4}  cannot be used: {key.Problem}");
        }
    }
}

/// <summary>A key as the document has it.</summary>
internal sealed record ListedKey
{
    public required string Slot { get; init; }

    public required string Kind { get; init; }

    /// <summary>In seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>Why the key cannot be used, or <see langword="null"/>.</summary>
    public required string? Problem { get; init; }

    internal static ListedKey Of(KeySlot slot) => new()
    {
        Slot = slot.Name,
        Kind = slot.Kind,
        Created = slot.Created.ToUnixTimeSeconds(),
        Problem = slot.Problem,
    };
}
