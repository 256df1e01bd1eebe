using System.Text.Json;

namespace Freezer.Cli;

/// <summary>What a restore did.</summary>
internal sealed record RestoreReport : OperationReport
{
    public required string Destination { get; init; }

    public required long BytesWritten { get; init; }

    internal static RestoreReport Of(RestoreResult result, string destination)
    {
        Backup backup = result.Backup;
        return new RestoreReport
        {
            Status = StatusOf(result.Outcome),
            Engine = backup.EngineName,
            Name = backup.BackupName,
            Level = backup.Level,
            Timestamp = backup.Timestamp.ToUnixTimeSeconds(),
            Id = backup.Id,
            Parent = backup.ParentId,
            Destination = destination,
            Entries = result.Entries,
            BytesWritten = result.BytesWritten,
            Skipped = result.Skipped,
            Skips = ReportedSkip.Of(result.Skips),
            Notes = ReportedNote.Of(result.Notes),
            Seconds = Math.Round(result.Duration.TotalSeconds, 3),
        };
    }

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.RestoreReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        text.Line($"Restored {Title} to {Destination}.");
        text.Line($"  {PeopleText.Count(Entries, "entry", "entries")}, {PeopleText.Bytes(BytesWritten)} written, {PeopleText.Seconds(Seconds)}");
        WriteRemarks(text, verbose);
    }
}
