namespace Freezer.Storage;

/// <summary>What a storage knows of an object.</summary>
/// <param name="Key">The object's name.</param>
/// <param name="Length">The length of the whole object in bytes.</param>
/// <param name="LastModified">When the object was last written, by the storage's own clock.</param>
/// <param name="Version">What changes whenever the object is written again (an ETag), or <see langword="null"/>.</param>
public sealed record StorageEntry(StorageKey Key, long Length, DateTimeOffset LastModified, string? Version = null);
