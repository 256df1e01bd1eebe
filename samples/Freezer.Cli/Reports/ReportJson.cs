using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>The documents' shape, generated when the program is built.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BackupReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(ListReport))]
[JsonSerializable(typeof(FailureReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
