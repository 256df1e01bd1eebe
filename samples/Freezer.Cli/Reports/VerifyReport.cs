using System.Globalization;
using System.Text.Json;

namespace Freezer.Cli;

/// <summary>What a verification found.</summary>
internal sealed record VerifyReport : Report
{
    private const string DefectiveStatus = "defective";

    public required string Depth { get; init; }

    public required IReadOnlyList<ReportedVerification> Backups { get; init; }

    public required IReadOnlyList<ReportedDefect> Defects { get; init; }

    public required long DefectCount { get; init; }

    public required IReadOnlyList<ReportedOrphan> Orphans { get; init; }

    public required long BytesVerified { get; init; }

    public required double Seconds { get; init; }

    internal static VerifyReport Of(IReadOnlyList<VerifyResult> results) => new()
    {
        Status = results.All(static result => result.IsSound) ? CompleteStatus : DefectiveStatus,
        Depth = NameOf(results[0].Depth),
        Backups = [.. results.SelectMany(static result => result.Backups).Select(static backup => new ReportedVerification(ReportedBackup.Of(backup.Backup), backup.Restores))],
        Defects = [.. results.SelectMany(static result => result.Defects).Select(ReportedDefect.Of)],
        DefectCount = results.Sum(static result => result.DefectCount),
        Orphans = [.. results.SelectMany(static result => result.Orphans).Select(static orphan => new ReportedOrphan(orphan.Object.Value, orphan.Length, orphan.IsClaimed))],
        BytesVerified = results.Sum(static result => result.BytesVerified),
        Seconds = Math.Round(results.Sum(static result => result.Duration.TotalSeconds), 3),
    };

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.VerifyReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        foreach (ReportedDefect defect in Defects)
        {
            text.Line(defect.Title);
            text.Line($"  {defect.Reason}");
            if (defect.Affected.Count > 0)
            {
                text.Line($"  Not restored whole: {string.Join("; ", defect.Affected.Select(static backup => backup.Title))}");
            }

            foreach (ReportedLoss lost in defect.Lost)
            {
                text.Line($"  Lost: {lost.Path} in {lost.Backup.Title}: {lost.Reason}");
            }

            if (defect.LostCount > defect.Lost.Count)
            {
                text.Line($"  and {PeopleText.Count(defect.LostCount - defect.Lost.Count, "more", "more")}");
            }
        }

        foreach (ReportedVerification backup in Backups)
        {
            text.Line($"{backup.Backup.Title}: {(backup.Restores ? "restores" : "DOES NOT RESTORE WHOLE")}");
        }

        if (Orphans.Count > 0)
        {
            text.Line($"{PeopleText.Count(Orphans.Count, "object belongs", "objects belong")} to no backup{(verbose ? ":" : "; --verbose shows them.")}");
            foreach (ReportedOrphan orphan in verbose ? Orphans : [])
            {
                text.Line($"  {orphan.Object}{(orphan.Claimed ? " (claimed: being written, or left behind)" : "")}");
            }
        }

        text.Line($"{(DefectCount == 0 ? "No defects" : PeopleText.Count(DefectCount, "defect", "defects"))}; verified {Depth}, {PeopleText.Bytes(BytesVerified)}, {PeopleText.Seconds(Seconds)}");
    }

    private static string NameOf(VerifyDepth depth) => depth switch
    {
        VerifyDepth.Structure => "structure",
        VerifyDepth.Stored => "stored",
        _ => "content",
    };
}

/// <summary>A backup, as the document names it.</summary>
internal sealed record ReportedBackup(string Engine, string Name, int Level, long Timestamp, Guid? Id)
{
    internal string Title => string.Create(CultureInfo.InvariantCulture, $"{Engine}/{Name} level {Level} of {PeopleText.Time(Timestamp)}");

    internal static ReportedBackup Of(Backup backup) =>
        new(backup.EngineName, backup.BackupName, backup.Level, backup.Timestamp.ToUnixTimeSeconds(), backup.Id == Guid.Empty ? null : backup.Id);
}

/// <summary>A backup that was verified, as the document has it.</summary>
internal sealed record ReportedVerification(ReportedBackup Backup, bool Restores);

/// <summary>A defect as the document has it.</summary>
internal sealed record ReportedDefect
{
    public required string Kind { get; init; }

    public required string Object { get; init; }

    public required long? Offset { get; init; }

    public required long? Length { get; init; }

    public required string Reason { get; init; }

    public required IReadOnlyList<ReportedBackup> Affected { get; init; }

    public required IReadOnlyList<ReportedLoss> Lost { get; init; }

    public required long LostCount { get; init; }

    internal string Title => string.Create(CultureInfo.InvariantCulture, $"{Kind}: {Object}{(Offset is null ? "" : $" at byte {Offset}")}");

    internal static ReportedDefect Of(Defect defect) => new()
    {
        Kind = NameOf(defect.Kind),
        Object = defect.Object.Value,
        Offset = defect.Offset,
        Length = defect.Length,
        Reason = defect.Reason,
        Affected = [.. defect.Affected.Select(ReportedBackup.Of)],
        Lost = [.. defect.Lost.Select(static lost => new ReportedLoss(ReportedBackup.Of(lost.Backup), lost.Path.ToString(), lost.Reason))],
        LostCount = defect.LostCount,
    };

    private static string NameOf(DefectKind kind) => kind switch
    {
        DefectKind.Commit => "commit",
        DefectKind.Missing => "missing",
        DefectKind.WrongLength => "wrong-length",
        DefectKind.Altered => "altered",
        DefectKind.Unreadable => "unreadable",
        _ => "content",
    };
}

/// <summary>What is lost, as the document has it.</summary>
internal sealed record ReportedLoss(ReportedBackup Backup, string Path, string Reason);

/// <summary>An object of no backup, as the document has it.</summary>
internal sealed record ReportedOrphan(string Object, long Length, bool Claimed);
