using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class ReplaceChecks
{
    internal static IEnumerable<StorageCheck> All =>
    [
        new("Replacing makes an object where there is none", Rules.Replace, static async s =>
        {
            await s.PutAsync("a/b", "new", WriteOptions.Replace).ConfigureAwait(false);
            await s.ExpectContentAsync("a/b", "new").ConfigureAwait(false);
        }),
        .. new[] { (From: 100_000, To: 10), (From: 10, To: 100_000), (From: 1_000, To: 0), (From: 0, To: 1_000), (From: 1_000, To: 1_000) }.Select(static change =>
            new StorageCheck($"An object of {change.From} bytes is replaced by one of {change.To}, whole", Rules.Replace, async s =>
            {
                await s.PutAsync("a", StorageScratch.Bytes(change.From)).ConfigureAwait(false);
                byte[] content = StorageScratch.Bytes(change.To, seed: 2);
                StorageEntry written = await s.PutAsync("a", content, WriteOptions.Replace).ConfigureAwait(false);
                s.Expect(written.Length == change.To, $"{change.To} bytes", $"{written.Length}");
                StorageEntry? found = await s.FindAsync("a").ConfigureAwait(false);
                s.Expect(found == written, $"FindAsync to tell what WriteAsync returned, {written}", $"{found}");
                await s.ExpectContentAsync("a", content).ConfigureAwait(false);
                await s.ExpectListedAsync("", "a").ConfigureAwait(false);
            })),
        new("A replacement touches no other object", Rules.Replace, static async s =>
        {
            StorageEntry neighbour = await s.PutAsync("a/bc", "neighbour").ConfigureAwait(false);
            await s.PutAsync("a/b", "old").ConfigureAwait(false);
            await s.PutAsync("a/b", "new", WriteOptions.Replace).ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync("a/bc").ConfigureAwait(false);
            s.Expect(found == neighbour, $"{neighbour}", $"{found}");
            await s.ExpectContentAsync("a/bc", "neighbour").ConfigureAwait(false);
        }),
        new("Each content of an object has a version of its own", Rules.Versions, static async s =>
        {
            HashSet<string> versions = [];
            for (int i = 0; i < 20; i++)
            {
                StorageEntry written = await s.PutAsync("a", $"content {i}", WriteOptions.Replace).ConfigureAwait(false);
                RequireVersions(s, written);
                s.Expect(versions.Add(written.Version!), "another version once the content is another", $"version {written.Version} again, at write {i + 1}");
            }
        }),
        new("A version changes also when the length stays", Rules.Versions, static async s =>
        {
            StorageEntry first = await s.PutAsync("a", "one").ConfigureAwait(false);
            StorageEntry second = await s.PutAsync("a", "two", WriteOptions.Replace).ConfigureAwait(false);
            RequireVersions(s, first);
            s.Expect(first.Version != second.Version, "two versions", $"{first.Version} twice");
        }),
        new("An object that was deleted and created again has another version", Rules.Versions, static async s =>
        {
            StorageEntry first = await s.PutAsync("a", "one").ConfigureAwait(false);
            await s.DeleteAsync("a").ConfigureAwait(false);
            StorageEntry second = await s.PutAsync("a", "two").ConfigureAwait(false);
            RequireVersions(s, first);
            s.Expect(first.Version != second.Version, "two versions", $"{first.Version} twice");
        }),
        new("Readers of an object that is replaced over and over see one of its contents whole", Rules.Replace, static async s =>
        {
            await s.PutAsync("a/b", Marked(0)).ConfigureAwait(false);
            Task writing = Task.Run(async () =>
            {
                for (int number = 1; number <= 20; number++)
                {
                    await s.PutAsync("a/b", Marked(number), WriteOptions.Replace).ConfigureAwait(false);
                }
            }, s.CancellationToken);
            do
            {
                byte[] seen = await s.GetAsync("a/b").ConfigureAwait(false);
                s.Expect(seen.Length > 0 && seen.Length == Marked(seen[0]).Length && seen.AsSpan().IndexOfAnyExcept(seen[0]) < 0,
                    "one of the contents that were written", $"{seen.Length} bytes that are none of them");
            }
            while (!writing.IsCompleted);
            await writing.ConfigureAwait(false);
            await s.ExpectContentAsync("a/b", Marked(20)).ConfigureAwait(false);
        }),
        new("An object that is replaced over and over is never missing", Rules.Replace, static async s =>
        {
            await s.PutAsync("a/b", "0").ConfigureAwait(false);
            Task writing = Task.Run(async () =>
            {
                for (int number = 1; number <= 20; number++)
                {
                    await s.PutAsync("a/b", $"{number}", WriteOptions.Replace).ConfigureAwait(false);
                }
            }, s.CancellationToken);
            do
            {
                s.Expect(await s.FindAsync("a/b").ConfigureAwait(false) is not null, "to find the object at any time", "null");
                await s.ExpectListedAsync("a", "a/b").ConfigureAwait(false);
            }
            while (!writing.IsCompleted);
            await writing.ConfigureAwait(false);
        }),
        new("Of several writers that replace one object one is left whole", Rules.Replace, static async s =>
        {
            await Task.WhenAll(Enumerable.Range(0, s.Concurrency).Select(number => Task.Run(() => s.PutAsync("a/b", Marked(number), WriteOptions.Replace), s.CancellationToken))).ConfigureAwait(false);
            byte[] seen = await s.GetAsync("a/b").ConfigureAwait(false);
            s.Expect(seen.Length > 0 && seen[0] < s.Concurrency, "the content of one of the writers", seen.Length == 0 ? "an empty object" : $"one that begins with {seen[0]}");
            s.ExpectSame(seen, Marked(seen[0]), "a/b");
            StorageEntry? found = await s.FindAsync("a/b").ConfigureAwait(false);
            s.Expect(found?.Length == seen.Length, $"an entry of {seen.Length} bytes", $"{found}");
        }),
    ];

    private static byte[] Marked(int number) => [.. Enumerable.Repeat((byte)number, 200_000 + (number * 1_000))];

    private static void RequireVersions(StorageScratch s, StorageEntry entry) => StorageScratch.Require(entry.Version is not null, "the storage tells no versions");
}
