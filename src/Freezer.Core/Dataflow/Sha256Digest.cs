using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freezer.Dataflow;

/// <summary>A SHA-256, as a value.</summary>
[InlineArray(Size)]
internal struct Sha256Digest : IEquatable<Sha256Digest>
{
    internal const int Size = SHA256.HashSizeInBytes;

    private byte _first;

    internal static Sha256Digest Of(ReadOnlySpan<byte> content)
    {
        Unsafe.SkipInit(out Sha256Digest digest);
        SHA256.HashData(content, digest);
        return digest;
    }

    internal static Sha256Digest From(ReadOnlySpan<byte> bytes)
    {
        Unsafe.SkipInit(out Sha256Digest digest);
        bytes[..Size].CopyTo(digest);
        return digest;
    }

    internal readonly void CopyTo(Span<byte> destination) => ((ReadOnlySpan<byte>)this).CopyTo(destination);

    public readonly bool Equals(Sha256Digest other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is Sha256Digest other && Equals(other);

    public override readonly int GetHashCode() => MemoryMarshal.Read<int>(this);

    /// <summary>Lower-case hexadecimal.</summary>
    public override readonly string ToString() => Convert.ToHexStringLower(this);
}
