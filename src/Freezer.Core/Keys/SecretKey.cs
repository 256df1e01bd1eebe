using System.Security.Cryptography;

namespace Freezer.Keys;

/// <summary>32 secret bytes, which are cleared when it is disposed.</summary>
internal sealed class SecretKey : IDisposable
{
    internal const int Size = 32;

    // Pinned, so that the collector leaves no copies that nobody clears.
    private readonly byte[] _bytes = GC.AllocateArray<byte>(Size, pinned: true);
    private bool _isDisposed;

    internal Memory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _bytes;
        }
    }

    internal Span<byte> Span => Memory.Span;

    internal static SecretKey CreateRandom()
    {
        var key = new SecretKey();
        RandomNumberGenerator.Fill(key.Span);
        return key;
    }

    public void Dispose()
    {
        _isDisposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }
}
