namespace Freezer.Keys;

/// <summary>A key of the application that opens a repository: a <see cref="PassphraseKey"/>, a <see cref="RawKey"/>, or one that a key
/// management service holds.</summary>
/// <remarks>
/// <para>The repository's own key is random; a provider only wraps it (encrypts it for safe-keeping) and unwraps it. So a repository
/// may have any number of providers, and changing one rewrites no data.</para>
/// <para>Safe to use from any thread. A provider belongs to whoever made it; the library disposes none.</para>
/// </remarks>
public interface IKeyProvider
{
    /// <summary>The kind of key, which tells which slots of a repository to try: lower case, one word, constant.</summary>
    string Kind { get; }

    /// <summary>Encrypts a repository key so that only this provider can decrypt it, and notices where it was altered.</summary>
    /// <param name="key">32 secret bytes; cleared after the call, so that no copy may be kept.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What is stored, and what the provider needs to unwrap it again.</returns>
    ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Decrypts what a provider of this kind has wrapped.</summary>
    /// <param name="wrapped">What <see cref="WrapAsync"/> returned. It comes from the storage and may have been altered.</param>
    /// <param name="key">Takes the 32 bytes of the key, which the caller clears.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>False where another key wrapped it.</returns>
    /// <exception cref="InvalidDataException">It was altered.</exception>
    ValueTask<bool> TryUnwrapAsync(WrappedKey wrapped, Memory<byte> key, CancellationToken cancellationToken = default);
}
