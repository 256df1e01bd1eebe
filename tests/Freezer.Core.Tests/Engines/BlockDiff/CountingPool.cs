using System.Buffers;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Knows how much memory is out, and how much was at most.</summary>
internal sealed class CountingPool : MemoryPool<byte>
{
    private readonly Lock _lock = new();

    internal int Rented { get; private set; }

    internal long BytesRented { get; private set; }

    internal long MostBytesRented { get; private set; }

    public override int MaxBufferSize => int.MaxValue;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        lock (_lock)
        {
            Rented++;
            BytesRented += minBufferSize;
            MostBytesRented = Math.Max(MostBytesRented, BytesRented);
        }

        return new Owner(this, minBufferSize);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Owner(CountingPool pool, int length) : IMemoryOwner<byte>
    {
        private readonly byte[] _array = ArrayPool<byte>.Shared.Rent(length);
        private bool _isDisposed;

        public Memory<byte> Memory => _array.AsMemory(0, length);

        public void Dispose()
        {
            lock (pool._lock)
            {
                _isDisposed.Should().BeFalse("a buffer is given back once");
                _isDisposed = true;
                pool.Rented--;
                pool.BytesRented -= length;
            }

            ArrayPool<byte>.Shared.Return(_array);
        }
    }
}
