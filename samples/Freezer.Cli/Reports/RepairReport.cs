using System.Text.Json;

namespace Freezer.Cli;

/// <summary>What a repair did.</summary>
internal sealed record RepairReport : Report
{
    private const string NotWholeStatus = "not-whole";

    public required IReadOnlyList<ReportedRepair> Backups { get; init; }

    public required double Seconds { get; init; }

    internal static RepairReport Of(IReadOnlyList<RepairResult> results) => new()
    {
        Status = results.All(static result => result.IsWhole) ? CompleteStatus : NotWholeStatus,
        Backups = [.. results.SelectMany(static result => result.Backups).Select(ReportedRepair.Of)],
        Seconds = Math.Round(results.Sum(static result => result.Duration.TotalSeconds), 3),
    };

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.RepairReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        foreach (ReportedRepair backup in Backups)
        {
            text.Line($"{backup.Backup.Title}: {TextOf(backup)}");
            if (backup.Problem is not null)
            {
                text.Line($"  {backup.Problem}");
            }

            if (backup.Obstacle is not null && backup.Obstacle != backup.Problem)
            {
                text.Line($"  {backup.Obstacle}");
            }
        }

        long repaired = Backups.LongCount(static backup => backup.Outcome == ReportedRepair.Repaired);
        text.Line($"{PeopleText.Count(repaired, "backup", "backups")} repaired, {PeopleText.Seconds(Seconds)}");
    }

    private static string TextOf(ReportedRepair backup) => backup.Outcome switch
    {
        ReportedRepair.Sound => "nothing to repair",
        ReportedRepair.Repaired => backup.FromArchive ? "repaired from its archive" : "repaired",
        _ => "NOT REPAIRED",
    };
}

/// <summary>A backup that a repair looked at, as the document has it.</summary>
internal sealed record ReportedRepair(ReportedBackup Backup, string Outcome, string? Problem, string? Obstacle, bool FromArchive)
{
    internal const string Sound = "sound";
    internal const string Repaired = "repaired";

    internal static ReportedRepair Of(RepairedBackup backup) =>
        new(ReportedBackup.Of(backup.Backup), NameOf(backup.Outcome), backup.Problem, backup.Obstacle, backup.IsFromArchive);

    private static string NameOf(RepairOutcome outcome) => outcome switch
    {
        RepairOutcome.Sound => Sound,
        RepairOutcome.Repaired => Repaired,
        _ => "not-repaired",
    };
}
