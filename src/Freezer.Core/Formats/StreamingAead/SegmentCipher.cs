using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Freezer.Formats.StreamingAead;

/// <summary>Encrypts and decrypts the segments of one stream, in any order. For one thread at a time.</summary>
internal sealed class SegmentCipher : IDisposable
{
    private readonly AeadParameters _parameters;
    private readonly AesGcm _aes;
    private readonly byte[] _nonce = new byte[AeadParameters.NonceSize];

    internal SegmentCipher(AeadParameters parameters, ReadOnlySpan<byte> key, ReadOnlySpan<byte> noncePrefix)
    {
        _parameters = parameters;
        _aes = new AesGcm(key, AeadParameters.TagSize);
        noncePrefix.CopyTo(_nonce);
    }

    /// <summary>Encrypts a segment. Each number is used once, or a reader of the stream could be deceived.</summary>
    /// <param name="segment">The segment's number, from 0.</param>
    /// <param name="isLast">Whether the stream ends with it.</param>
    /// <param name="content">What the segment holds of the message; all that fits in, unless it is the last.</param>
    /// <param name="stored">Takes the ciphertext and the tag: as many bytes as the content, and 16.</param>
    internal void Seal(long segment, bool isLast, ReadOnlySpan<byte> content, Span<byte> stored)
    {
        if (isLast ? content.Length > _parameters.ContentOf(segment) : content.Length != _parameters.ContentOf(segment))
        {
            throw new ArgumentException($"Segment {segment} cannot hold {content.Length} bytes.", nameof(content));
        }

        SetNonce(checked((uint)segment), isLast);
        _aes.Encrypt(_nonce, content, stored[..content.Length], stored.Slice(content.Length, AeadParameters.TagSize));
    }

    /// <summary>Decrypts a segment.</summary>
    /// <param name="segment">The segment's number, from 0.</param>
    /// <param name="isLast">Whether the stream ends with it, by the length that the stream should have.</param>
    /// <param name="stored">Ciphertext and tag.</param>
    /// <param name="content">Takes the content: 16 bytes fewer. Holds nothing of it after a failure.</param>
    /// <exception cref="InvalidDataException">This is not that segment of this stream.</exception>
    internal void Open(long segment, bool isLast, ReadOnlySpan<byte> stored, Span<byte> content)
    {
        int length = stored.Length - AeadParameters.TagSize;
        if (length < 0 || segment >= uint.MaxValue)
        {
            throw new InvalidDataException($"There cannot be a segment {segment} of {stored.Length} encrypted bytes.");
        }

        SetNonce((uint)segment, isLast);
        try
        {
            _aes.Decrypt(_nonce, stored[..length], stored[length..], content[..length]);
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw new InvalidDataException(
                $"Segment {segment} of the encrypted data cannot be decrypted: it was altered, is not in its place, or belongs to another object or key.", exception);
        }
    }

    public void Dispose() => _aes.Dispose();

    private void SetNonce(uint segment, bool isLast)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_nonce.AsSpan(AeadParameters.NonceSegmentOffset), segment);
        _nonce[AeadParameters.NonceLastOffset] = isLast ? (byte)1 : (byte)0;
    }
}
