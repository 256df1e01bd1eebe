using System.Security.Cryptography;
using Freezer.Formats.StreamingAead;

namespace Freezer.Keys;

/// <summary>What the objects of a chain are encrypted with. Belongs to the <see cref="KeyRing"/> that it is from, and is cleared with it.</summary>
internal sealed class DataKey(Guid id, SecretKey key) : IDisposable
{
    internal const int MacSize = HMACSHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> MacInfo => "freezer metadata mac"u8;

    /// <summary>The key's name in metadata documents and in the storage. Keys sort by when they were made.</summary>
    internal Guid Id => id;

    /// <summary>Begins the encrypted stream of an object.</summary>
    internal AeadStream Seal(Guid backupId, SealedRole role, int part = 0) =>
        AeadStream.Create(AeadParameters.Default, key.Span, AssociatedData.Of(backupId, role, part));

    /// <summary>Opens the encrypted stream of an object by its header.</summary>
    /// <exception cref="InvalidDataException">It is not a header.</exception>
    internal AeadStream Open(Guid backupId, SealedRole role, int part, ReadOnlySpan<byte> header) =>
        AeadStream.Open(AeadParameters.Default, key.Span, AssociatedData.Of(backupId, role, part), header);

    /// <summary>Encrypts something short.</summary>
    internal byte[] SealBytes(Guid backupId, SealedRole role, int part, ReadOnlySpan<byte> content) =>
        AeadStream.Seal(key.Span, AssociatedData.Of(backupId, role, part), content);

    /// <summary>Decrypts something short.</summary>
    /// <exception cref="InvalidDataException">It was altered, or belongs to another backup or key.</exception>
    internal byte[] OpenBytes(Guid backupId, SealedRole role, int part, ReadOnlySpan<byte> stored)
    {
        byte[] content = new byte[AeadParameters.Default.ContentLengthOf(stored.Length)];
        AeadStream.Open(key.Span, AssociatedData.Of(backupId, role, part), stored, content);
        return content;
    }

    /// <summary>The HMAC-SHA-256 of a metadata document's bytes, under a key that is derived from this one.</summary>
    internal byte[] Authenticate(ReadOnlySpan<byte> bytes)
    {
        using var macKey = new SecretKey();
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Span, macKey.Span, salt: [], MacInfo);
        return HMACSHA256.HashData(macKey.Span, bytes);
    }

    public void Dispose() => key.Dispose();
}
