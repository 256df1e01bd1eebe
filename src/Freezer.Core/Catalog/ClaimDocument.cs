using System.Text.Json;

namespace Freezer.Catalog;

/// <summary>What a claim says: who is at work on a backup here, and on what that backup builds.</summary>
internal sealed record ClaimDocument(Guid Id, Guid? ParentId, string Host, int Process)
{
    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, BackupDocumentJson.Default.ClaimDocument);

    /// <exception cref="InvalidDataException">It is not a claim.</exception>
    internal static ClaimDocument Parse(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, BackupDocumentJson.Default.ClaimDocument) ?? throw new InvalidDataException("The claim is the JSON value null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException("The claim is not a JSON document.", exception);
        }
    }
}
