using System.Text.Json;

namespace Freezer.Catalog;

/// <summary>The members of a JSON object, by name and kind. What is absent has a default, what is of another kind is an error.</summary>
/// <remarks>The documents of a backup are read and written by hand: a serializer costs a program that starts, backs up a few files and ends
/// more time than the backup does.</remarks>
internal static class JsonMembers
{
    /// <summary>Reads one JSON object, and nothing behind it.</summary>
    /// <exception cref="InvalidDataException">It is no JSON object, or <paramref name="make"/> found something else than it wants.</exception>
    internal static TDocument Read<TDocument>(ReadOnlySpan<byte> json, Func<JsonElement, TDocument> make)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            // Fails where anything but white space follows.
            reader.Read();
            return document.RootElement.ValueKind == JsonValueKind.Object ? make(document.RootElement)
                : throw new InvalidDataException($"it is not a JSON object but the JSON value {document.RootElement.ValueKind}");
        }
        // Text that is no valid UTF-8, or half of a surrogate pair, is found only when it is asked for.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException("it is not a JSON document", exception);
        }
    }

    /// <summary>Writes one JSON object on one line.</summary>
    internal static byte[] Write<TDocument>(TDocument document, Action<TDocument, Utf8JsonWriter> writeMembers)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writeMembers(document, writer);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    internal static string GetText(this JsonElement element, ReadOnlySpan<byte> name) =>
        !element.TryGetProperty(name, out JsonElement member) ? ""
        : member.ValueKind == JsonValueKind.String ? member.GetString()!
        : throw Wrong(name, "a text");

    internal static string RequireText(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.TryGetProperty(name, out _) ? element.GetText(name) : throw Wrong(name, "there");

    internal static bool GetBoolean(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.TryGetProperty(name, out JsonElement member)
        && (member.ValueKind is JsonValueKind.True or JsonValueKind.False ? member.GetBoolean() : throw Wrong(name, "true or false"));

    internal static long GetNumber(this JsonElement element, ReadOnlySpan<byte> name) => element.FindNumber(name) ?? 0;

    internal static int GetSmallNumber(this JsonElement element, ReadOnlySpan<byte> name) => element.FindSmallNumber(name) ?? 0;

    internal static int? FindSmallNumber(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.FindNumber(name) is not { } number ? null
        : number is >= int.MinValue and <= int.MaxValue ? (int)number
        : throw Wrong(name, "a number of 32 bits");

    internal static long? FindNumber(this JsonElement element, ReadOnlySpan<byte> name) =>
        !element.Has(name, out JsonElement member) ? null
        : member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out long number) ? number
        : throw Wrong(name, "a whole number");

    internal static Guid GetGuid(this JsonElement element, ReadOnlySpan<byte> name) => element.FindGuid(name) ?? Guid.Empty;

    internal static Guid? FindGuid(this JsonElement element, ReadOnlySpan<byte> name) =>
        !element.Has(name, out JsonElement member) ? null
        : member.ValueKind == JsonValueKind.String && member.TryGetGuid(out Guid id) ? id
        : throw Wrong(name, "a UUID");

    internal static byte[] GetBytes(this JsonElement element, ReadOnlySpan<byte> name) =>
        !element.Has(name, out JsonElement member) ? []
        : member.ValueKind == JsonValueKind.String && member.TryGetBytesFromBase64(out byte[]? bytes) ? bytes
        : throw Wrong(name, "a text in base64");

    internal static string[] GetTexts(this JsonElement element, ReadOnlySpan<byte> name)
    {
        if (!element.TryGetProperty(name, out JsonElement member))
        {
            return [];
        }

        if (member.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, "a list");
        }

        var texts = new string[member.GetArrayLength()];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = member[i].ValueKind == JsonValueKind.String ? member[i].GetString()! : throw Wrong(name, "a list of texts");
        }

        return texts;
    }

    internal static SortedDictionary<string, string>? FindTextsByName(this JsonElement element, ReadOnlySpan<byte> name)
    {
        if (!element.Has(name, out JsonElement member))
        {
            return null;
        }

        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in member.ValueKind == JsonValueKind.Object ? member.EnumerateObject() : throw Wrong(name, "an object"))
        {
            texts[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : throw Wrong(name, "an object of texts");
        }

        return texts;
    }

    /// <summary>A member that is an object; an absent one has no members.</summary>
    internal static JsonElement? FindObject(this JsonElement element, ReadOnlySpan<byte> name) =>
        !element.TryGetProperty(name, out JsonElement member) ? null
        : member.ValueKind == JsonValueKind.Object ? member
        : throw Wrong(name, "an object");

    internal static void WriteTexts(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyCollection<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    internal static void WriteTextsByName(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, SortedDictionary<string, string> texts)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string text) in texts)
        {
            writer.WriteString(key, text);
        }

        writer.WriteEndObject();
    }

    private static bool Has(this JsonElement element, ReadOnlySpan<byte> name, out JsonElement member) =>
        element.TryGetProperty(name, out member) && member.ValueKind != JsonValueKind.Null;

    private static InvalidDataException Wrong(ReadOnlySpan<byte> name, string wanted) =>
        new($"its member '{System.Text.Encoding.UTF8.GetString(name)}' is not {wanted}");
}
