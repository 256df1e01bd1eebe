using System.Text.Json;

namespace Freezer.Catalog;

/// <summary>What a claim says: who is at work on a backup here, and on what that backup builds.</summary>
internal sealed record ClaimDocument(Guid Id, Guid? ParentId, string Host, int Process)
{
    internal byte[] ToBytes() => JsonMembers.Write(this, static (claim, writer) =>
    {
        writer.WriteString(DocumentMembers.Id, claim.Id);
        if (claim.ParentId is { } parentId)
        {
            writer.WriteString(DocumentMembers.ParentId, parentId);
        }

        writer.WriteString(DocumentMembers.Host, claim.Host);
        writer.WriteNumber(DocumentMembers.Process, claim.Process);
    });

    /// <exception cref="InvalidDataException">It is not a claim.</exception>
    internal static ClaimDocument Parse(byte[] bytes)
    {
        try
        {
            return JsonMembers.Read(bytes, static claim => new ClaimDocument(
                claim.GetGuid(DocumentMembers.Id),
                claim.FindGuid(DocumentMembers.ParentId),
                claim.GetText(DocumentMembers.Host),
                claim.GetSmallNumber(DocumentMembers.Process)));
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidDataException($"The claim cannot be read: {exception.Message}.", exception);
        }
    }
}
