namespace Freezer.Catalog;

/// <summary>What a claim says: who is writing a backup here, and on what it builds.</summary>
internal sealed record ClaimDocument(Guid Id, Guid? ParentId, string Host, int Process);
