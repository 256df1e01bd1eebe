using System.Text.Json;
using System.Text.Json.Serialization;

namespace Freezer.Drivers;

/// <summary>The JSON document of a volume's metadata: that of OpenStack Cinder, whose version decides what is restored.</summary>
internal sealed record VolumeMetadataDocument
{
    /// <summary>The version that is written. A higher one is refused.</summary>
    internal const int CurrentVersion = 2;

    /// <summary>What each version restores of what is kept of every volume; all of the rest is restored.</summary>
    private static readonly string[][] _restoredOfBase =
    [
        ["display_name", "display_description"],
        ["display_name", "display_description", "encryption_key_id"],
    ];

    [JsonPropertyName("version")]
    [JsonRequired]
    public int Version { get; init; }

    [JsonPropertyName("volume-base-metadata")]
    public Dictionary<string, JsonElement>? Base { get; init; }

    [JsonPropertyName("volume-metadata")]
    public Dictionary<string, JsonElement>? Volume { get; init; }

    [JsonPropertyName("volume-glance-metadata")]
    public Dictionary<string, JsonElement>? Image { get; init; }

    internal static string Write(VolumeMetadata metadata)
    {
        var document = new VolumeMetadataDocument
        {
            Version = CurrentVersion,
            Base = ToJson(metadata.Base),
            Volume = ToJson(metadata.Volume),
            Image = ToJson(metadata.Image),
        };
        return JsonSerializer.Serialize(document, DriverJson.Default.VolumeMetadataDocument);
    }

    /// <summary>Reads what a document has to restore.</summary>
    /// <exception cref="BackupDamagedException">It is not a document of a volume's metadata.</exception>
    /// <exception cref="BackupUnsupportedException">Its version is a newer one.</exception>
    internal static VolumeMetadata Read(string json)
    {
        try
        {
            VolumeMetadataDocument document = JsonSerializer.Deserialize(json, DriverJson.Default.VolumeMetadataDocument)
                ?? throw new JsonException("It is the JSON value null.");
            CheckVersion(document.Version);
            Dictionary<string, string> all = ToText(document.Base);
            return new VolumeMetadata
            {
                Base = _restoredOfBase[document.Version - 1].Where(all.ContainsKey).ToDictionary(static name => name, name => all[name]),
                Volume = ToText(document.Volume),
                Image = ToText(document.Image),
            };
        }
        catch (JsonException exception)
        {
            throw new BackupDamagedException($"This is not the JSON document of a volume's metadata: {exception.Message}", exception);
        }
    }

    private static void CheckVersion(int version)
    {
        if (version < 1)
        {
            throw new BackupDamagedException($"The volume's metadata has the version {version}, which there never was.");
        }

        if (version > CurrentVersion)
        {
            throw new BackupUnsupportedException(
                $"The volume's metadata has version {version}, and this library restores up to {CurrentVersion}; use a newer version of the library.");
        }
    }

    private static Dictionary<string, JsonElement> ToJson(IReadOnlyDictionary<string, string> values) =>
        values.ToDictionary(static pair => pair.Key, static pair => JsonSerializer.SerializeToElement(pair.Value, DriverJson.Default.String));

    /// <summary>Values as text: other programs also write numbers, and null for what a volume does not have.</summary>
    private static Dictionary<string, string> ToText(Dictionary<string, JsonElement>? values)
    {
        Dictionary<string, string> text = [];
        foreach ((string name, JsonElement value) in values ?? [])
        {
            if (value.ValueKind is not JsonValueKind.Null)
            {
                text[name] = value.ValueKind is JsonValueKind.String ? value.Deserialize(DriverJson.Default.String)! : value.GetRawText();
            }
        }

        return text;
    }
}
