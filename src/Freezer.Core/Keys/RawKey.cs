namespace Freezer.Keys;

/// <summary>A key of 32 random bytes, such as a key file holds.</summary>
/// <remarks>Safe to use from any thread. Disposing it clears the key; a <see cref="KeyRing"/> that was opened with it stays open.</remarks>
public sealed class RawKey : IKeyProvider, IDisposable
{
    /// <summary>How many bytes a key has.</summary>
    public const int Size = SecretKey.Size;

    private readonly SecretKey _key = new();

    /// <summary>Makes a provider of a key.</summary>
    /// <param name="key">32 bytes that nobody can guess; copied. Clear your own when they are not needed any more.</param>
    /// <exception cref="ArgumentException">It does not have 32 bytes.</exception>
    public RawKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Size)
        {
            throw new ArgumentException($"A key has {Size} bytes, and this one has {key.Length}.", nameof(key));
        }

        key.CopyTo(_key.Span);
    }

    /// <inheritdoc/>
    public string Kind => "raw";

    /// <inheritdoc/>
    public ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        new(new WrappedKey { Bytes = KeyWrap.Wrap(_key.Span, key.Span) });

    /// <inheritdoc/>
    public ValueTask<bool> TryUnwrapAsync(WrappedKey wrapped, Memory<byte> key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(wrapped);
        return new(KeyWrap.TryUnwrap(_key.Span, wrapped.Bytes.Span, key.Span));
    }

    /// <summary>Clears the key.</summary>
    public void Dispose() => _key.Dispose();
}
