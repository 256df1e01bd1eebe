using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Freezer.Engines.Tar.Restore;

/// <summary>The paths that the levels contained so far: the only ones that a replay may remove.</summary>
/// <remarks>A destination that was empty holds nothing else, and nothing is remembered. Otherwise each path costs about 40 bytes
/// of memory: it is known by half of its SHA-256, which nobody can make two paths share. Safe from any thread.</remarks>
internal sealed class OwnedNames(bool destinationWasEmpty)
{
    private readonly HashSet<UInt128>? _paths = destinationWasEmpty ? null : [];

    /// <summary>Whether everything in the destination is the chain's.</summary>
    internal bool IsEverything => _paths is null;

    internal void Add(EntryPath path)
    {
        if (_paths is not null)
        {
            lock (_paths)
            {
                _paths.Add(Fingerprint(path.Bytes.Span));
            }
        }
    }

    /// <summary>Forgets a path that could not be written: what has the name is not the chain's.</summary>
    internal void Remove(EntryPath path)
    {
        if (_paths is not null)
        {
            lock (_paths)
            {
                _paths.Remove(Fingerprint(path.Bytes.Span));
            }
        }
    }

    internal bool Contains(EntryPath path)
    {
        if (_paths is null)
        {
            return true;
        }

        lock (_paths)
        {
            return _paths.Contains(Fingerprint(path.Bytes.Span));
        }
    }

    private static UInt128 Fingerprint(ReadOnlySpan<byte> path)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(path, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
