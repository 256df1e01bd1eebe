using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class VisibilityChecks
{
    /// <summary>How much content there is before it fails; what is larger may have been stored in parts by then.</summary>
    private static readonly (string When, Func<StorageScratch, int> Length)[] _failures =
    [
        ("at once", static _ => 0),
        ("after a few bytes", static _ => 100),
        ("after many bytes", static s => s.Options.LargeObject),
    ];

    internal static IEnumerable<StorageCheck> All =>
    [
        new("An object is found once its write has returned", Rules.Acknowledged, static async s =>
        {
            for (int i = 0; i < 10; i++)
            {
                StorageEntry written = await s.PutAsync($"a/{i}", $"{i}").ConfigureAwait(false);
                StorageEntry? found = await s.FindAsync($"a/{i}").ConfigureAwait(false);
                s.Expect(found == written, $"FindAsync to tell what WriteAsync returned, {written}", $"{found}");
            }
        }),
        new("An object is listed once its write has returned", Rules.Acknowledged, static async s =>
        {
            for (int i = 0; i < 10; i++)
            {
                await s.PutAsync($"a/{i}", $"{i}").ConfigureAwait(false);
                await s.ExpectListedAsync("a", [.. Enumerable.Range(0, i + 1).Select(static n => $"a/{n}")]).ConfigureAwait(false);
            }
        }),
        new("An object is read once its write has returned", Rules.Acknowledged, static async s =>
        {
            for (int i = 0; i < 10; i++)
            {
                await s.PutAsync("a", $"{i}", WriteOptions.Replace).ConfigureAwait(false);
                await s.ExpectContentAsync("a", $"{i}").ConfigureAwait(false);
            }
        }),
        new("An object that was looked for before is found once it is written", Rules.Acknowledged, static async s =>
        {
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("a").ConfigureAwait(false);
            StorageEntry written = await s.PutAsync("a/b", "content").ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync("a/b").ConfigureAwait(false);
            s.Expect(found == written, $"{written}", $"{found}");
            await s.ExpectContentAsync("a/b", "content").ConfigureAwait(false);
            await s.ExpectListedAsync("a", "a/b").ConfigureAwait(false);
        }),
        new("An object that is being written is not found", Rules.Whole, static s => WhileWritingAsync(s, static async s =>
        {
            StorageEntry? found = await s.FindAsync("a/b").ConfigureAwait(false);
            s.Expect(found is null, "FindAsync to know nothing of an object whose content has not ended", $"{found}");
        })),
        new("An object that is being written is not listed", Rules.Whole, static s => WhileWritingAsync(s, static s => s.ExpectListedAsync(""))),
        new("An object that is being written cannot be read", Rules.Whole, static s => WhileWritingAsync(
            s, static s => s.FailsAsync(() => s.GetAsync("a/b"), StorageErrorKind.NotFound, "reading an object whose content has not ended"))),
        new("An object that is being replaced is the old one until then", Rules.Whole, static async s =>
        {
            StorageEntry old = await s.PutAsync("a", "old").ConfigureAwait(false);
            Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
            Task<StorageEntry> writing = s.WriteAsync("a", pipe.Reader, WriteOptions.Replace, s.CancellationToken);
            await FeedAsync(pipe.Writer).ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync("a").ConfigureAwait(false);
            s.Expect(found == old, $"the old entry, {old}", $"{found}");
            await s.ExpectContentAsync("a", "old").ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }),
        .. _failures.Select(static failure => new StorageCheck($"Content that fails {failure.When} publishes nothing", Rules.FailedContent, async s =>
        {
            await FailingWriteAsync(s, failure.Length(s), WriteOptions.CreateNew).ConfigureAwait(false);
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        })),
        .. _failures.Select(static failure => new StorageCheck($"Content that fails {failure.When} leaves the object that it was to replace", Rules.FailedContent, async s =>
        {
            StorageEntry old = await s.PutAsync("a/b", "old").ConfigureAwait(false);
            await FailingWriteAsync(s, failure.Length(s), WriteOptions.Replace).ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync("a/b").ConfigureAwait(false);
            s.Expect(found == old, $"the old entry, {old}", $"{found}");
            await s.ExpectContentAsync("a/b", "old").ConfigureAwait(false);
        })),
        new("A key is free after content that failed", Rules.FailedContent, static async s =>
        {
            await FailingWriteAsync(s, 1_000, WriteOptions.CreateNew).ConfigureAwait(false);
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.ExpectContentAsync("a/b", "content").ConfigureAwait(false);
        }),
        new("Content that fails with a storage's error publishes nothing", Rules.FailedContent, static async s =>
        {
            // As happens when an object is copied from another storage: it must not be taken for an error of this one.
            var cause = new StorageException(StorageErrorKind.Unavailable, "elsewhere", "the other storage is gone", isTransient: true);
            await FailingWriteAsync(s, 1_000, WriteOptions.CreateNew, cause).ConfigureAwait(false);
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
        }),
        new("Content that was cancelled at its source publishes nothing", Rules.FailedContent, static async s =>
        {
            await FailingWriteAsync(s, 1_000, WriteOptions.CreateNew, new OperationCanceledException("The source was cancelled.")).ConfigureAwait(false);
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
        }),
        new("A reading end that throws publishes nothing", Rules.FailedContent, static async s =>
        {
            var cause = new IOException("The connection to the source broke.");
            Pipe pipe = new();
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(1_000)).ConfigureAwait(false);
            var content = new HostilePipeReader(pipe.Reader) { MostBytes = 100, BeforeRead = (number, _) => number == 5 ? throw cause : default };
            Exception seen = await s.ThrowsAsync<Exception>(() => s.WriteAsync("a/b", content, WriteOptions.CreateNew, s.CancellationToken), "the content's exception").ConfigureAwait(false);
            s.Expect(ReferenceEquals(seen, cause), "the very exception that the reading end threw", CheckRun.Describe(seen));
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
        }),
    ];

    private static async Task WhileWritingAsync(StorageScratch s, Func<StorageScratch, Task> look)
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1, useSynchronizationContext: false));
        Task<StorageEntry> writing = s.WriteAsync("a/b", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken);
        await FeedAsync(pipe.Writer).ConfigureAwait(false);
        await look(s).ConfigureAwait(false);
        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        StorageEntry written = await writing.ConfigureAwait(false);
        await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        s.Expect(written.Length == 20, "20 bytes in the end", $"{written.Length}");
        await s.ExpectListedAsync("", "a/b").ConfigureAwait(false);
    }

    /// <summary>The pipe holds one byte: each of these returns when the storage has taken the one before.</summary>
    private static async Task FeedAsync(PipeWriter writer)
    {
        await writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
        await writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
    }

    private static async Task FailingWriteAsync(StorageScratch s, int length, WriteOptions options, Exception? cause = null)
    {
        cause ??= new InvalidOperationException("The source is gone.");
        Pipe pipe = new();
        Task producing = FailAsync(pipe.Writer, StorageScratch.Bytes(length), cause);
        Exception seen = await s.ThrowsAsync<Exception>(
            () => s.WriteAsync("a/b", pipe.Reader, options, s.CancellationToken), $"the content's own exception, {CheckRun.Describe(cause)}").ConfigureAwait(false);
        await pipe.Reader.CompleteAsync().ConfigureAwait(false);
        await producing.ConfigureAwait(false);
        s.Expect(ReferenceEquals(seen, cause), $"the content's own exception, {CheckRun.Describe(cause)}", CheckRun.Describe(seen));
    }

    private static async Task FailAsync(PipeWriter writer, byte[] content, Exception cause)
    {
        for (int offset = 0; offset < content.Length; offset += 100_000)
        {
            await writer.WriteAsync(content.AsMemory(offset, Math.Min(100_000, content.Length - offset))).ConfigureAwait(false);
        }

        await writer.CompleteAsync(cause).ConfigureAwait(false);
    }
}
