using System.Text.Json;
using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>What a backup did.</summary>
internal sealed record BackupReport : OperationReport
{
    public required long BytesRead { get; init; }

    public required long BytesStored { get; init; }

    public required string Compression { get; init; }

    public required string? NewChainReason { get; init; }

    /// <summary>The storages of a mirror that lack the backup; <see langword="null"/> as it should be.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ReportedLag>? Lagging { get; init; }

    internal static BackupReport Of(BackupResult result)
    {
        Backup backup = result.Backup;
        return new BackupReport
        {
            Status = StatusOf(result.Outcome),
            Engine = backup.EngineName,
            Name = backup.BackupName,
            Level = backup.Level,
            Timestamp = backup.Timestamp.ToUnixTimeSeconds(),
            Id = backup.Id,
            Parent = backup.ParentId,
            Entries = backup.Entries,
            BytesRead = backup.BytesRead,
            BytesStored = backup.BytesStored,
            Skipped = backup.Skipped,
            Skips = ReportedSkip.Of(result.Skips),
            Notes = ReportedNote.Of(result.Notes),
            Compression = result.Compression.ToString(),
            NewChainReason = result.NewChainReason,
            Lagging = ReportedLag.Of(result.Lagging),
            Seconds = Math.Round(result.Duration.TotalSeconds, 3),
        };
    }

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.BackupReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        text.Line($"Backed up {Title}.");
        text.Line($"  {PeopleText.Count(Entries, "entry", "entries")}, {PeopleText.Bytes(BytesRead)} read, {PeopleText.Bytes(BytesStored)} stored ({Compression}), {PeopleText.Seconds(Seconds)}");
        if (NewChainReason is not null)
        {
            text.Line($"  A new chain was begun: {NewChainReason}.");
        }

        ReportedLag.Write(Lagging, text);
        WriteRemarks(text, verbose);
    }
}
