using System.Security.Cryptography;
using Freezer.Formats.StreamingAead;

namespace Freezer.Tests.Formats.StreamingAead;

/// <summary>Encrypts and decrypts whole messages, segment by segment.</summary>
internal static class AeadExample
{
    /// <summary>The shortest segments that AES-256 allows for are 57 bytes long; 64 keep examples small.</summary>
    internal static readonly AeadParameters Small = new(HashAlgorithmName.SHA256, 32, 64);

    internal static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(static i => (byte)i)];

    internal static readonly byte[] AssociatedData = [1, 2, 3];

    internal static byte[] Message(int length) => [.. Enumerable.Range(0, length).Select(static i => (byte)(i * 7))];

    internal static byte[] Seal(AeadParameters parameters, byte[] message) => Seal(AeadStream.Create(parameters, Key, AssociatedData), message);

    internal static byte[] Seal(AeadStream opened, byte[] message)
    {
        using AeadStream stream = opened;
        using SegmentCipher cipher = stream.CreateCipher();
        AeadParameters parameters = stream.Parameters;
        byte[] stored = new byte[parameters.StoredLengthOf(message.Length)];
        stream.WriteHeader(stored);
        long count = parameters.SegmentCountOf(stored.Length);
        for (long segment = 0; segment < count; segment++)
        {
            ReadOnlySpan<byte> content = message.AsSpan((int)parameters.ContentOffsetOf(segment));
            bool isLast = segment == count - 1;
            cipher.Seal(segment, isLast, isLast ? content : content[..parameters.ContentOf(segment)], stored.AsSpan((int)parameters.StoredOffsetOf(segment)));
        }

        return stored;
    }

    internal static byte[] Open(AeadParameters parameters, byte[] stored) => Open(parameters, Key, AssociatedData, stored);

    internal static byte[] Open(AeadParameters parameters, byte[] key, byte[] associatedData, byte[] stored)
    {
        byte[] message = new byte[parameters.ContentLengthOf(stored.Length)];
        using AeadStream stream = AeadStream.Open(parameters, key, associatedData, stored);
        using SegmentCipher cipher = stream.CreateCipher();
        long count = parameters.SegmentCountOf(stored.Length);
        for (long segment = 0; segment < count; segment++)
        {
            OpenSegment(cipher, parameters, stored, segment, segment == count - 1).CopyTo(message.AsSpan((int)parameters.ContentOffsetOf(segment)));
        }

        return message;
    }

    internal static byte[] OpenSegment(SegmentCipher cipher, AeadParameters parameters, byte[] stored, long segment, bool isLast)
    {
        int begin = (int)parameters.StoredOffsetOf(segment);
        int end = (int)Math.Min((segment + 1) * parameters.SegmentSize, stored.Length);
        byte[] content = new byte[Math.Max(0, end - begin - AeadParameters.TagSize)];
        cipher.Open(segment, isLast, stored.AsSpan(begin..end), content);
        return content;
    }
}
