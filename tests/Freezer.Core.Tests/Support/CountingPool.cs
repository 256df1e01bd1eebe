using System.Buffers;

namespace Freezer.Tests.Support;

/// <summary>A memory pool that knows how many of its buffers are out.</summary>
internal sealed class CountingPool : MemoryPool<byte>
{
    private int _outstanding;

    internal int Outstanding => Volatile.Read(ref _outstanding);

    public override int MaxBufferSize => Shared.MaxBufferSize;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        Interlocked.Increment(ref _outstanding);
        return new Owner(this, Shared.Rent(minBufferSize));
    }

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Owner(CountingPool pool, IMemoryOwner<byte> inner) : IMemoryOwner<byte>
    {
        private IMemoryOwner<byte>? _inner = inner;

        public Memory<byte> Memory => _inner!.Memory;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _inner, null) is { } owned)
            {
                owned.Dispose();
                Interlocked.Decrement(ref pool._outstanding);
            }
        }
    }
}
