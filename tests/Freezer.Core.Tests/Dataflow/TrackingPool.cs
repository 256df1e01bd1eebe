using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;

namespace Freezer.Tests.Dataflow;

/// <summary>A pool that knows what is rented, by whom, and how much that ever was at a time. What is given back is spoiled, so
/// that a use after the return shows.</summary>
internal sealed class TrackingPool : ArrayPool<byte>
{
    private readonly ConcurrentDictionary<byte[], string> _rented = new();
    private int _rents;

    internal int Rents => _rents;

    internal int MostRented { get; private set; }

    public override byte[] Rent(int minimumLength)
    {
        byte[] array = new byte[minimumLength];
        Interlocked.Increment(ref _rents);
        _rented[array] = new StackTrace(skipFrames: 1).ToString();
        lock (_rented)
        {
            MostRented = Math.Max(MostRented, _rented.Count);
        }

        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        if (!_rented.TryRemove(array, out _))
        {
            throw new InvalidOperationException("This array was not rented, or was returned before.");
        }

        array.AsSpan().Fill(0xdd);
    }

    internal void ShouldHaveEverythingBack() => _rented.Values.Should().BeEmpty("every buffer is returned");
}
