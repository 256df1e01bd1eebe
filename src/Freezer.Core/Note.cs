namespace Freezer;

/// <summary>Something worth knowing that does not change the outcome: a socket, which has no content; an owner that the user may not set.</summary>
/// <param name="Path">The entry, relative to the source.</param>
/// <param name="Reason">What happened, for people.</param>
public sealed record Note(EntryPath Path, string Reason);
