using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Freezer.Dataflow;
using Freezer.Keys;

namespace Freezer.Catalog;

/// <summary>The metadata document of a backup: one line of JSON, whose last member is the SHA-256 of the bytes before it.
/// That of an encrypted backup is inside a <see cref="SealedDocument"/>.</summary>
/// <remarks>The first three members are OpenStack Freezer's own; it reads the first line and ignores what it does not know. Its own documents
/// have no others. The properties can be set, since generated code gives an init-only one no value at all where its member is missing.</remarks>
internal sealed record BackupDocument
{
    /// <summary>The version of the whole layout. A higher one is refused.</summary>
    internal const int CurrentFormat = 1;

    /// <summary>The feature that a reader of encrypted backups must have.</summary>
    internal const string SealedFeature = "sealed";

    private const string DigestStart = ",\"sha256\":\"";
    private const string DigestEnd = "\"}";
    private const int DigestMemberLength = 11 + (2 * Sha256Digest.Size) + 2;

    /// <summary>What this version can do beyond the format itself. A document that requires anything else is refused.</summary>
    private static readonly string[] _knownFeatures = [SealedFeature];

    [JsonPropertyOrder(-3)]
    public string EngineName { get; set; } = "";

    [JsonPropertyOrder(-2)]
    public string Compression { get; set; } = "";

    [JsonPropertyOrder(-1)]
    public bool Encryption { get; set; }

    /// <summary>0 where the document has no such member: another program wrote it.</summary>
    public int Format { get; set; }

    public string[] Requires { get; set; } = [];

    public Guid Id { get; set; }

    public string BackupName { get; set; } = "";

    public long ChainTimestamp { get; set; }

    public long Timestamp { get; set; }

    public int Level { get; set; }

    public Guid? ParentId { get; set; }

    public long? ParentTimestamp { get; set; }

    /// <summary>The data key of an encrypted backup; absent in others.</summary>
    public Guid? DataKey { get; set; }

    public SourceIdentity Source { get; set; } = new("", "");

    public int? CompressionLevel { get; set; }

    public StoredObjectDescription Archive { get; set; } = new();

    public StoredObjectDescription Manifest { get; set; } = new();

    public IndexDescription Index { get; set; } = new();

    public string Outcome { get; set; } = "";

    public long Entries { get; set; }

    public long Skipped { get; set; }

    public long BytesRead { get; set; }

    public string Library { get; set; } = "";

    public SortedDictionary<string, string> Facts { get; set; } = [];

    /// <summary>What the application has to say of the backup; absent where it said nothing.</summary>
    public SortedDictionary<string, string>? ApplicationFacts { get; init; }

    [JsonIgnore]
    internal bool IsForeign => Format == 0;

    [JsonIgnore]
    internal bool IsSealed => DataKey is not null;

    /// <summary>Writes the document.</summary>
    /// <param name="dataKey">The backup's data key, where it is encrypted.</param>
    internal byte[] ToBytes(DataKey? dataKey)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(this, BackupDocumentJson.Default.BackupDocument);
        if (dataKey is not null)
        {
            return SealedDocument.Seal(this, body, dataKey);
        }

        ReadOnlySpan<byte> open = body.AsSpan(0, body.Length - 1);
        return [.. open, .. Encoding.ASCII.GetBytes($"{DigestStart}{Sha256Digest.Of(open)}{DigestEnd}")];
    }

    /// <summary>Reads a document. Of an encrypted one only what stands there for everybody, which nothing vouches for yet.</summary>
    /// <param name="bytes">The whole object.</param>
    /// <exception cref="InvalidDataException">It is not JSON, or was altered.</exception>
    /// <exception cref="BackupUnsupportedException">It is from a newer version.</exception>
    internal static BackupDocument Parse(byte[] bytes)
    {
        int lineEnd = bytes.AsSpan().IndexOf((byte)'\n');
        BackupDocument document = ParseBody(lineEnd < 0 ? bytes : bytes.AsSpan(0, lineEnd));
        ReadOnlySpan<byte> member = bytes.Length < DigestMemberLength ? default : bytes.AsSpan(bytes.Length - DigestMemberLength);
        // Only a document that has neither of our marks is another program's: damage to one of them must not make it one.
        if (!document.IsSealed && (!document.IsForeign || member.StartsWith(Encoding.ASCII.GetBytes(DigestStart))))
        {
            CheckDigest(bytes, member);
        }

        return document;
    }

    /// <summary>Reads the members of a document.</summary>
    /// <exception cref="InvalidDataException">It is not JSON.</exception>
    /// <exception cref="BackupUnsupportedException">It is from a newer version.</exception>
    internal static BackupDocument ParseBody(ReadOnlySpan<byte> json)
    {
        BackupDocument document;
        try
        {
            document = JsonSerializer.Deserialize(json, BackupDocumentJson.Default.BackupDocument)
                ?? throw new InvalidDataException("it is the JSON value null");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException("it is not a JSON document", exception);
        }

        if (document.Format > CurrentFormat)
        {
            throw new BackupUnsupportedException($"it has format {document.Format}, and this version reads up to {CurrentFormat}; use a newer version of the library");
        }

        foreach (string feature in document.Requires)
        {
            if (!_knownFeatures.Contains(feature))
            {
                throw new BackupUnsupportedException($"it requires the feature '{feature}', which this version does not have; use a newer version of the library");
            }
        }

        return document;
    }

    private static void CheckDigest(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> member)
    {
        string expected = $"{DigestStart}{Sha256Digest.Of(bytes[..^member.Length])}{DigestEnd}";
        if (!member.SequenceEqual(Encoding.ASCII.GetBytes(expected)))
        {
            throw new InvalidDataException("its bytes do not match the SHA-256 at its end: it was altered");
        }
    }
}

/// <summary>What was backed up: a parent with another identity is not built on.</summary>
internal sealed record SourceIdentity([property: JsonRequired] string Host, [property: JsonRequired] string Path);

/// <summary>A stored object: its length, its digest, and how much content is in it.</summary>
internal sealed record StoredObjectDescription
{
    public long Length { get; set; }

    public string Digest { get; set; } = "";

    public long ContentLength { get; set; }

    internal static StoredObjectDescription Of(StoredStreamSummary summary) => new()
    {
        Length = summary.StoredLength,
        Digest = summary.Digest.ToString(),
        ContentLength = summary.ContentLength,
    };
}

/// <summary>The index object, and the directory at its end.</summary>
internal sealed record IndexDescription
{
    public long Length { get; set; }

    public string Digest { get; set; } = "";

    public int DirectoryLength { get; set; }

    public string DirectoryDigest { get; set; } = "";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(BackupDocument))]
[JsonSerializable(typeof(SealedDocument))]
[JsonSerializable(typeof(ClaimDocument))]
internal sealed partial class BackupDocumentJson : JsonSerializerContext;
