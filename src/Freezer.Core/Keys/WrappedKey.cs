namespace Freezer.Keys;

/// <summary>A repository key as an <see cref="IKeyProvider"/> has encrypted it. Holds nothing secret.</summary>
public sealed record WrappedKey
{
    /// <summary>The encrypted key.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>What the provider must know to decrypt it, by name: the salt of a passphrase, the name of a key in a key management
    /// service. Stored as it is, readable by anybody.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
}
