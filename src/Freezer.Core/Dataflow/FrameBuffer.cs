using System.Buffers;

namespace Freezer.Dataflow;

/// <summary>Pooled memory that grows: the content of a frame, its compressed form, or a leaf. Its owner disposes it, once.</summary>
/// <remarks>Memory is rented when the first byte is asked for. Not safe for use from several threads at a time.</remarks>
internal sealed class FrameBuffer(ArrayPool<byte> pool, int initialCapacity) : IBufferWriter<byte>, IDisposable
{
    private byte[]? _array;
    private bool _isDisposed;

    /// <summary>How many bytes were written.</summary>
    internal int Length { get; private set; }

    internal ReadOnlySpan<byte> WrittenSpan => _array.AsSpan(0, Length);

    internal ReadOnlyMemory<byte> WrittenMemory => _array.AsMemory(0, Length);

    /// <summary>What was written, or a part of it, as a stream that is good until the buffer is disposed.</summary>
    internal Stream OpenRead(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)offset + length, Length, nameof(length));
        return new MemoryStream(_array ?? [], offset, length, writable: false);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (_array?.Length ?? 0) - Length);
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => Reserve(sizeHint).AsMemory(Length);

    public Span<byte> GetSpan(int sizeHint = 0) => Reserve(sizeHint).AsSpan(Length);

    internal void Append(in ReadOnlySequence<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            int count = checked((int)bytes.Length);
            bytes.CopyTo(GetSpan(count));
            Length += count;
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        if (_array is { } array)
        {
            _array = null;
            Length = 0;
            pool.Return(array);
        }
    }

    private byte[] Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int needed = checked(Length + Math.Max(sizeHint, 1));
        if (_array is null)
        {
            _array = pool.Rent(Math.Max(needed, initialCapacity));
        }
        else if (needed > _array.Length)
        {
            byte[] larger = pool.Rent((int)Math.Min(Math.Max(needed, 2L * _array.Length), Array.MaxLength));
            WrittenSpan.CopyTo(larger);
            pool.Return(_array);
            _array = larger;
        }

        return _array;
    }
}
