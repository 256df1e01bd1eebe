using System.Text.Json;

namespace Freezer.Cli;

/// <summary>The backups of a storage.</summary>
internal sealed record ListReport : Report
{
    public required IReadOnlyList<ListedBackup> Backups { get; init; }

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.ListReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        if (Backups.Count == 0)
        {
            text.Line("There are no backups.");
            return;
        }

        int width = Backups.Max(static backup => PeopleText.Printable(backup.Title).Length);
        text.Line($"{"NAME".PadRight(width)}  {"LEVEL",5}  {"TIME",-20}  {"ENTRIES",9}  {"READ",10}  {"STORED",10}  {"COMPRESSION",-11}  OUTCOME");
        foreach (ListedBackup backup in Backups)
        {
            text.Line(
                $"{PeopleText.Printable(backup.Title).PadRight(width)}  {backup.Level,5}  {PeopleText.Time(backup.Timestamp),-20}  {backup.Entries,9}  "
                + $"{PeopleText.Bytes(backup.BytesRead),10}  {PeopleText.Bytes(backup.BytesStored),10}  {backup.Compression,-11}  {backup.Remark}");
        }
    }
}

/// <summary>A backup as the document has it.</summary>
internal sealed record ListedBackup
{
    public required string Engine { get; init; }

    public required string Name { get; init; }

    public required int Level { get; init; }

    /// <summary>In seconds since 1970.</summary>
    public required long Timestamp { get; init; }

    /// <summary>The timestamp of the chain's level 0.</summary>
    public required long Chain { get; init; }

    /// <summary><see langword="null"/> for a backup of another program, and for one whose document is damaged.</summary>
    public required Guid? Id { get; init; }

    public required Guid? Parent { get; init; }

    public required string? Outcome { get; init; }

    public required long Entries { get; init; }

    public required long BytesRead { get; init; }

    public required long BytesStored { get; init; }

    public required long Skipped { get; init; }

    public required string Compression { get; init; }

    public required string Host { get; init; }

    public required string Source { get; init; }

    public required bool Foreign { get; init; }

    public required bool Encrypted { get; init; }

    /// <summary>Why the backup cannot be used, or <see langword="null"/>.</summary>
    public required string? Problem { get; init; }

    internal string Title => $"{Engine}/{Name}";

    internal string Remark => Problem is not null ? $"cannot be used: {Problem}"
        : Foreign ? "made by another program"
        : Skipped > 0 ? $"{PeopleText.Count(Skipped, "entry", "entries")} skipped"
        : "complete";

    internal static ListedBackup Of(Backup backup) => new()
    {
        Engine = backup.EngineName,
        Name = backup.BackupName,
        Level = backup.Level,
        Timestamp = backup.Timestamp.ToUnixTimeSeconds(),
        Chain = backup.ChainTimestamp.ToUnixTimeSeconds(),
        Id = backup.Id == Guid.Empty ? null : backup.Id,
        Parent = backup.ParentId,
        Outcome = backup.Problem is not null || backup.IsForeign ? null
            : backup.Outcome == BackupOutcome.Complete ? Report.CompleteStatus : Report.SkipsStatus,
        Entries = backup.Entries,
        BytesRead = backup.BytesRead,
        BytesStored = backup.BytesStored,
        Skipped = backup.Skipped,
        Compression = backup.Compression,
        Host = backup.SourceHost,
        Source = backup.SourcePath,
        Foreign = backup.IsForeign,
        Encrypted = backup.IsEncrypted,
        Problem = backup.Problem,
    };
}
