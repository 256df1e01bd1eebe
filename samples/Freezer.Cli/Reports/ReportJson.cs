using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Freezer.Cli;

/// <summary>The documents' shape, generated when the program is built.</summary>
[JsonSerializable(typeof(BackupReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(ListReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(RepairReport))]
[JsonSerializable(typeof(KeyReport))]
[JsonSerializable(typeof(KeyListReport))]
[JsonSerializable(typeof(CopyReport))]
[JsonSerializable(typeof(SyncReport))]
[JsonSerializable(typeof(FailureReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>Names and messages stay readable: a document is no part of a web page, so only what JSON itself asks for is escaped.</summary>
    internal static ReportJson Documents { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
