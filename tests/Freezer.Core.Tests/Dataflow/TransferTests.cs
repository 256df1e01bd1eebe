using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Tests.Support;

namespace Freezer.Tests.Dataflow;

public sealed class TransferTests
{
    [Fact]
    public async Task Bytes_arrive_in_order_and_are_counted()
    {
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        var received = new ArrayBufferWriter<byte>();
        using var pool = new CountingPool();
        long count = await Transfer.RunAsync(
            async (writer, token) =>
            {
                for (int i = 0; i < content.Length; i += 777)
                {
                    await writer.WriteAsync(content.AsMemory(i, Math.Min(777, content.Length - i)), token);
                }
            },
            (reader, token) => DrainAsync(reader, received, token),
            new TransferOptions { QueueSize = 64, Pool = pool });
        count.Should().Be(content.Length);
        received.WrittenSpan.SequenceEqual(content).Should().BeTrue();
        pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task A_producer_is_held_while_the_queue_is_full()
    {
        var held = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        Task transfer = Transfer.RunAsync(
            async (writer, token) =>
            {
                writer.GetSpan(64)[..64].Clear();
                writer.Advance(64);
                ValueTask<FlushResult> flush = writer.FlushAsync(token);
                flush.IsCompleted.Should().BeFalse();
                held.SetResult();
                await flush;
            },
            async (reader, token) =>
            {
                await go.Task;
                await DrainAsync(reader, new ArrayBufferWriter<byte>(), token);
            },
            new TransferOptions { QueueSize = 64 });
        await held.Task;
        transfer.IsCompleted.Should().BeFalse();
        go.SetResult();
        await transfer;
    }

    [Fact]
    public async Task A_failing_producer_cancels_the_consumer_and_its_failure_is_thrown()
    {
        var cause = new InvalidOperationException("the source broke");
        bool consumerEnded = false;
        Func<Task> transfer = () => Transfer.RunAsync(
            async (writer, token) =>
            {
                await writer.WriteAsync(new byte[10], token);
                throw cause;
            },
            async (reader, token) =>
            {
                try
                {
                    await DrainAsync(reader, new ArrayBufferWriter<byte>(), token);
                }
                finally
                {
                    consumerEnded = true;
                }
            });
        (await transfer.Should().ThrowAsync<InvalidOperationException>()).Which.Should().BeSameAs(cause);
        consumerEnded.Should().BeTrue();
    }

    [Fact]
    public async Task A_failing_consumer_stops_a_producer_that_waits_and_its_failure_is_thrown()
    {
        var cause = new IOException("the disk is full");
        using var pool = new CountingPool();
        Func<Task> transfer = () => Transfer.RunAsync(
            ProduceForeverAsync,
            async (reader, token) =>
            {
                ReadResult result = await reader.ReadAsync(token);
                reader.AdvanceTo(result.Buffer.Start);
                throw cause;
            },
            new TransferOptions { QueueSize = 64, Pool = pool });
        (await transfer.Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(cause);
        pool.Outstanding.Should().Be(0);
    }

    [Fact]
    public async Task A_consumer_that_returns_early_is_a_failure()
    {
        Func<Task> transfer = () => Transfer.RunAsync(ProduceForeverAsync, (_, _) => Task.CompletedTask, new TransferOptions { QueueSize = 64 });
        await transfer.Should().ThrowAsync<IOException>().WithMessage("*before the producer had ended*");
    }

    [Fact]
    public async Task A_consumer_that_leaves_the_last_byte_is_a_failure()
    {
        Func<Task> transfer = () => Transfer.RunAsync(
            async (writer, token) => await writer.WriteAsync(new byte[2], token),
            async (reader, token) =>
            {
                ReadResult result;
                do
                {
                    result = await reader.ReadAsync(token);
                    reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                }
                while (!result.IsCompleted);
                reader.TryRead(out result);
                reader.AdvanceTo(result.Buffer.GetPosition(1));
            });
        await transfer.Should().ThrowAsync<IOException>().WithMessage("*after 1 bytes*");
    }

    [Fact]
    public async Task Where_it_may_a_consumer_returns_early_and_the_echo_is_dropped()
    {
        await Transfer.RunAsync(ProduceForeverAsync, (_, _) => Task.CompletedTask, new TransferOptions { QueueSize = 64, MayEndEarly = true });
    }

    [Fact]
    public async Task Cancellation_reaches_both_sides_and_surfaces_as_the_callers()
    {
        using var source = new CancellationTokenSource();
        var reading = new TaskCompletionSource();
        Task transfer = Transfer.RunAsync(
            ProduceForeverAsync,
            async (_, token) =>
            {
                reading.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            },
            new TransferOptions { QueueSize = 64 },
            source.Token);
        await reading.Task;
        await source.CancelAsync();
        Func<Task> ended = () => transfer;
        (await ended.Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(source.Token);
    }

    [Fact]
    public async Task A_failure_after_cancellation_is_reported_as_the_cancellation()
    {
        using var source = new CancellationTokenSource();
        Func<Task> transfer = () => Transfer.RunAsync(
            async (_, _) =>
            {
                await source.CancelAsync();
                throw new IOException("an echo");
            },
            (reader, token) => DrainAsync(reader, new ArrayBufferWriter<byte>(), token),
            cancellationToken: source.Token);
        await transfer.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_cancelled_token_starts_neither_side()
    {
        bool started = false;
        Func<Task> transfer = () => Transfer.RunAsync(
            (_, _) => Task.FromResult(started = true),
            (_, _) => Task.FromResult(started = true),
            cancellationToken: new CancellationToken(true));
        await transfer.Should().ThrowAsync<OperationCanceledException>();
        started.Should().BeFalse();
    }

    [Fact]
    public async Task An_end_that_is_completed_by_its_user_stays_usable_and_its_exception_counts()
    {
        var cause = new FormatException("completed with this");
        Func<Task> transfer = () => Transfer.RunAsync(
            async (writer, token) =>
            {
                await writer.CompleteAsync();
                await writer.WriteAsync(new byte[5], token);
                await writer.CompleteAsync(cause);
            },
            (reader, token) => DrainAsync(reader, new ArrayBufferWriter<byte>(), token));
        (await transfer.Should().ThrowAsync<FormatException>()).Which.Should().BeSameAs(cause);
    }

    [Fact]
    public async Task Nested_transfers_report_the_innermost_failure()
    {
        var cause = new IOException("the storage broke");
        Func<Task> transfer = () => Transfer.RunAsync(
            ProduceForeverAsync,
            (content, token) => Transfer.RunAsync(
                async (stored, inner) =>
                {
                    while (true)
                    {
                        ReadResult result = await content.ReadAsync(inner);
                        foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                        {
                            await stored.WriteAsync(segment, inner);
                        }

                        content.AdvanceTo(result.Buffer.End);
                    }
                },
                async (stored, inner) =>
                {
                    await stored.ReadAsync(inner);
                    throw cause;
                },
                new TransferOptions { QueueSize = 32 },
                token),
            new TransferOptions { QueueSize = 32 });
        (await transfer.Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(cause);
    }

    private static async Task ProduceForeverAsync(PipeWriter writer, CancellationToken cancellationToken)
    {
        FlushResult result;
        do
        {
            result = await writer.WriteAsync(new byte[32], cancellationToken);
        }
        while (!result.IsCompleted);
        throw new InvalidOperationException("an echo of the consumer's end");
    }

    private static async Task DrainAsync(PipeReader reader, IBufferWriter<byte> received, CancellationToken cancellationToken)
    {
        ReadResult result;
        do
        {
            result = await reader.ReadAsync(cancellationToken);
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                received.Write(segment.Span);
            }

            reader.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);
    }
}
