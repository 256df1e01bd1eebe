using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace Freezer.Dataflow;

/// <summary>A pipe's end that keeps the SHA-256 of each leaf of what is written to it, and nothing else.</summary>
/// <remarks>Bytes are hashed where they arrive: what a storage lends is not copied, and flushing never waits.</remarks>
internal sealed class LeafDigestWriter : PipeWriter, IDisposable
{
    private const int LeafSize = StoredStreamOptions.LeafSize;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<Sha256Digest> _leaves = [];
    private byte[] _buffer = [];
    private int _inLeaf;
    private Exception? _failure;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => 0;

    /// <summary>How many bytes were written.</summary>
    internal long Length => ((long)_leaves.Count * LeafSize) + _inLeaf;

    /// <summary>The digests of the leaves, the last one of what is left. Nothing may be written any more.</summary>
    internal IReadOnlyList<Sha256Digest> Finish()
    {
        if (_failure is not null)
        {
            throw new IOException("The stream was ended with an error: " + _failure.Message, _failure);
        }

        if (_inLeaf > 0)
        {
            EndLeaf();
        }

        return _leaves;
    }

    public override void Advance(int bytes) => Append(_buffer.AsSpan(0, bytes));

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length < Math.Max(sizeHint, 1))
        {
            Return();
            _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, LeafSize));
        }

        return _buffer;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Append(source.Span);
        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: false));
    }

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null) => _failure ??= exception;

    public void Dispose()
    {
        Return();
        _buffer = [];
        _hash.Dispose();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, LeafSize - _inLeaf)];
            _hash.AppendData(part);
            _inLeaf += part.Length;
            if (_inLeaf == LeafSize)
            {
                EndLeaf();
            }

            bytes = bytes[part.Length..];
        }
    }

    private void EndLeaf()
    {
        Sha256Digest digest = default;
        _hash.GetHashAndReset(digest);
        _leaves.Add(digest);
        _inLeaf = 0;
    }

    private void Return()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
