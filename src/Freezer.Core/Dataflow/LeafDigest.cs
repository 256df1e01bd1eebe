using System.Buffers;
using System.Security.Cryptography;

namespace Freezer.Dataflow;

/// <summary>The digest of a stored object, as a metadata document has it: the SHA-256 over the SHA-256 of each leaf, computed as the bytes come.</summary>
internal sealed class LeafDigest : IDisposable
{
    private readonly IncrementalHash _leaf = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _inLeaf;

    /// <summary>How many bytes there were so far.</summary>
    internal long Length { get; private set; }

    internal void Append(in ReadOnlySequence<byte> content)
    {
        foreach (ReadOnlyMemory<byte> segment in content)
        {
            Append(segment.Span);
        }
    }

    /// <summary>Ends the object.</summary>
    internal Sha256Digest Finish()
    {
        if (_inLeaf > 0)
        {
            EndLeaf();
        }

        Sha256Digest digest = default;
        _root.GetHashAndReset(digest);
        return digest;
    }

    public void Dispose()
    {
        _leaf.Dispose();
        _root.Dispose();
    }

    private void Append(ReadOnlySpan<byte> content)
    {
        Length += content.Length;
        while (!content.IsEmpty)
        {
            int count = Math.Min(content.Length, StoredStreamOptions.LeafSize - _inLeaf);
            _leaf.AppendData(content[..count]);
            content = content[count..];
            _inLeaf += count;
            if (_inLeaf == StoredStreamOptions.LeafSize)
            {
                EndLeaf();
            }
        }
    }

    private void EndLeaf()
    {
        Span<byte> digest = stackalloc byte[Sha256Digest.Size];
        _leaf.GetHashAndReset(digest);
        _root.AppendData(digest);
        _inLeaf = 0;
    }
}
