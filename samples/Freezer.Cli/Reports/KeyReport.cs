using System.Text.Json;
using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>What was done with a key.</summary>
internal sealed record KeyReport : Report
{
    /// <summary>The key that was added, changed or removed; <see langword="null"/> otherwise.</summary>
    public string? Slot { get; init; }

    /// <summary>The data key that was made; <see langword="null"/> otherwise.</summary>
    public Guid? DataKey { get; init; }

    [JsonIgnore]
    internal string Text { get; init; } = "";

    internal override string ToJson() => JsonSerializer.Serialize(this, ReportJson.Documents.KeyReport);

    internal override void Write(PeopleText text, bool verbose) => text.Line(Text);
}
