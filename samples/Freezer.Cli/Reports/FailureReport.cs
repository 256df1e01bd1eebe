using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>That something failed, and why.</summary>
internal sealed record FailureReport : Report
{
    /// <summary>The engine and the name that the command line asked for; <see langword="null"/> where it named none.</summary>
    public string? Engine { get; init; }

    public string? Name { get; init; }

    /// <summary>Where it comes from, for whoever asks for more.</summary>
    [JsonIgnore]
    internal Exception? Cause { get; init; }

    internal static FailureReport Of(ParseResult arguments, Exception cause) => new()
    {
        Status = FailedStatus,
        Error = Failure.Describe(cause),
        Engine = arguments.CommandResult.Command.Options.Contains(CommonOptions.Engine) ? arguments.GetValue(CommonOptions.Engine).ToText() : null,
        Name = arguments.CommandResult.Command.Options.Contains(CommonOptions.Name) ? arguments.GetValue(CommonOptions.Name) : null,
        Cause = cause,
    };

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.FailureReport);

    internal override void Write(PeopleText text, bool verbose)
    {
        text.Line($"freezer: {Error}");
        if (verbose && Cause is not null)
        {
            text.Line(Cause.ToString());
        }
    }
}
