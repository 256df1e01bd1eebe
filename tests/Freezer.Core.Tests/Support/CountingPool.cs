using System.Buffers;

namespace Freezer.Tests.Support;

/// <summary>A memory pool that knows how many of its buffers are out, and how much memory was out at most.</summary>
internal sealed class CountingPool : MemoryPool<byte>
{
    private readonly Lock _lock = new();
    private long _bytesRented;

    internal int Outstanding { get; private set; }

    internal long MostBytesRented { get; private set; }

    public override int MaxBufferSize => Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        IMemoryOwner<byte> inner = Shared.Rent(minBufferSize);
        int length = minBufferSize < 0 ? inner.Memory.Length : minBufferSize;
        lock (_lock)
        {
            Outstanding++;
            _bytesRented += length;
            MostBytesRented = Math.Max(MostBytesRented, _bytesRented);
        }

        return new Owner(this, inner, length);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Owner(CountingPool pool, IMemoryOwner<byte> inner, int length) : IMemoryOwner<byte>
    {
        private bool _isDisposed;

        public Memory<byte> Memory => inner.Memory;

        public void Dispose()
        {
            lock (pool._lock)
            {
                _isDisposed.Should().BeFalse("a buffer is given back once");
                _isDisposed = true;
                pool.Outstanding--;
                pool._bytesRented -= length;
            }

            inner.Dispose();
        }
    }
}
