using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Freezer.Keys;

namespace Freezer.Catalog;

/// <summary>The metadata document of an encrypted backup: what is needed to find chain and key, and to check the objects without the key;
/// the whole <see cref="BackupDocument"/>, encrypted; and last an HMAC-SHA-256 of the bytes before it.</summary>
internal static class SealedDocument
{
    private const string MacStart = ",\"hmac_sha256\":\"";
    private const string MacEnd = "\"}";
    private const int MacMemberLength = 16 + (2 * Keys.DataKey.MacSize) + 2;

    /// <summary>Encrypts a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="body">Its JSON.</param>
    /// <param name="dataKey">The backup's data key.</param>
    internal static byte[] Seal(BackupDocument document, ReadOnlySpan<byte> body, DataKey dataKey)
    {
        byte[] details = dataKey.SealBytes(document.Id, SealedRole.Details, document.Repair, body);
        byte[] json = JsonMembers.Write(document, (open, writer) => WriteMembers(open, details, writer));
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
        (Guid id, int repair, byte[] details) = JsonMembers.Read(
            bytes, static json => (json.GetGuid(DocumentMembers.Id), json.GetSmallNumber(DocumentMembers.Repair), json.GetBytes(DocumentMembers.Sealed)));
        return BackupDocument.ParseBody(dataKey.OpenBytes(id, SealedRole.Details, repair, details));
    }

    private static void WriteMembers(BackupDocument document, byte[] details, Utf8JsonWriter writer)
    {
        document.WriteIdentity(writer);
        WriteObject(writer, DocumentMembers.Archive, document.Archive.Length, document.Archive.Digest);
        WriteObject(writer, DocumentMembers.Manifest, document.Manifest.Length, document.Manifest.Digest);
        WriteObject(writer, DocumentMembers.Index, document.Index.Length, document.Index.Digest);
        writer.WriteBase64String(DocumentMembers.Sealed, details);
    }

    /// <summary>An object as everybody may see it: its length and digest.</summary>
    private static void WriteObject(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long length, string digest)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber(DocumentMembers.Length, length);
        writer.WriteString(DocumentMembers.Digest, digest);
        writer.WriteEndObject();
    }

    private static byte[] MacMember(ReadOnlySpan<byte> bytes, DataKey dataKey) =>
        Encoding.ASCII.GetBytes($"{MacStart}{Convert.ToHexStringLower(dataKey.Authenticate(bytes))}{MacEnd}");
}
