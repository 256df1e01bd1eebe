namespace Freezer.Storage;

/// <summary>One of the storages of a mirror.</summary>
/// <param name="Name">What messages call it; no two have the same name.</param>
/// <param name="Storage">The storage, which the mirror takes over.</param>
public sealed record MirrorMember(string Name, IStorage Storage);
