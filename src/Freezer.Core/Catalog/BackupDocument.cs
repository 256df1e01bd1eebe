using System.Text;
using System.Text.Json;
using Freezer.Dataflow;
using Freezer.Keys;

namespace Freezer.Catalog;

/// <summary>The metadata document of a backup: one line of JSON, whose last member is the SHA-256 of the bytes before it.
/// That of an encrypted backup is inside a <see cref="SealedDocument"/>.</summary>
/// <remarks>The first three members are OpenStack Freezer's own; it reads the first line and ignores what it does not know. Its own documents
/// have no others.</remarks>
internal sealed record BackupDocument
{
    /// <summary>The version of the whole layout. A higher one is refused.</summary>
    internal const int CurrentFormat = 1;

    /// <summary>The feature that a reader of encrypted backups must have.</summary>
    internal const string SealedFeature = "sealed";

    private const string DigestStart = ",\"sha256\":\"";
    private const string DigestEnd = "\"}";
    private const int DigestMemberLength = 11 + (2 * Sha256Digest.Size) + 2;

    /// <summary>Who writes documents here.</summary>
    internal static string ThisLibrary { get; } = $"Freezer.Core {typeof(BackupDocument).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>What this version can do beyond the format itself. A document that requires anything else is refused.</summary>
    private static readonly string[] _knownFeatures = [SealedFeature];

    public string EngineName { get; init; } = "";

    public string Compression { get; init; } = "";

    public bool Encryption { get; init; }

    /// <summary>0 where the document has no such member: another program wrote it.</summary>
    public int Format { get; init; }

    public string[] Requires { get; init; } = [];

    public Guid Id { get; init; }

    public string BackupName { get; init; } = "";

    public long ChainTimestamp { get; init; }

    public long Timestamp { get; init; }

    public int Level { get; init; }

    public Guid? ParentId { get; init; }

    public long? ParentTimestamp { get; init; }

    /// <summary>The data key of an encrypted backup; absent in others.</summary>
    public Guid? DataKey { get; init; }

    /// <summary>Which repair the document is of; 0 for a commit, which has no such member.</summary>
    public int Repair { get; init; }

    public SourceIdentity Source { get; init; } = new("", "");

    public int? CompressionLevel { get; init; }

    public StoredObjectDescription Archive { get; init; } = new();

    public StoredObjectDescription Manifest { get; init; } = new();

    public IndexDescription Index { get; init; } = new();

    public string Outcome { get; init; } = "";

    public long Entries { get; init; }

    public long Skipped { get; init; }

    public long BytesRead { get; init; }

    public string Library { get; init; } = "";

    public SortedDictionary<string, string> Facts { get; init; } = [];

    /// <summary>What the application has to say of the backup; absent where it said nothing.</summary>
    public SortedDictionary<string, string>? ApplicationFacts { get; init; }

    internal bool IsForeign => Format == 0;

    internal bool IsSealed => DataKey is not null;

    /// <summary>Writes the document.</summary>
    /// <param name="dataKey">The backup's data key, where it is encrypted.</param>
    internal byte[] ToBytes(DataKey? dataKey)
    {
        byte[] body = JsonMembers.Write(this, WriteMembers);
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
        BackupDocument document = JsonMembers.Read(json, ReadMembers);
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

    /// <summary>Writes what stands open in an encrypted document too: which backup it is.</summary>
    internal void WriteIdentity(Utf8JsonWriter writer)
    {
        // Another program reads these three.
        writer.WriteString(DocumentMembers.EngineName, EngineName);
        writer.WriteString(DocumentMembers.Compression, Compression);
        writer.WriteBoolean(DocumentMembers.Encryption, Encryption);
        writer.WriteNumber(DocumentMembers.Format, Format);
        writer.WriteTexts(DocumentMembers.Requires, Requires);
        writer.WriteString(DocumentMembers.Id, Id);
        writer.WriteString(DocumentMembers.BackupName, BackupName);
        writer.WriteNumber(DocumentMembers.ChainTimestamp, ChainTimestamp);
        writer.WriteNumber(DocumentMembers.Timestamp, Timestamp);
        writer.WriteNumber(DocumentMembers.Level, Level);
        if (ParentId is { } parentId)
        {
            writer.WriteString(DocumentMembers.ParentId, parentId);
        }

        if (ParentTimestamp is { } parentTimestamp)
        {
            writer.WriteNumber(DocumentMembers.ParentTimestamp, parentTimestamp);
        }

        if (DataKey is { } dataKey)
        {
            writer.WriteString(DocumentMembers.DataKey, dataKey);
        }

        if (Repair > 0)
        {
            writer.WriteNumber(DocumentMembers.Repair, Repair);
        }
    }

    private static void WriteMembers(BackupDocument document, Utf8JsonWriter writer)
    {
        document.WriteIdentity(writer);
        document.Source.Write(writer);
        if (document.CompressionLevel is { } compressionLevel)
        {
            writer.WriteNumber(DocumentMembers.CompressionLevel, compressionLevel);
        }

        document.Archive.Write(writer, DocumentMembers.Archive);
        document.Manifest.Write(writer, DocumentMembers.Manifest);
        document.Index.Write(writer);
        writer.WriteString(DocumentMembers.Outcome, document.Outcome);
        writer.WriteNumber(DocumentMembers.Entries, document.Entries);
        writer.WriteNumber(DocumentMembers.Skipped, document.Skipped);
        writer.WriteNumber(DocumentMembers.BytesRead, document.BytesRead);
        writer.WriteString(DocumentMembers.Library, document.Library);
        writer.WriteTextsByName(DocumentMembers.Facts, document.Facts);
        if (document.ApplicationFacts is { } facts)
        {
            writer.WriteTextsByName(DocumentMembers.ApplicationFacts, facts);
        }
    }

    private static BackupDocument ReadMembers(JsonElement json) => new()
    {
        EngineName = json.GetText(DocumentMembers.EngineName),
        Compression = json.GetText(DocumentMembers.Compression),
        Encryption = json.GetBoolean(DocumentMembers.Encryption),
        Format = json.GetSmallNumber(DocumentMembers.Format),
        Requires = json.GetTexts(DocumentMembers.Requires),
        Id = json.GetGuid(DocumentMembers.Id),
        BackupName = json.GetText(DocumentMembers.BackupName),
        ChainTimestamp = json.GetNumber(DocumentMembers.ChainTimestamp),
        Timestamp = json.GetNumber(DocumentMembers.Timestamp),
        Level = json.GetSmallNumber(DocumentMembers.Level),
        ParentId = json.FindGuid(DocumentMembers.ParentId),
        ParentTimestamp = json.FindNumber(DocumentMembers.ParentTimestamp),
        DataKey = json.FindGuid(DocumentMembers.DataKey),
        Repair = json.GetSmallNumber(DocumentMembers.Repair),
        Source = SourceIdentity.Read(json),
        CompressionLevel = json.FindSmallNumber(DocumentMembers.CompressionLevel),
        Archive = StoredObjectDescription.Read(json, DocumentMembers.Archive),
        Manifest = StoredObjectDescription.Read(json, DocumentMembers.Manifest),
        Index = IndexDescription.Read(json),
        Outcome = json.GetText(DocumentMembers.Outcome),
        Entries = json.GetNumber(DocumentMembers.Entries),
        Skipped = json.GetNumber(DocumentMembers.Skipped),
        BytesRead = json.GetNumber(DocumentMembers.BytesRead),
        Library = json.GetText(DocumentMembers.Library),
        Facts = json.FindTextsByName(DocumentMembers.Facts) ?? [],
        ApplicationFacts = json.FindTextsByName(DocumentMembers.ApplicationFacts),
    };

    private static void CheckDigest(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> member)
    {
        string expected = $"{DigestStart}{Sha256Digest.Of(bytes[..^member.Length])}{DigestEnd}";
        if (!member.SequenceEqual(Encoding.ASCII.GetBytes(expected)))
        {
            throw new InvalidDataException("its bytes do not match the SHA-256 at its end: it was altered");
        }
    }
}
