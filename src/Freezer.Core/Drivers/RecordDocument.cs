using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Freezer.Drivers;

/// <summary>A record as text: as JSON beside the backup in the storage, and sealed by a digest and in base64 for an export.</summary>
internal static class RecordDocument
{
    /// <summary>The version that is written. A higher one is refused.</summary>
    internal const int CurrentVersion = 1;

    /// <summary>The longest exported text that is read.</summary>
    internal const int LongestExport = 1 << 20;

    internal static string Write(BackupRecord record) =>
        JsonSerializer.Serialize(new VersionedRecord(CurrentVersion, record), DriverJson.Default.VersionedRecord);

    /// <exception cref="BackupDamagedException">It is not a record.</exception>
    /// <exception cref="BackupUnsupportedException">Its version is a newer one.</exception>
    internal static BackupRecord Read(string json)
    {
        try
        {
            // The version first: the rest of a newer one may be anything.
            int version = JsonSerializer.Deserialize(json, DriverJson.Default.RecordVersion)?.Version ?? 0;
            return version > CurrentVersion
                ? throw new BackupUnsupportedException($"The record has version {version}, and this library reads up to {CurrentVersion}; use a newer version of the library.")
                : version < 1 ? throw new JsonException($"It has the version {version}, which there never was.")
                : JsonSerializer.Deserialize(json, DriverJson.Default.VersionedRecord)!.Record;
        }
        catch (JsonException exception)
        {
            throw new BackupDamagedException($"This is not the record of a backup: {exception.Message}", exception);
        }
    }

    internal static string Export(BackupRecord record)
    {
        string json = Write(record);
        return Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new SealedRecord(json, DigestOf(json)), DriverJson.Default.SealedRecord));
    }

    /// <exception cref="BackupDamagedException">It was altered.</exception>
    /// <exception cref="BackupUnsupportedException">Its version is a newer one.</exception>
    internal static BackupRecord Import(string text)
    {
        if (text.Length > LongestExport)
        {
            throw new BackupDamagedException($"The exported record has {text.Length} characters, and cannot have more than {LongestExport}.");
        }

        try
        {
            SealedRecord exported = JsonSerializer.Deserialize(Convert.FromBase64String(text), DriverJson.Default.SealedRecord)
                ?? throw new JsonException("It is the JSON value null.");
            return exported.Sha256 == DigestOf(exported.Record)
                ? Read(exported.Record)
                : throw new BackupDamagedException("The exported record does not match its SHA-256: it was altered. Export it again.");
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw new BackupDamagedException($"This is not a record that was exported, or not all of it: {exception.Message}", exception);
        }
    }

    private static string DigestOf(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
}

/// <summary>A record, and the version of its form.</summary>
internal sealed record VersionedRecord([property: JsonPropertyOrder(-1)] int Version, BackupRecord Record);

/// <summary>What every version has.</summary>
internal sealed record RecordVersion(int Version);

/// <summary>An exported record and its SHA-256, in lower-case hexadecimal.</summary>
internal sealed record SealedRecord(string Record, string Sha256);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(VersionedRecord))]
[JsonSerializable(typeof(RecordVersion))]
[JsonSerializable(typeof(SealedRecord))]
[JsonSerializable(typeof(VolumeMetadataDocument))]
[JsonSerializable(typeof(string))]
internal sealed partial class DriverJson : JsonSerializerContext;
