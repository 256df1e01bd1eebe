using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>What the program has to tell at its end: one JSON document, or a text for people.</summary>
internal abstract record Report
{
    internal const string CompleteStatus = "complete";
    internal const string SkipsStatus = "complete-with-skips";
    internal const string DegradedStatus = "complete-with-degraded-mirror";
    internal const string FailedStatus = "failed";

    [JsonPropertyOrder(-3)]
    public required string Status { get; init; }

    [JsonPropertyOrder(-2)]
    public string? Error { get; init; }

    [JsonIgnore]
    internal int ExitStatus => Status switch
    {
        CompleteStatus => Cli.ExitStatus.Complete,
        SkipsStatus => Cli.ExitStatus.CompleteWithSkips,
        DegradedStatus => Cli.ExitStatus.CompleteWithDegradedMirror,
        _ => Cli.ExitStatus.Failed,
    };

    /// <summary>The document, without a line end.</summary>
    internal abstract string ToJson();

    /// <summary>Writes the text.</summary>
    /// <param name="text">Where it goes.</param>
    /// <param name="verbose">Whether all of it is wanted.</param>
    internal abstract void Write(PeopleText text, bool verbose);

    protected static string StatusOf(BackupOutcome outcome) => outcome switch
    {
        BackupOutcome.Complete => CompleteStatus,
        BackupOutcome.CompleteWithDegradedMirror => DegradedStatus,
        _ => SkipsStatus,
    };
}
