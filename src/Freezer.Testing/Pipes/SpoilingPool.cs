using System.Buffers;

namespace Freezer.Testing;

/// <summary>A memory pool that overwrites what is given back, so that bytes which somebody kept a reference to are seen to change, and
/// that knows how much is out.</summary>
internal sealed class SpoilingPool : MemoryPool<byte>
{
    private int _outstanding;

    internal int Outstanding => Volatile.Read(ref _outstanding);

    public override int MaxBufferSize => int.MaxValue;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        Interlocked.Increment(ref _outstanding);
        return new Owner(this, new byte[minBufferSize < 0 ? 4096 : minBufferSize]);
    }

    protected override void Dispose(bool disposing)
    {
        // It holds nothing.
    }

    private sealed class Owner(SpoilingPool pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private bool _isReturned;

        public Memory<byte> Memory => bytes;

        public void Dispose()
        {
            if (!_isReturned)
            {
                _isReturned = true;
                bytes.AsSpan().Fill(0xdd);
                Interlocked.Decrement(ref pool._outstanding);
            }
        }
    }
}
