using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Freezer.Keys;

namespace Freezer.Catalog;

/// <summary>The metadata document of an encrypted backup: what is needed to find chain and key, and to check the objects without the key;
/// the whole <see cref="BackupDocument"/>, encrypted; and last an HMAC-SHA-256 of the bytes before it.</summary>
internal sealed record SealedDocument
{
    private const string MacStart = ",\"hmac_sha256\":\"";
    private const string MacEnd = "\"}";
    private const int MacMemberLength = 16 + (2 * Keys.DataKey.MacSize) + 2;

    // The first three are OpenStack Freezer's own, as in the other documents.
    [JsonPropertyOrder(-3)]
    public string EngineName { get; set; } = "";

    [JsonPropertyOrder(-2)]
    public string Compression { get; set; } = "";

    [JsonPropertyOrder(-1)]
    public bool Encryption { get; set; }

    public int Format { get; set; }

    public string[] Requires { get; set; } = [];

    public Guid Id { get; set; }

    public string BackupName { get; set; } = "";

    public long ChainTimestamp { get; set; }

    public long Timestamp { get; set; }

    public int Level { get; set; }

    public Guid? ParentId { get; set; }

    public long? ParentTimestamp { get; set; }

    public Guid DataKey { get; set; }

    public SealedObjectDescription Archive { get; set; } = new();

    public SealedObjectDescription Manifest { get; set; } = new();

    public SealedObjectDescription Index { get; set; } = new();

    /// <summary>The whole document, encrypted.</summary>
    public byte[] Sealed { get; set; } = [];

    /// <summary>Encrypts a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="body">Its JSON.</param>
    /// <param name="dataKey">The backup's data key.</param>
    internal static byte[] Seal(BackupDocument document, ReadOnlySpan<byte> body, DataKey dataKey)
    {
        var outer = new SealedDocument
        {
            EngineName = document.EngineName,
            Compression = document.Compression,
            Encryption = document.Encryption,
            Format = document.Format,
            Requires = document.Requires,
            Id = document.Id,
            BackupName = document.BackupName,
            ChainTimestamp = document.ChainTimestamp,
            Timestamp = document.Timestamp,
            Level = document.Level,
            ParentId = document.ParentId,
            ParentTimestamp = document.ParentTimestamp,
            DataKey = dataKey.Id,
            Archive = new() { Length = document.Archive.Length, Digest = document.Archive.Digest },
            Manifest = new() { Length = document.Manifest.Length, Digest = document.Manifest.Digest },
            Index = new() { Length = document.Index.Length, Digest = document.Index.Digest },
            Sealed = dataKey.SealBytes(document.Id, SealedRole.Details, body),
        };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(outer, BackupDocumentJson.Default.SealedDocument);
        ReadOnlySpan<byte> open = json.AsSpan(0, json.Length - 1);
        return [.. open, .. MacMember(open, dataKey)];
    }

    /// <summary>Checks and decrypts a document.</summary>
    /// <param name="bytes">The whole object.</param>
    /// <param name="dataKey">The data key that it names.</param>
    /// <exception cref="InvalidDataException">It was altered.</exception>
    /// <exception cref="BackupUnsupportedException">It is from a newer version.</exception>
    internal static BackupDocument Open(byte[] bytes, DataKey dataKey)
    {
        if (bytes.Length < MacMemberLength
            || !CryptographicOperations.FixedTimeEquals(bytes.AsSpan(bytes.Length - MacMemberLength), MacMember(bytes.AsSpan(0, bytes.Length - MacMemberLength), dataKey)))
        {
            throw new InvalidDataException("its bytes do not match the HMAC at its end: it was altered, or made by somebody who does not have the key");
        }

        // What the HMAC vouches for was written above.
        SealedDocument outer = JsonSerializer.Deserialize(bytes, BackupDocumentJson.Default.SealedDocument)!;
        return BackupDocument.ParseBody(dataKey.OpenBytes(outer.Id, SealedRole.Details, outer.Sealed));
    }

    private static byte[] MacMember(ReadOnlySpan<byte> bytes, DataKey dataKey) =>
        Encoding.ASCII.GetBytes($"{MacStart}{Convert.ToHexStringLower(dataKey.Authenticate(bytes))}{MacEnd}");
}

/// <summary>An encrypted object, as everybody may see it: its length and digest.</summary>
internal sealed record SealedObjectDescription
{
    public long Length { get; set; }

    public string Digest { get; set; } = "";
}
