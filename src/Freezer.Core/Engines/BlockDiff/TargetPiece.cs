using System.Buffers;
using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>A range of content on its way to the target. Used again and again.</summary>
internal sealed class TargetPiece(int capacity, int blockSize, MemoryPool<byte> pool) : IDisposable
{
    private readonly Sha256Digest[] _digests = new Sha256Digest[capacity / blockSize];
    private IMemoryOwner<byte>? _memory;

    internal long Offset { get; private set; }

    internal Memory<byte> Content { get; private set; }

    /// <summary>How many of <see cref="Content"/>'s blocks have a digest that is verified before they are written; 0 for none.</summary>
    internal int DigestCount { get; private set; }

    /// <summary>Makes this the piece of a range; the caller fills <see cref="Content"/>.</summary>
    internal void Begin(long offset, int length, ReadOnlySpan<Sha256Digest> digests)
    {
        _memory ??= pool.Rent(capacity);
        Offset = offset;
        Content = _memory.Memory[..length];
        DigestCount = digests.Length;
        digests.CopyTo(_digests);
    }

    /// <summary>Compares the blocks with their digests.</summary>
    /// <returns>The first byte of the first block that is not what it should be, or -1.</returns>
    internal int FindDamage()
    {
        ReadOnlySpan<byte> content = Content.Span;
        for (int i = 0; i < DigestCount; i++)
        {
            int begin = i * blockSize;
            if (!Sha256Digest.Of(content[begin..Math.Min(begin + blockSize, content.Length)]).Equals(_digests[i]))
            {
                return begin;
            }
        }

        return -1;
    }

    public void Dispose() => _memory?.Dispose();
}
