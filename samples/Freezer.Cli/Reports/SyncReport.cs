using System.Text.Json;
using System.Text.Json.Serialization;
using Freezer.Storage;

namespace Freezer.Cli;

/// <summary>What a synchronisation of a mirror did.</summary>
internal sealed record SyncReport : Report
{
    /// <summary>The storages that are in again.</summary>
    public required IReadOnlyList<string> Synchronized { get; init; }

    public required long Copied { get; init; }

    public required long BytesCopied { get; init; }

    public required long Deleted { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReportedLag>? Lagging { get; init; }

    internal static SyncReport Of(MirrorSynchronization result) => new()
    {
        Status = result.Lagging.Count == 0 ? CompleteStatus : DegradedStatus,
        Synchronized = result.Synchronized,
        Copied = result.Copied,
        BytesCopied = result.BytesCopied,
        Deleted = result.Deleted,
        Lagging = ReportedLag.Of(result.Lagging),
    };

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.SyncReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        text.Line(Lagging is null ? "All storages of the mirror hold everything." : "The mirror is not complete.");
        text.Line($"  {PeopleText.Count(Copied, "object", "objects")} copied, {PeopleText.Bytes(BytesCopied)}; {PeopleText.Count(Deleted, "object", "objects")} deleted that the others had deleted");
        ReportedLag.Write(Lagging, text);
    }
}
