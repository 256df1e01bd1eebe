namespace Freezer;

/// <summary>How far an operation is. Reported a few times a second at most, and once at the end.</summary>
/// <param name="Bytes">Bytes read from the resource, or written to the destination.</param>
/// <param name="BytesStored">Bytes that went to the storage, or came from it.</param>
/// <param name="Entries">Entries (or blocks) that were dealt with.</param>
/// <param name="Current">The entry at hand.</param>
/// <param name="TotalBytes">How many bytes there will be, where the engine knows.</param>
public readonly record struct BackupProgress(long Bytes, long BytesStored, long Entries, EntryPath Current, long? TotalBytes);
