using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class CancellationChecks
{
    /// <summary>How many of the places where a call waits for its pipe are tried, one after another.</summary>
    private const int MostWaits = 25;

    private static readonly (string Name, Func<StorageScratch, CancellationToken, Task> Call)[] _verbs =
    [
        ("A creation", static (s, token) => s.Storage.WriteAsync(s.Key("b"), Ended(), WriteOptions.CreateNew, token)),
        ("A replacement", static (s, token) => s.Storage.WriteAsync(s.Key("a"), Ended(), WriteOptions.Replace, token)),
        ("A read", static (s, token) => s.Storage.ReadAsync(s.Key("a"), new Pipe().Writer, ReadOptions.Whole, token)),
        ("A look", static (s, token) => s.Storage.FindAsync(s.Key("a"), token)),
        ("A deletion", static (s, token) => s.Storage.DeleteAsync(s.Key("a"), token)),
        ("A listing", static async (s, token) =>
        {
            await foreach (StorageEntry _ in s.Storage.ListAsync(s.Below(""), token))
            {
            }
        }),
    ];

    internal static IEnumerable<StorageCheck> All =>
    [
        .. _verbs.Select(static verb => new StorageCheck($"{verb.Name} that was cancelled before it began does nothing", Rules.Cancellation, async s =>
        {
            StorageEntry before = await s.PutAsync("a", "content").ConfigureAwait(false);
            await s.CancelsAsync(() => verb.Call(s, new CancellationToken(canceled: true)), $"{verb.Name} with a cancelled token").ConfigureAwait(false);
            StorageEntry? after = await s.FindAsync("a").ConfigureAwait(false);
            s.Expect(after == before, $"{before}", $"{after}");
            await s.ExpectListedAsync("", "a").ConfigureAwait(false);
            await s.ExpectContentAsync("a", "content").ConfigureAwait(false);
        })),
        new("A write whose content never comes can be cancelled", Rules.Cancellation, static async s =>
        {
            using var cancellation = new CancellationTokenSource();
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
            Task<StorageEntry> writing = s.WriteAsync("a/b", pipe.Reader, WriteOptions.CreateNew, cancellation.Token);
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(100)).ConfigureAwait(false);
            await cancellation.CancelAsync().ConfigureAwait(false);
            await s.CancelsAsync(() => writing, "a write that is cancelled while it waits for content").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        }),
        new("A write that is cancelled when its content ends publishes nothing", Rules.Cancellation, static async s =>
        {
            using var cancellation = new CancellationTokenSource();
            var inner = PipeReader.Create(new(StorageScratch.Bytes(100)));
            var content = new HostilePipeReader(inner) { BeforeRead = (_, _) => new ValueTask(cancellation.CancelAsync()) };
            await s.CancelsAsync(() => s.WriteAsync("a/b", new Uncancelled(content), WriteOptions.CreateNew, cancellation.Token), "a write that is cancelled when its content ends").ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        }),
        new("A key is free after a write that was cancelled", Rules.Cancellation, static async s =>
        {
            using var cancellation = new CancellationTokenSource();
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
            Task<StorageEntry> writing = s.WriteAsync("a/b", pipe.Reader, WriteOptions.CreateNew, cancellation.Token);
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(100)).ConfigureAwait(false);
            await cancellation.CancelAsync().ConfigureAwait(false);
            await s.CancelsAsync(() => writing, "a write that is cancelled").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.ExpectContentAsync("a/b", "content").ConfigureAwait(false);
        }),
        new("A creation that is cancelled wherever it waits did everything or nothing", Rules.Cancellation, static s => AtEveryReadAsync(s, WriteOptions.CreateNew)),
        new("A replacement that is cancelled wherever it waits did everything or nothing", Rules.Cancellation, static s => AtEveryReadAsync(s, WriteOptions.Replace)),
        new("A large write that is cancelled half-way publishes nothing", Rules.Cancellation, static async s =>
        {
            using var cancellation = new CancellationTokenSource();
            byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
            Pipe pipe = new();
            Task producing = StorageScratch.ProduceAsync(pipe.Writer, content, 100_000);
            int half = content.Length / 2;
            HostilePipeReader reader = null!;
            reader = new HostilePipeReader(pipe.Reader) { BeforeRead = (_, _) => reader.Consumed > half ? new ValueTask(cancellation.CancelAsync()) : default };
            await s.CancelsAsync(() => s.WriteAsync("a", reader, WriteOptions.CreateNew, cancellation.Token), "a write that is cancelled half-way").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await producing.ConfigureAwait(false);
            await s.ExpectMissingAsync("a").ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        }),
        new("A read into a full pipe can be cancelled", Rules.Cancellation, static async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(s.Options.LargeObject)).ConfigureAwait(false);
            using var cancellation = new CancellationTokenSource();
            Pipe pipe = new(StorageScratch.Tiny);
            Task<StorageEntry> reading = s.ReadAsync("a", pipe.Writer, ReadOptions.Whole, cancellation.Token);
            await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
            await cancellation.CancelAsync().ConfigureAwait(false);
            await s.CancelsAsync(() => reading, "a read that is cancelled while it waits for its reader").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }),
        new("A read that is cancelled wherever it flushes ends there or has delivered everything", Rules.Cancellation, static async s =>
        {
            byte[] content = StorageScratch.Bytes(5 << 20);
            await s.PutAsync("a", content).ConfigureAwait(false);
            for (int wait = 1; wait <= MostWaits; wait++)
            {
                using var cancellation = new CancellationTokenSource();
                Pipe pipe = new();
                Task<byte[]> consuming = StorageScratch.ConsumeAsync(pipe.Reader);
                var destination = new HostilePipeWriter(pipe.Writer) { BeforeFlush = (number, _) => number == wait ? new ValueTask(cancellation.CancelAsync()) : default };
                bool done = await DoneOrCancelledAsync(s, () => s.ReadAsync("a", destination, ReadOptions.Whole, cancellation.Token), "a read that is cancelled").ConfigureAwait(false);
                await pipe.Writer.CompleteAsync().ConfigureAwait(false);
                byte[] seen = await consuming.ConfigureAwait(false);
                s.ExpectSame(seen, content.AsSpan(0, done ? content.Length : Math.Min(seen.Length, content.Length)), "a");
                if (done && destination.Flushes < wait)
                {
                    return;
                }
            }
        }),
        new("A listing that is cancelled half-way ends there", Rules.Cancellation, static async s =>
        {
            for (int i = 0; i < 10; i++)
            {
                await s.PutAsync($"{i}", "content").ConfigureAwait(false);
            }

            using var cancellation = new CancellationTokenSource();
            int seen = 0;
            await s.CancelsAsync(async () =>
            {
                await foreach (StorageEntry _ in s.Storage.ListAsync(s.Below(""), cancellation.Token).ConfigureAwait(false))
                {
                    if (++seen == 3)
                    {
                        await cancellation.CancelAsync().ConfigureAwait(false);
                    }
                }
            }, "a listing whose token is cancelled after 3 of 10 entries").ConfigureAwait(false);
        }),
        new("A listing honours the token of its enumerator", Rules.Cancellation, static async s =>
        {
            await s.PutAsync("a", "content").ConfigureAwait(false);
            await s.CancelsAsync(async () =>
            {
                await foreach (StorageEntry _ in s.Storage.ListAsync(s.Below("")).WithCancellation(new CancellationToken(canceled: true)))
                {
                }
            }, "a listing that is enumerated with a cancelled token (mark the parameter with [EnumeratorCancellation])").ConfigureAwait(false);
        }),
        new("A call that was cancelled leaves the storage usable", Rules.Cancellation, static async s =>
        {
            for (int i = 0; i < 20; i++)
            {
                using var cancellation = new CancellationTokenSource();
                Pipe pipe = new(StorageScratch.Tiny);
                Task<StorageEntry> writing = s.WriteAsync("a", pipe.Reader, WriteOptions.Replace, cancellation.Token);
                await cancellation.CancelAsync().ConfigureAwait(false);
                await s.CancelsAsync(() => writing, "a write that is cancelled").ConfigureAwait(false);
                await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            }

            await s.ExpectListedAsync("").ConfigureAwait(false);
            await s.PutAsync("a", "content").ConfigureAwait(false);
            await s.ExpectContentAsync("a", "content").ConfigureAwait(false);
        }),
    ];

    private static PipeReader Ended() => PipeReader.Create(new([1, 2, 3]));

    private static async Task AtEveryReadAsync(StorageScratch s, WriteOptions options)
    {
        byte[] content = StorageScratch.Bytes(5_000);
        for (int wait = 1; wait <= MostWaits; wait++)
        {
            string name = $"a/{wait}";
            StorageEntry? before = options.Mode == WriteMode.Replace ? await s.PutAsync(name, "old").ConfigureAwait(false) : null;
            using var cancellation = new CancellationTokenSource();
            var reader = new HostilePipeReader(PipeReader.Create(new(content)))
            {
                MostBytes = 500,
                BeforeRead = (number, _) => number == wait ? new ValueTask(cancellation.CancelAsync()) : default,
            };
            bool done = await DoneOrCancelledAsync(s, () => s.WriteAsync(name, new Uncancelled(reader), options, cancellation.Token), "a write that is cancelled").ConfigureAwait(false);
            StorageEntry? after = await s.FindAsync(name).ConfigureAwait(false);
            if (done)
            {
                await s.ExpectContentAsync(name, content).ConfigureAwait(false);
            }
            else
            {
                s.Expect(after == before, $"what was there before the write that was cancelled at read {wait}: {before?.ToString() ?? "nothing"}", $"{after}");
            }

            if (done && reader.Reads < wait)
            {
                return;
            }
        }
    }

    private static async Task<bool> DoneOrCancelledAsync(StorageScratch s, Func<Task> call, string doing)
    {
        try
        {
            await call().ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception other) when (other is not ContractViolationException)
        {
            s.Expect(false, $"{doing} to succeed or to throw an OperationCanceledException", CheckRun.Describe(other));
            throw;
        }
    }

    /// <summary>Serves its reads although the token is cancelled, so that the storage itself has to look.</summary>
    private sealed class Uncancelled(PipeReader inner) : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => inner.ReadAsync(CancellationToken.None);

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }
}
