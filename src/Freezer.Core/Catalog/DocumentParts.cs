using System.Text.Json;
using Freezer.Dataflow;

namespace Freezer.Catalog;

/// <summary>What was backed up: a parent with another identity is not built on.</summary>
internal sealed record SourceIdentity(string Host, string Path)
{
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject(DocumentMembers.Source);
        writer.WriteString(DocumentMembers.Host, Host);
        writer.WriteString(DocumentMembers.Path, Path);
        writer.WriteEndObject();
    }

    internal static SourceIdentity Read(JsonElement document) =>
        document.FindObject(DocumentMembers.Source) is { } json
            ? new(json.RequireText(DocumentMembers.Host), json.RequireText(DocumentMembers.Path))
            : new("", "");
}

/// <summary>A stored object: its length, its digest, and how much content is in it.</summary>
internal sealed record StoredObjectDescription
{
    internal long Length { get; init; }

    internal string Digest { get; init; } = "";

    internal long ContentLength { get; init; }

    internal static StoredObjectDescription Of(StoredStreamSummary summary) => new()
    {
        Length = summary.StoredLength,
        Digest = summary.Digest.ToString(),
        ContentLength = summary.ContentLength,
    };

    internal void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber(DocumentMembers.Length, Length);
        writer.WriteString(DocumentMembers.Digest, Digest);
        writer.WriteNumber(DocumentMembers.ContentLength, ContentLength);
        writer.WriteEndObject();
    }

    internal static StoredObjectDescription Read(JsonElement document, ReadOnlySpan<byte> name) =>
        document.FindObject(name) is { } json
            ? new()
            {
                Length = json.GetNumber(DocumentMembers.Length),
                Digest = json.GetText(DocumentMembers.Digest),
                ContentLength = json.GetNumber(DocumentMembers.ContentLength),
            }
            : new();
}

/// <summary>The index object, and the directory at its end.</summary>
internal sealed record IndexDescription
{
    internal long Length { get; init; }

    internal string Digest { get; init; } = "";

    internal int DirectoryLength { get; init; }

    internal string DirectoryDigest { get; init; } = "";

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject(DocumentMembers.Index);
        writer.WriteNumber(DocumentMembers.Length, Length);
        writer.WriteString(DocumentMembers.Digest, Digest);
        writer.WriteNumber(DocumentMembers.DirectoryLength, DirectoryLength);
        writer.WriteString(DocumentMembers.DirectoryDigest, DirectoryDigest);
        writer.WriteEndObject();
    }

    internal static IndexDescription Read(JsonElement document) =>
        document.FindObject(DocumentMembers.Index) is { } json
            ? new()
            {
                Length = json.GetNumber(DocumentMembers.Length),
                Digest = json.GetText(DocumentMembers.Digest),
                DirectoryLength = json.GetSmallNumber(DocumentMembers.DirectoryLength),
                DirectoryDigest = json.GetText(DocumentMembers.DirectoryDigest),
            }
            : new();
}
