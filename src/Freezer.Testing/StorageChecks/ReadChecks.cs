using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class ReadChecks
{
    private static readonly (string What, string Name)[] _missing =
    [
        ("of which nothing is known", "x"),
        ("that is a prefix of an object", "a/b"),
        ("that begins as an object does", "a/b/cd"),
        ("that an object begins with", "a/b/"),
        ("beside an object", "a/b/x"),
    ];

    internal static IEnumerable<StorageCheck> All =>
    [
        .. _missing.Select(static missing => new StorageCheck($"A key {missing.What} is not found", Rules.Missing, async s =>
        {
            await s.PutAsync("a/b/c", "content").ConfigureAwait(false);
            string name = missing.Name.TrimEnd('/');
            StorageEntry? found = await s.FindAsync(name).ConfigureAwait(false);
            s.Expect(found is null, $"FindAsync to know no '{name}'", $"{found}");
            StorageException failure = await s.FailsAsync(() => s.GetAsync(name), StorageErrorKind.NotFound, $"reading '{name}'").ConfigureAwait(false);
            s.Expect(failure.Key == s.Key(name).Value, $"the error to name {s.Key(name)}", $"{failure.Key}");
            s.Expect(!failure.IsTransient, "an error that is not transient", "a transient one");
        })),
        new("A read tells of the whole object", Rules.Range, static async s =>
        {
            StorageEntry written = await s.PutAsync("a", StorageScratch.Bytes(1_000)).ConfigureAwait(false);
            Pipe pipe = new();
            StorageEntry read = await s.ReadAsync("a", pipe.Writer, ReadOptions.Range(10, 20), s.CancellationToken).ConfigureAwait(false);
            s.Expect(read == written, $"{written}", $"{read}");
        }),
        new("What was read is flushed when the call returns", Rules.Flush, static async s =>
        {
            await s.PutAsync("a", StorageScratch.Bytes(100)).ConfigureAwait(false);
            Pipe pipe = new();
            await s.ReadAsync("a", pipe.Writer, ReadOptions.Whole, s.CancellationToken).ConfigureAwait(false);
            s.Expect(pipe.Reader.TryRead(out ReadResult read) && read.Buffer.Length == 100, "100 bytes at the reading end", "fewer, since they were not flushed");
        }),
        new("A destination that holds next to nothing gets everything", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(300_000);
            await s.PutAsync("a", content).ConfigureAwait(false);
            s.ExpectSame(await s.GetAsync("a", pipeOptions: StorageScratch.Tiny).ConfigureAwait(false), content, "a");
        }),
        new("A destination that gives little memory gets everything", "GetMemory gives at least what was asked for, and may give no more. Write what fits, advance, flush, and go on.", static async s =>
        {
            byte[] content = StorageScratch.Bytes(50_000);
            await s.PutAsync("a", content).ConfigureAwait(false);
            Pipe pipe = new();
            Task<byte[]> consuming = StorageScratch.ConsumeAsync(pipe.Reader);
            await s.ReadAsync("a", new HostilePipeWriter(pipe.Writer) { IsStingy = true }, ReadOptions.Whole, s.CancellationToken).ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            s.ExpectSame(await consuming.ConfigureAwait(false), content, "a");
        }),
        new("The version that was written can be read", Rules.OnlyVersion, static async s =>
        {
            StorageEntry written = await s.PutAsync("a", "content").ConfigureAwait(false);
            StorageScratch.Require(written.Version is not null, "the storage tells no versions");
            s.ExpectSame(await s.GetAsync("a", new ReadOptions { Version = written.Version }).ConfigureAwait(false), "content"u8, "a");
        }),
        new("Reading a version that is gone fails", Rules.OnlyVersion, static async s =>
        {
            StorageEntry first = await s.PutAsync("a", "first").ConfigureAwait(false);
            StorageEntry second = await s.PutAsync("a", "other", WriteOptions.Replace).ConfigureAwait(false);
            StorageScratch.Require(first.Version is not null, "the storage tells no versions");
            StorageException failure = await s.FailsAsync(
                () => s.GetAsync("a", new ReadOptions { Version = first.Version }), StorageErrorKind.VersionMismatch, "reading a version that was replaced").ConfigureAwait(false);
            s.Expect(failure.Key == s.Key("a").Value, $"the error to name {s.Key("a")}", $"{failure.Key}");
            s.ExpectSame(await s.GetAsync("a", new ReadOptions { Version = second.Version }).ConfigureAwait(false), "other"u8, "a");
        }),
        new("A range of a version that is gone fails", Rules.OnlyVersion, static async s =>
        {
            StorageEntry first = await s.PutAsync("a", "first").ConfigureAwait(false);
            await s.PutAsync("a", "other", WriteOptions.Replace).ConfigureAwait(false);
            StorageScratch.Require(first.Version is not null, "the storage tells no versions");
            await s.FailsAsync(
                () => s.GetAsync("a", new ReadOptions { Offset = 1, Length = 2, Version = first.Version }), StorageErrorKind.VersionMismatch, "reading a range of a version that was replaced").ConfigureAwait(false);
        }),
        new("Reading a version of what was deleted says that it is missing", Rules.Missing, static async s =>
        {
            StorageEntry first = await s.PutAsync("a", "first").ConfigureAwait(false);
            await s.DeleteAsync("a").ConfigureAwait(false);
            await s.FailsAsync(() => s.GetAsync("a", new ReadOptions { Version = first.Version }), StorageErrorKind.NotFound, "reading a version of an object that was deleted").ConfigureAwait(false);
        }),
        new("The last modification is told alike by every verb and does not run backwards", Rules.List, static async s =>
        {
            StorageEntry first = await s.PutAsync("a", "1").ConfigureAwait(false);
            StorageEntry second = await s.PutAsync("b", "2").ConfigureAwait(false);
            s.Expect(second.LastModified >= first.LastModified.AddSeconds(-1), $"{first.LastModified:O} or later", $"{second.LastModified:O}");
            foreach (StorageEntry entry in await s.ListAsync().ConfigureAwait(false))
            {
                StorageEntry expected = entry.Key == first.Key ? first : second;
                s.Expect(entry.LastModified == expected.LastModified, $"{expected.LastModified:O}, as the write told", $"{entry.LastModified:O} in the listing");
            }
        }),
        new("An object is read again and again", Rules.Content, static async s =>
        {
            byte[] content = StorageScratch.Bytes(100_000);
            await s.PutAsync("a", content).ConfigureAwait(false);
            for (int i = 0; i < 5; i++)
            {
                await s.ExpectContentAsync("a", content).ConfigureAwait(false);
            }
        }),
    ];
}
