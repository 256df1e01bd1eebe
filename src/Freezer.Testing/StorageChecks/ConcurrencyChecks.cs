using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class ConcurrencyChecks
{
    /// <summary>How many calls are held open at most, however many the storage says that it serves.</summary>
    private const int MostOpen = 64;

    internal static IEnumerable<StorageCheck> All =>
    [
        new("As many writes as declared wait for their content side by side", Rules.Concurrency, static async s =>
        {
            int number = Math.Min(s.Storage.Capabilities.LeastConcurrency, MostOpen);
            Pipe[] pipes = [.. Enumerable.Range(0, number).Select(static _ => new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false)))];
            Task<StorageEntry>[] writing = [.. pipes.Select((pipe, i) => s.WriteAsync($"a/{i}", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken))];
            foreach (Pipe pipe in pipes)
            {
                // The second one returns when the storage has taken the first.
                await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
                await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
            }

            foreach (Pipe pipe in pipes.Reverse())
            {
                await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            }

            foreach (StorageEntry entry in await Task.WhenAll(writing).ConfigureAwait(false))
            {
                s.Expect(entry.Length == 20, "20 bytes in each", $"{entry}");
            }

            Array.ForEach(pipes, static pipe => pipe.Reader.Complete());
        }),
        new("As many reads as declared wait for their readers side by side", Rules.Concurrency, static async s =>
        {
            byte[] content = StorageScratch.Bytes(200_000);
            await s.PutAsync("a", content).ConfigureAwait(false);
            int number = Math.Min(s.Storage.Capabilities.LeastConcurrency, MostOpen);
            Pipe[] pipes = [.. Enumerable.Range(0, number).Select(static _ => new Pipe(StorageScratch.Tiny))];
            Task<StorageEntry>[] reading = [.. pipes.Select(pipe => ReadAsync(s, pipe.Writer))];
            foreach (Pipe pipe in pipes)
            {
                ReadResult first = await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
                pipe.Reader.AdvanceTo(first.Buffer.Start);
            }

            foreach (Pipe pipe in pipes.Reverse())
            {
                s.ExpectSame(await StorageScratch.ConsumeAsync(pipe.Reader).ConfigureAwait(false), content, "a");
            }

            await Task.WhenAll(reading).ConfigureAwait(false);
        }),
        new("A write that waits for its content holds up no other call", Rules.Concurrency, static async s =>
        {
            await s.PutAsync("b", "content").ConfigureAwait(false);
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
            Task<StorageEntry> writing = s.WriteAsync("a", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken);
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
            await s.ExpectContentAsync("b", "content").ConfigureAwait(false);
            await s.PutAsync("c", "content").ConfigureAwait(false);
            await s.DeleteAsync("b").ConfigureAwait(false);
            await s.ExpectListedAsync("", "c").ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }),
        new("A read that waits for its reader holds up no other call", Rules.Concurrency, static async s =>
        {
            byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
            await s.PutAsync("a", content).ConfigureAwait(false);
            Pipe pipe = new(StorageScratch.Tiny);
            Task<StorageEntry> reading = s.ReadAsync("a", pipe.Writer, ReadOptions.Whole, s.CancellationToken);
            ReadResult first = await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
            pipe.Reader.AdvanceTo(first.Buffer.Start);
            await s.PutAsync("c", "content").ConfigureAwait(false);
            await s.ExpectContentAsync("c", "content").ConfigureAwait(false);
            await s.ExpectListedAsync("", "a", "c").ConfigureAwait(false);
            await s.DeleteAsync("c").ConfigureAwait(false);
            Task<byte[]> consuming = StorageScratch.ConsumeAsync(pipe.Reader);
            await reading.ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            s.ExpectSame(await consuming.ConfigureAwait(false), content, "a");
        }),
        new("A listing that waits holds up no other call", Rules.Concurrency, static async s =>
        {
            await s.PutAsync("a", "content").ConfigureAwait(false);
            await s.PutAsync("b", "content").ConfigureAwait(false);
            bool goesOn = false;
            await foreach (StorageEntry entry in s.Storage.ListAsync(s.Below(""), s.CancellationToken).ConfigureAwait(false))
            {
                goesOn = entry.Key == s.Key("b") || goesOn;
                await s.PutAsync("z", "content", WriteOptions.Replace).ConfigureAwait(false);
                await s.DeleteAsync("z").ConfigureAwait(false);
                await s.ExpectContentAsync("a", "content").ConfigureAwait(false);
            }

            s.Expect(goesOn, "the listing to go on to 'b'", "it ended before");
        }),
        new("Readers of one object at the same time all get it", Rules.Concurrency, static async s =>
        {
            byte[] content = StorageScratch.Bytes(1_000_003);
            await s.PutAsync("a", content).ConfigureAwait(false);
            await Task.WhenAll(Enumerable.Range(0, s.Concurrency).Select(number => Task.Run(async () =>
            {
                int offset = number * 1_000;
                s.ExpectSame(await s.GetAsync("a", new ReadOptions { Offset = offset }).ConfigureAwait(false), content.AsSpan(offset), $"a from {offset}");
            }, s.CancellationToken))).ConfigureAwait(false);
        }),
        new("Writers of different objects at the same time do not disturb each other", Rules.Concurrency, static async s =>
        {
            await Task.WhenAll(Enumerable.Range(0, s.Concurrency).Select(number => Task.Run(async () =>
            {
                byte[] content = StorageScratch.Bytes(100_000 + number, number);
                await s.PutAsync($"a/{number % 3}/{number}", content).ConfigureAwait(false);
                await s.ExpectContentAsync($"a/{number % 3}/{number}", content).ConfigureAwait(false);
            }, s.CancellationToken))).ConfigureAwait(false);
            List<string> names = await s.NamesAsync().ConfigureAwait(false);
            s.Expect(names.Count == s.Concurrency, $"{s.Concurrency} objects", StorageScratch.Join(names));
        }),
        new("A read and a write of one object at the same time both end well", Rules.Concurrency, static async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(300_000)).ConfigureAwait(false);
            for (int i = 2; i < 12; i++)
            {
                Task<StorageEntry> writing = Task.Run(() => s.PutAsync("a", StorageScratch.Bytes(300_000, i), WriteOptions.Replace), s.CancellationToken);
                byte[] seen = await s.GetAsync("a").ConfigureAwait(false);
                await writing.ConfigureAwait(false);
                s.Expect(
                    seen.AsSpan().SequenceEqual(StorageScratch.Bytes(300_000, i - 1)) || seen.AsSpan().SequenceEqual(StorageScratch.Bytes(300_000, i)),
                    "the content before or the content after", $"{seen.Length} bytes that are neither");
            }
        }),
    ];

    private static async Task<StorageEntry> ReadAsync(StorageScratch s, PipeWriter destination)
    {
        StorageEntry entry = await s.ReadAsync("a", destination, ReadOptions.Whole, s.CancellationToken).ConfigureAwait(false);
        await destination.CompleteAsync().ConfigureAwait(false);
        return entry;
    }
}
