using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class ContentChecks
{
    /// <summary>Around the sizes at which buffers, pages and blocks begin anew.</summary>
    private static readonly int[] _lengths = [0, 1, 2, 511, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 1_000_003, 5 << 20];

    private static readonly long?[] _hints = [null, 0, 3, 100_000, 100_001, long.MaxValue];

    internal static IEnumerable<StorageCheck> All =>
    [
        .. _lengths.Select(static length => new StorageCheck($"Content of {length} bytes comes back as it was written", Rules.Content, async s =>
        {
            byte[] content = StorageScratch.Bytes(length);
            StorageEntry written = await s.PutAsync("a/object", content).ConfigureAwait(false);
            s.Expect(written.Key == s.Key("a/object"), "the written entry to have the key that was given", written.Key.Value);
            s.Expect(written.Length == length, $"the written entry to have {length} bytes", $"{written.Length}");
            await s.ExpectContentAsync("a/object", content).ConfigureAwait(false);
        })),
        new("A large object comes back as it was written", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
            StorageEntry written = await s.PutAsync("a", content).ConfigureAwait(false);
            s.Expect(written.Length == content.Length, $"an entry of {content.Length} bytes", $"{written.Length}");
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        new("Content of zeros comes back as it was written", Rules.Content, static async s =>
        {
            await s.PutAsync("a", new byte[300_000]).ConfigureAwait(false);
            await s.ExpectContentAsync("a", new byte[300_000]).ConfigureAwait(false);
        }),
        new("Content that looks like text comes back as it was written", Rules.Content, static async s =>
        {
            byte[] content = "line\r\nline\n\0\u001aend\r"u8.ToArray();
            await s.PutAsync("a", content).ConfigureAwait(false);
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        new("Content that is compressed already comes back as it was written", Rules.Content, static async s =>
        {
            byte[] content = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            await s.PutAsync("a.gz", content).ConfigureAwait(false);
            await s.ExpectContentAsync("a.gz", content).ConfigureAwait(false);
        }),
        new("Content that comes byte by byte is stored whole", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(2_000);
            await PutAsync(s, "a", content, 2_000, inner => new HostilePipeReader(inner) { MostBytes = 1 }).ConfigureAwait(false);
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        new("Content that comes in odd pieces is stored whole", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(700_001);
            await PutAsync(s, "a", content, 7_919, inner => new HostilePipeReader(inner) { MostBytes = 12_289 }).ConfigureAwait(false);
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        new("A read of the content that shows nothing is not its end", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(100_000);
            await PutAsync(s, "a", content, 9_000, static inner => new HostilePipeReader(inner) { HasEmptyReads = true }).ConfigureAwait(false);
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        new("Content is drained to its end", Rules.Content, static async s =>
        {
            HostilePipeReader content = await PutAsync(s, "a", StorageScratch.Bytes(250_000), 10_000, static inner => new HostilePipeReader(inner)).ConfigureAwait(false);
            s.Expect(content.Consumed == 250_000, "all 250000 bytes to be advanced over", $"{content.Consumed}");
        }),
        new("Content whose last bytes come with its end is stored whole", Rules.Content, static async s =>
        {
            Pipe pipe = new();
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(1_000)).ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            StorageEntry written = await s.WriteAsync("a", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken).ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            s.Expect(written.Length == 1_000, "1000 bytes", $"{written.Length}");
            await s.ExpectContentAsync("a", StorageScratch.Bytes(1_000)).ConfigureAwait(false);
        }),
        new("Content that comes through next to no buffer is stored whole", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(300_000);
            await s.PutAsync("a", content, pipeOptions: StorageScratch.Tiny).ConfigureAwait(false);
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        }),
        .. _hints.Select(static hint => new StorageCheck($"A length hint of {(hint is null ? "nothing" : $"{hint}")} changes nothing", Rules.Hint, async s =>
        {
            byte[] content = StorageScratch.Bytes(100_000);
            StorageEntry written = await s.PutAsync("a", content, new WriteOptions { LengthHint = hint }).ConfigureAwait(false);
            s.Expect(written.Length == content.Length, $"{content.Length} bytes", $"{written.Length}");
            await s.ExpectContentAsync("a", content).ConfigureAwait(false);
        })),
        new("A length hint for content that turns out empty changes nothing", Rules.Hint, static async s =>
        {
            StorageEntry written = await s.PutAsync("a", [], new WriteOptions { LengthHint = 5 }).ConfigureAwait(false);
            s.Expect(written.Length == 0, "0 bytes", $"{written.Length}");
            await s.ExpectContentAsync("a", Array.Empty<byte>()).ConfigureAwait(false);
        }),
    ];

    private static async Task<HostilePipeReader> PutAsync(
        StorageScratch s, string name, byte[] content, int pieceLength, Func<PipeReader, HostilePipeReader> wrap)
    {
        Pipe pipe = new();
        HostilePipeReader reader = wrap(pipe.Reader);
        Task producing = StorageScratch.ProduceAsync(pipe.Writer, content, pieceLength);
        try
        {
            await s.WriteAsync(name, reader, WriteOptions.CreateNew, s.CancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await producing.ConfigureAwait(false);
        }

        return reader;
    }
}
