using System.Security.Cryptography;

namespace Freezer.Formats.StreamingAead;

/// <summary>The parameters of Tink's AES-GCM-HKDF streaming AEAD, and where its segments are.</summary>
/// <remarks>
/// <para>The format is that of https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming. The parameters belong to the key
/// and do not stand in the stream.</para>
/// <para>A stream is a header and segments. The borders of the segments lie at multiples of the segment size in the stream, so that
/// the header makes the first segment shorter. All segments but the last one are full; only an empty message has an empty one.</para>
/// </remarks>
/// <param name="Hash">The hash that HKDF uses.</param>
/// <param name="KeySize">Bytes of the salt and of the derived AES key: 16 or 32.</param>
/// <param name="SegmentSize">Bytes from one segment's border to the next.</param>
internal readonly record struct AeadParameters(HashAlgorithmName Hash, int KeySize, int SegmentSize)
{
    // A header: its own length (1 byte), the salt, the part of the nonces that all segments share.
    internal const int SaltOffset = 1;
    internal const int NoncePrefixSize = 7;

    // A nonce: the shared part, the number of the segment (big-endian), and 1 for the last segment or 0.
    internal const int NonceSize = 12;
    internal const int NonceSegmentOffset = NoncePrefixSize;
    internal const int NonceLastOffset = 11;

    /// <summary>Follows the ciphertext of each segment.</summary>
    internal const int TagSize = 16;

    /// <summary>What is stored here: AES-256, HKDF with SHA-256, segments of 1 MiB.</summary>
    internal static AeadParameters Default { get; } = new(HashAlgorithmName.SHA256, 32, 1 << 20);

    internal int HeaderSize => SaltOffset + KeySize + NoncePrefixSize;

    /// <summary>Bytes of the message in a segment that is full and not the first.</summary>
    internal int SegmentContent => SegmentSize - TagSize;

    /// <summary>How much of the message a full segment holds.</summary>
    internal int ContentOf(long segment) => segment == 0 ? SegmentContent - HeaderSize : SegmentContent;

    /// <summary>Where in the message a segment begins.</summary>
    internal long ContentOffsetOf(long segment) => segment == 0 ? 0 : (segment * SegmentContent) - HeaderSize;

    /// <summary>Which segment holds a byte of the message.</summary>
    internal long SegmentAt(long contentOffset) => (contentOffset + HeaderSize) / SegmentContent;

    /// <summary>Where in the stream the ciphertext of a segment begins.</summary>
    internal long StoredOffsetOf(long segment) => segment == 0 ? HeaderSize : segment * SegmentSize;

    /// <summary>How long the stream of a message is.</summary>
    internal long StoredLengthOf(long contentLength) =>
        HeaderSize + contentLength + (TagSize * Math.Max(1, (contentLength + HeaderSize + SegmentContent - 1) / SegmentContent));

    /// <summary>How many segments a stream has.</summary>
    internal long SegmentCountOf(long storedLength) => (storedLength + SegmentSize - 1) / SegmentSize;

    /// <summary>How long the message of a stream is.</summary>
    /// <exception cref="InvalidDataException">No stream has this length.</exception>
    internal long ContentLengthOf(long storedLength)
    {
        long contentLength = storedLength - HeaderSize - (TagSize * SegmentCountOf(storedLength));
        return contentLength >= 0 && StoredLengthOf(contentLength) == storedLength ? contentLength
            : throw new InvalidDataException($"An encrypted stream cannot be {storedLength} bytes long: it was cut off, or something was added.");
    }
}
