using System.Security.Cryptography;

namespace Freezer.Formats.StreamingAead;

/// <summary>One encrypted stream: its header, and the key that was derived for it alone. Safe from any thread until it is disposed, which clears the key.</summary>
internal sealed class AeadStream : IDisposable
{
    private readonly AeadParameters _parameters;
    private readonly byte[] _header;
    // Pinned, so that the collector leaves no copies that nobody clears.
    private readonly byte[] _key;
    private bool _isDisposed;

    private AeadStream(AeadParameters parameters, byte[] header, ReadOnlySpan<byte> mainKey, ReadOnlySpan<byte> associatedData)
    {
        _parameters = parameters;
        _header = header;
        _key = GC.AllocateUninitializedArray<byte>(parameters.KeySize, pinned: true);
        HKDF.DeriveKey(parameters.Hash, mainKey, _key, header.AsSpan(AeadParameters.SaltOffset, parameters.KeySize), associatedData);
    }

    internal AeadParameters Parameters => _parameters;

    /// <summary>Begins a stream, with a header of its own.</summary>
    /// <param name="parameters">The parameters of the main key.</param>
    /// <param name="mainKey">The main key.</param>
    /// <param name="associatedData">What the reader must know beside the key: what this stream is.</param>
    internal static AeadStream Create(AeadParameters parameters, ReadOnlySpan<byte> mainKey, ReadOnlySpan<byte> associatedData)
    {
        byte[] header = new byte[parameters.HeaderSize];
        RandomNumberGenerator.Fill(header.AsSpan(AeadParameters.SaltOffset));
        header[0] = (byte)header.Length;
        return new AeadStream(parameters, header, mainKey, associatedData);
    }

    /// <summary>Opens a stream by its header.</summary>
    /// <exception cref="InvalidDataException">It is not a header. One that was altered is only noticed at the first segment.</exception>
    internal static AeadStream Open(AeadParameters parameters, ReadOnlySpan<byte> mainKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> header)
    {
        if (header.Length < parameters.HeaderSize || header[0] != parameters.HeaderSize)
        {
            throw new InvalidDataException("It does not begin with the header of an encrypted stream.");
        }

        return new AeadStream(parameters, header[..parameters.HeaderSize].ToArray(), mainKey, associatedData);
    }

    /// <summary>Encrypts a short message, header and all.</summary>
    internal static byte[] Seal(ReadOnlySpan<byte> mainKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> message)
    {
        AeadParameters parameters = AeadParameters.Default;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.Length, parameters.ContentOf(0), nameof(message));
        using AeadStream stream = Create(parameters, mainKey, associatedData);
        byte[] stored = new byte[parameters.StoredLengthOf(message.Length)];
        stream.WriteHeader(stored);
        using SegmentCipher cipher = stream.CreateCipher();
        cipher.Seal(0, isLast: true, message, stored.AsSpan(parameters.HeaderSize));
        return stored;
    }

    /// <summary>Decrypts a short message.</summary>
    /// <exception cref="InvalidDataException">It is not what was encrypted with this key and this associated data.</exception>
    internal static void Open(ReadOnlySpan<byte> mainKey, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> stored, Span<byte> message)
    {
        AeadParameters parameters = AeadParameters.Default;
        if (stored.Length > parameters.SegmentSize || parameters.ContentLengthOf(stored.Length) != message.Length)
        {
            throw new InvalidDataException($"It has {stored.Length} bytes, from which no {message.Length} bytes can be decrypted.");
        }

        using AeadStream stream = Open(parameters, mainKey, associatedData, stored);
        using SegmentCipher cipher = stream.CreateCipher();
        cipher.Open(0, isLast: true, stored[parameters.HeaderSize..], message);
    }

    /// <summary>Writes the header to where the stream begins.</summary>
    internal void WriteHeader(Span<byte> destination) => _header.CopyTo(destination);

    /// <summary>Makes what encrypts and decrypts segments; one for each thread that does so.</summary>
    internal SegmentCipher CreateCipher()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new SegmentCipher(_parameters, _key, _header.AsSpan(^AeadParameters.NoncePrefixSize..));
    }

    public void Dispose()
    {
        _isDisposed = true;
        CryptographicOperations.ZeroMemory(_key);
    }
}
