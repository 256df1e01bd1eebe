using System.Text.Json;
using System.Text.Json.Serialization;
using Freezer.Catalog;

namespace Freezer.Cli;

/// <summary>What a copy did.</summary>
internal sealed record CopyReport : Report
{
    public required string Engine { get; init; }

    public required string Name { get; init; }

    public required string Destination { get; init; }

    /// <summary>The timestamps of the backups that are in the other storage now, level 0 first, in seconds since 1970.</summary>
    public required IReadOnlyList<long> Timestamps { get; init; }

    public required long Copied { get; init; }

    public required long BytesCopied { get; init; }

    public required long Kept { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReportedLag>? Lagging { get; init; }

    internal static CopyReport Of(BackupCopyResult result, string destination) => new()
    {
        Status = StatusOf(result.Outcome),
        Engine = result.Backups[0].EngineName,
        Name = result.Backups[0].BackupName,
        Destination = destination,
        Timestamps = [.. result.Backups.Select(static backup => backup.Timestamp.ToUnixTimeSeconds())],
        Copied = result.Copied,
        BytesCopied = result.BytesCopied,
        Kept = result.Kept,
        Lagging = ReportedLag.Of(result.Lagging),
    };

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.CopyReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        text.Line($"Copied {Engine}/{Name} of {PeopleText.Time(Timestamps[^1])} to {Destination}.");
        text.Line($"  {PeopleText.Count(Timestamps.Count, "backup", "backups")}, {PeopleText.Bytes(BytesCopied)} in {PeopleText.Count(Copied, "object", "objects")}; {PeopleText.Count(Kept, "object was", "objects were")} there already");
        ReportedLag.Write(Lagging, text);
    }
}
