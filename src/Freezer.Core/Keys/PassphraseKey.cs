using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Freezer.Keys;

/// <summary>A key that a person remembers: PBKDF2 with HMAC-SHA-256 (RFC 8018) makes a key of it, with a salt of its own for each slot.</summary>
/// <remarks>Wrapping and unwrapping take a good part of a second of computing on the calling thread: that is what makes guessing expensive. Safe to use
/// from any thread. Disposing it clears the passphrase; a <see cref="KeyRing"/> that was opened with it stays open.</remarks>
public sealed class PassphraseKey : IKeyProvider, IDisposable
{
    /// <summary>The least number of rounds, and the number that is used by default.</summary>
    public const int LeastRounds = 600_000;

    /// <summary>The most rounds that are computed for a slot: whoever can write to the storage must not be able to keep a reader busy for ever.</summary>
    public const int MostRounds = 100_000_000;

    private const int SaltSize = 32;
    private const string RoundsName = "rounds";
    private const string SaltName = "salt";

    // Text that is no Unicode would otherwise become the same replacement characters, whatever it was.
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _passphrase;
    private readonly int _rounds = LeastRounds;
    private bool _isDisposed;

    /// <summary>Makes a provider of a passphrase.</summary>
    /// <param name="passphrase">The passphrase, whose UTF-8 counts; copied. Not empty.</param>
    /// <exception cref="ArgumentException">It is empty, or not valid Unicode.</exception>
    public PassphraseKey(ReadOnlySpan<char> passphrase)
    {
        if (passphrase.IsEmpty)
        {
            throw new ArgumentException("The passphrase is empty, and would protect nothing.", nameof(passphrase));
        }

        _passphrase = GC.AllocateUninitializedArray<byte>(_strict.GetByteCount(passphrase), pinned: true);
        _strict.GetBytes(passphrase, _passphrase);
    }

    /// <summary>How many rounds are computed for what is wrapped from now on; <see cref="LeastRounds"/> by default. What was wrapped earlier keeps its number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than <see cref="LeastRounds"/>, or more than <see cref="MostRounds"/>.</exception>
    public int Rounds
    {
        get => _rounds;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, LeastRounds);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MostRounds);
            _rounds = value;
        }
    }

    /// <inheritdoc/>
    public string Kind => "passphrase";

    /// <inheritdoc/>
    public ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        byte[] salt = RandomNumberGenerator.GetBytes(SaltSize);
        using SecretKey wrappingKey = Derive(salt, Rounds);
        return new(new WrappedKey
        {
            Bytes = KeyWrap.Wrap(wrappingKey.Span, key.Span),
            Parameters = new Dictionary<string, string>
            {
                [RoundsName] = Rounds.ToString(CultureInfo.InvariantCulture),
                [SaltName] = Convert.ToBase64String(salt),
            },
        });
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryUnwrapAsync(WrappedKey wrapped, Memory<byte> key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(wrapped);
        cancellationToken.ThrowIfCancellationRequested();
        (byte[] salt, int rounds) = Read(wrapped.Parameters);
        using SecretKey wrappingKey = Derive(salt, rounds);
        return new(KeyWrap.TryUnwrap(wrappingKey.Span, wrapped.Bytes.Span, key.Span));
    }

    /// <summary>Clears the passphrase.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        CryptographicOperations.ZeroMemory(_passphrase);
    }

    private static (byte[] Salt, int Rounds) Read(IReadOnlyDictionary<string, string> parameters)
    {
        byte[] salt = new byte[SaltSize];
        if (!parameters.TryGetValue(SaltName, out string? saltText) || saltText is null || !Convert.TryFromBase64String(saltText, salt, out int length) || length != SaltSize)
        {
            throw new InvalidDataException($"The slot of a passphrase has no salt of {SaltSize} bytes.");
        }

        if (!parameters.TryGetValue(RoundsName, out string? roundsText)
            || !int.TryParse(roundsText, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds)
            || rounds is < LeastRounds or > MostRounds)
        {
            throw new InvalidDataException($"The slot of a passphrase has '{roundsText}' rounds, and must have {LeastRounds} to {MostRounds}.");
        }

        return (salt, rounds);
    }

    private SecretKey Derive(byte[] salt, int rounds)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var key = new SecretKey();
        Rfc2898DeriveBytes.Pbkdf2(_passphrase, salt, key.Span, rounds, HashAlgorithmName.SHA256);
        return key;
    }
}
