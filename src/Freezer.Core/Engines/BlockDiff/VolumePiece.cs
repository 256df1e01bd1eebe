using System.Buffers;
using System.Threading.Tasks.Sources;
using Freezer.Dataflow;

namespace Freezer.Engines.BlockDiff;

/// <summary>What is known of a piece of the source without looking at its blocks.</summary>
internal enum VolumePieceKind
{
    /// <summary>Its content is read and hashed.</summary>
    Data,

    /// <summary>The source says that it is zero. It may be as long as the volume.</summary>
    Hole,

    /// <summary>The source says that it has not changed since the parent. It may be as long as the volume.</summary>
    Unchanged,
}

/// <summary>Blocks in a row of the source, on their way from the plan through a worker to the archive. Used again and again.</summary>
internal sealed class VolumePiece(int capacity, int blockSize, MemoryPool<byte> pool) : IValueTaskSource, IDisposable
{
    private readonly Sha256Digest[] _digests = new Sha256Digest[capacity];
    private readonly bool[] _zeros = new bool[capacity];
    private ManualResetValueTaskSourceCore<bool> _ready = new() { RunContinuationsAsynchronously = true };
    private IMemoryOwner<byte>? _memory;

    internal VolumePieceKind Kind { get; private set; }

    internal long First { get; private set; }

    internal long Count { get; private set; }

    /// <summary>Whether the source says that it may have changed since the parent.</summary>
    internal bool MayHaveChanged { get; private set; }

    /// <summary>The bytes of a data piece: all blocks whole but the volume's last one.</summary>
    internal Memory<byte> Content { get; private set; }

    /// <summary>Waits until a worker is done with the piece, and fails as it did.</summary>
    internal ValueTask Ready => new(this, _ready.Version);

    /// <summary>Makes this the piece of some blocks.</summary>
    internal void Begin(VolumePieceKind kind, long first, long count, bool mayHaveChanged, in BlockGeometry geometry)
    {
        Kind = kind;
        First = first;
        Count = count;
        MayHaveChanged = mayHaveChanged;
        _ready.Reset();
        if (kind == VolumePieceKind.Data)
        {
            // Memory is taken when it is first needed: a volume of holes needs none.
            _memory ??= pool.Rent(capacity * blockSize);
            Content = _memory.Memory[..(int)geometry.LengthOf(first, count)];
        }
    }

    /// <summary>Notes which of some blocks are zero, and hashes the others.</summary>
    /// <param name="begin">The first byte of the content to look at: the beginning of a block.</param>
    /// <param name="end">The byte behind the last one: the end of a block.</param>
    internal void Hash(int begin, int end)
    {
        ReadOnlySpan<byte> content = Content.Span;
        for (int offset = begin; offset < end; offset += blockSize)
        {
            ReadOnlySpan<byte> block = content[offset..Math.Min(offset + blockSize, end)];
            int index = offset / blockSize;
            _zeros[index] = !block.ContainsAnyExcept((byte)0);
            if (!_zeros[index])
            {
                _digests[index] = Sha256Digest.Of(block);
            }
        }
    }

    internal bool IsZero(int index) => _zeros[index];

    internal ref readonly Sha256Digest DigestOf(int index) => ref _digests[index];

    internal void SetReady() => _ready.SetResult(true);

    internal void SetFailed(Exception failure) => _ready.SetException(failure);

    public void Dispose() => _memory?.Dispose();

    void IValueTaskSource.GetResult(short token) => _ready.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _ready.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _ready.OnCompleted(continuation, state, token, flags);
}
