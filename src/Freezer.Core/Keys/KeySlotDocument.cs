using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Freezer.Storage;

namespace Freezer.Keys;

/// <summary>A slot as it is stored: the repository key, wrapped by one provider.</summary>
internal sealed record KeySlotDocument(int Format, string Kind, long Created, Dictionary<string, string> Parameters, byte[] Wrapped)
{
    internal const int CurrentFormat = 1;

    /// <summary>The longest document that is read.</summary>
    internal const int LongestDocument = 64 << 10;

    internal static StoragePrefix Prefix { get; } = StoragePrefix.Parse("keys");

    internal static StorageKey KeyOf(int slot) => StorageKey.Parse($"{Prefix}/{slot.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Takes the key of a slot apart.</summary>
    internal static bool TryParseKey(StorageKey key, out int slot)
    {
        string[] segments = key.Value.Split('/');
        slot = 0;
        return segments.Length == 2 && TryParseName(segments[1], out slot);
    }

    internal static bool TryParseName(string name, out int slot) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out slot) && name == slot.ToString(CultureInfo.InvariantCulture);

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, KeyJson.Default.KeySlotDocument);

    /// <exception cref="InvalidDataException">It is not a slot of this format.</exception>
    internal static KeySlotDocument Parse(byte[] bytes)
    {
        KeySlotDocument document;
        try
        {
            document = JsonSerializer.Deserialize(bytes, KeyJson.Default.KeySlotDocument) ?? throw new InvalidDataException("It is the JSON value null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException("It is not the JSON document of a key.", exception);
        }

        if (document.Format != CurrentFormat)
        {
            throw new InvalidDataException($"It has format {document.Format}, and this version reads {CurrentFormat}; use another version of the library.");
        }

        return document.Created >= 0 && document.Created <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? document
            : throw new InvalidDataException($"It was made {document.Created} seconds after 1970, which cannot be.");
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeySlotDocument))]
internal sealed partial class KeyJson : JsonSerializerContext;
