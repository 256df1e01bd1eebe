using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class PipeChecks
{
    internal static IEnumerable<StorageCheck> All =>
    [
        new("A write completes no pipe", Rules.Pipes, static s => WriteAsync(s, static pipe => pipe.Writer.Complete(), null)),
        new("A write whose content fails completes no pipe", Rules.Pipes, static s => WriteAsync(s, static pipe => pipe.Writer.Complete(new IOException("gone")), typeof(IOException))),
        new("A creation that fails completes no pipe", Rules.Pipes, static async s =>
        {
            await s.PutAsync("a", "first").ConfigureAwait(false);
            await WriteAsync(s, static pipe => pipe.Writer.Complete(), typeof(StorageException)).ConfigureAwait(false);
        }),
        new("A write that is cancelled completes no pipe", Rules.Pipes, static s => WriteAsync(s, static pipe => pipe.Reader.CancelPendingRead(), typeof(OperationCanceledException))),
        new("A read completes no pipe", Rules.Pipes, static s => ReadAsync(s, ReadOptions.Whole, null)),
        new("A read of what is missing completes no pipe", Rules.Pipes, static s => ReadAsync(s, ReadOptions.Whole, typeof(StorageException), "x")),
        new("A read out of range completes no pipe", Rules.Pipes, static s => ReadAsync(s, ReadOptions.Range(0, 5_000_001), typeof(StorageException))),
        new("A read that is cancelled completes no pipe", Rules.Pipes, static s => ReadAsync(s, ReadOptions.Whole, typeof(OperationCanceledException), cancel: true)),
        new("A read returns once everything is delivered", Rules.Borrowed, static async s =>
        {
            byte[] content = StorageScratch.Bytes(100_000);
            await s.PutAsync("a", content).ConfigureAwait(false);
            Pipe pipe = new(StorageScratch.Tiny);
            Task<StorageEntry> reading = s.ReadAsync("a", pipe.Writer, ReadOptions.Whole, s.CancellationToken);
            ReadResult first = await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
            pipe.Reader.AdvanceTo(first.Buffer.Start);
            s.Expect(first.Buffer.Length == content.Length || !reading.IsCompleted, "the call to go on while its reader has not taken everything", $"it returned, and {first.Buffer.Length} bytes are there");
            Task<byte[]> consuming = StorageScratch.ConsumeAsync(pipe.Reader);
            await reading.ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            s.ExpectSame(await consuming.ConfigureAwait(false), content, "a");
        }),
        new("A storage keeps no memory of the content", Rules.Borrowed, static async s =>
        {
            using SpoilingPool pool = new();
            byte[] content = StorageScratch.Bytes(1_000_000);
            await s.PutAsync("a", content, pipeOptions: new PipeOptions(pool, useSynchronizationContext: false)).ConfigureAwait(false);
            s.Expect(pool.Outstanding == 0, "every buffer of the pipe to be back once both of its ends are completed", $"{pool.Outstanding} are not");
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        new("A storage keeps no memory of the destination", Rules.Borrowed, static async s =>
        {
            using SpoilingPool pool = new();
            byte[] content = StorageScratch.Bytes(1_000_000);
            await s.PutAsync("a", content).ConfigureAwait(false);
            s.ExpectSame(await s.GetAsync("a", pipeOptions: new PipeOptions(pool, useSynchronizationContext: false)).ConfigureAwait(false), content, "a");
            s.Expect(pool.Outstanding == 0, "every buffer of the pipe to be back once both of its ends are completed", $"{pool.Outstanding} are not");
        }),
        new("A write that fails leaves no buffer behind", Rules.Borrowed, static async s =>
        {
            using SpoilingPool pool = new();
            await s.PutAsync("a", "first").ConfigureAwait(false);
            await s.FailsAsync(() => s.PutAsync("a", StorageScratch.Bytes(300_000), pipeOptions: new PipeOptions(pool, useSynchronizationContext: false)),
                StorageErrorKind.AlreadyExists, "creating an object that exists").ConfigureAwait(false);
            s.Expect(pool.Outstanding == 0, "every buffer of the pipe to be back once both of its ends are completed", $"{pool.Outstanding} are not");
        }),
        new("A reader that goes away ends the read without an error", Rules.ReaderGone, static async s =>
        {
            byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
            await s.PutAsync("a", content).ConfigureAwait(false);
            Pipe pipe = new(StorageScratch.Tiny);
            Task<StorageEntry> reading = s.ReadAsync("a", pipe.Writer, ReadOptions.Whole, s.CancellationToken);
            await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            StorageEntry entry = await reading.ConfigureAwait(false);
            s.Expect(entry.Length == content.Length, $"the entry of the whole object, {content.Length} bytes", $"{entry.Length}");
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        }),
        new("A read stops soon after its reader has gone away", Rules.ReaderGone, static async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(s.Options.LargeObject)).ConfigureAwait(false);
            Pipe pipe = new();
            var destination = new HostilePipeWriter(pipe.Writer);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await s.ReadAsync("a", destination, ReadOptions.Whole, s.CancellationToken).ConfigureAwait(false);
            s.Expect(destination.Written < s.Options.LargeObject, "the read to end before the object does", "all of it was written to a pipe that nobody reads");
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        }),
        new("A pending read of the content that is cancelled cancels the write", Rules.Pending, static async s =>
        {
            Pipe pipe = new();
            Task<StorageEntry> writing = s.WriteAsync("a", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken);
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
            pipe.Reader.CancelPendingRead();
            await s.CancelsAsync(() => writing, "a write whose pending read is cancelled").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await s.ExpectMissingAsync("a").ConfigureAwait(false);
        }),
        new("A pending flush of the destination that is cancelled cancels the read", Rules.Pending, static async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(s.Options.LargeObject)).ConfigureAwait(false);
            Pipe pipe = new(StorageScratch.Tiny);
            Task<StorageEntry> reading = s.ReadAsync("a", pipe.Writer, ReadOptions.Whole, s.CancellationToken);
            ReadResult first = await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
            pipe.Reader.AdvanceTo(first.Buffer.Start);
            pipe.Writer.CancelPendingFlush();
            await s.CancelsAsync(() => reading, "a read whose pending flush is cancelled").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }),
        new("A destination that fails surfaces as it is", "What the destination throws is not the storage's failure: let it through as it is.", static async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(100_000)).ConfigureAwait(false);
            var cause = new InvalidOperationException("The disk of the reader is full.");
            Pipe pipe = new();
            var destination = new HostilePipeWriter(pipe.Writer) { BeforeFlush = (_, _) => throw cause };
            Exception seen = await s.ThrowsAsync<Exception>(() => s.ReadAsync("a", destination, ReadOptions.Whole, s.CancellationToken), "the destination's exception").ConfigureAwait(false);
            s.Expect(ReferenceEquals(seen, cause), "the very exception that the destination threw", CheckRun.Describe(seen));
            await s.ExpectContentAsync("a", StorageScratch.Bytes(100_000)).ConfigureAwait(false);
        }),
    ];

    /// <summary>Writes to <c>a</c>, lets something happen to the pipe, and looks what the storage did with its end.</summary>
    private static async Task WriteAsync(StorageScratch s, Action<Pipe> happen, Type? failure)
    {
        Pipe pipe = new();
        var content = new HostilePipeReader(pipe.Reader);
        await pipe.Writer.WriteAsync(StorageScratch.Bytes(1_000)).ConfigureAwait(false);
        Task<StorageEntry> writing = s.WriteAsync("a", content, WriteOptions.CreateNew, s.CancellationToken);
        happen(pipe);
        await EndAsync(s, writing, failure).ConfigureAwait(false);
        content.Release();
        await s.ListAsync().ConfigureAwait(false);
        s.Expect(content.Completions == 0, "the storage not to complete the content", "it did");
        s.Expect(content.UsesAfterRelease == 0, "the storage not to use the content after the call returned", $"it did {content.UsesAfterRelease} times");
        await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
    }

    private static async Task ReadAsync(StorageScratch s, ReadOptions options, Type? failure, string name = "a", bool cancel = false)
    {
        await s.PutAsync("a", StorageScratch.Bytes(5_000_000)).ConfigureAwait(false);
        Pipe pipe = new();
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(s.CancellationToken);
        var destination = new HostilePipeWriter(pipe.Writer) { BeforeFlush = (_, _) => cancel ? new ValueTask(cancellation.CancelAsync()) : default };
        Task<byte[]> consuming = StorageScratch.ConsumeAsync(pipe.Reader);
        await EndAsync(s, s.ReadAsync(name, destination, options, cancellation.Token), failure).ConfigureAwait(false);
        destination.Release();
        await s.ListAsync().ConfigureAwait(false);
        s.Expect(destination.Completions == 0, "the storage not to complete the destination", "it did");
        s.Expect(destination.UsesAfterRelease == 0, "the storage not to use the destination after the call returned", $"it did {destination.UsesAfterRelease} times");
        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        await consuming.ConfigureAwait(false);
    }

    private static async Task EndAsync(StorageScratch s, Task call, Type? failure)
    {
        if (failure is null)
        {
            await call.ConfigureAwait(false);
            return;
        }

        Exception seen = await s.ThrowsAsync<Exception>(() => call, $"a failure, {failure.Name}").ConfigureAwait(false);
        s.Expect(failure.IsInstanceOfType(seen), $"a failure, {failure.Name}", CheckRun.Describe(seen));
    }
}
