using System.Security.Cryptography;
using Freezer.Formats.StreamingAead;

namespace Freezer.Keys;

/// <summary>Wraps a key with another one.</summary>
/// <remarks>
/// An encrypted stream of the key, with a check value of the wrapping key in front. AES-GCM alone would let whoever writes a slot make one that
/// opens with many passphrases, and so try them all at once; the check value fits one.
/// </remarks>
internal static class KeyWrap
{
    private const int CheckSize = 32;

    private static ReadOnlySpan<byte> CheckInfo => "freezer key check"u8;

    internal static byte[] Wrap(ReadOnlySpan<byte> wrappingKey, ReadOnlySpan<byte> key)
    {
        Span<byte> check = stackalloc byte[CheckSize];
        WriteCheck(wrappingKey, check);
        return [.. check, .. AeadStream.Seal(wrappingKey, AssociatedData.Of(Guid.Empty, SealedRole.RepositoryKey), key)];
    }

    /// <summary>Unwraps a key; false where another key wrapped it.</summary>
    /// <exception cref="InvalidDataException">It was altered.</exception>
    internal static bool TryUnwrap(ReadOnlySpan<byte> wrappingKey, ReadOnlySpan<byte> wrapped, Span<byte> key)
    {
        if (wrapped.Length < CheckSize)
        {
            throw new InvalidDataException($"A wrapped key cannot have {wrapped.Length} bytes.");
        }

        Span<byte> check = stackalloc byte[CheckSize];
        WriteCheck(wrappingKey, check);
        if (!CryptographicOperations.FixedTimeEquals(check, wrapped[..CheckSize]))
        {
            return false;
        }

        AeadStream.Open(wrappingKey, AssociatedData.Of(Guid.Empty, SealedRole.RepositoryKey), wrapped[CheckSize..], key);
        return true;
    }

    private static void WriteCheck(ReadOnlySpan<byte> wrappingKey, Span<byte> check) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, wrappingKey, check, salt: [], CheckInfo);
}
