using System.Buffers;
using Freezer.Dataflow;

namespace Freezer.Tests.Dataflow;

public sealed class FrameBufferTests
{
    [Fact]
    public void It_grows_and_keeps_what_was_written()
    {
        var pool = new TrackingPool();
        byte[] content = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];
        using (var buffer = new FrameBuffer(pool, initialCapacity: 16))
        {
            pool.Rents.Should().Be(0, "nothing is rented before it is needed");
            foreach (byte[] piece in content.Chunk(7))
            {
                buffer.Write(piece);
            }

            buffer.Append(new ReadOnlySequence<byte>(content));

            buffer.Length.Should().Be(10_000);
            buffer.WrittenSpan.ToArray().Should().Equal([.. content, .. content]);
            buffer.WrittenMemory.Length.Should().Be(10_000);
        }

        pool.ShouldHaveEverythingBack();
    }

    [Fact]
    public void It_cannot_be_advanced_past_its_memory_nor_used_after_it_was_let_go()
    {
        var buffer = new FrameBuffer(new TrackingPool(), 16);
        FluentActions.Invoking(() => buffer.Advance(1)).Should().Throw<ArgumentOutOfRangeException>();
        buffer.GetSpan(3);
        FluentActions.Invoking(() => buffer.Advance(17)).Should().Throw<ArgumentOutOfRangeException>();

        buffer.Dispose();
        buffer.Dispose();

        FluentActions.Invoking(() => buffer.GetMemory(1)).Should().Throw<ObjectDisposedException>();
        buffer.Length.Should().Be(0);
    }
}
