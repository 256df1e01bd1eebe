using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class DeleteChecks
{
    private static readonly (string What, string Name)[] _missing =
    [
        ("nothing is known of", "x/y/z"),
        ("is a prefix of an object", "a/b"),
        ("is the beginning of an object's name", "a/b/c0"),
        ("lies below an object", "a/b/c/d"),
        ("lies beside an object", "a/b/x"),
    ];

    internal static IEnumerable<StorageCheck> All =>
    [
        new("A deleted object is gone for every verb", Rules.Delete, static async s =>
        {
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.DeleteAsync("a/b").ConfigureAwait(false);
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        }),
        new("Deleting removes the object and nothing else", Rules.Delete, static async s =>
        {
            foreach (string name in (string[])["a/b", "a/bc", "a/c/d", "b"])
            {
                await s.PutAsync(name, name).ConfigureAwait(false);
            }

            await s.DeleteAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("", "a/bc", "a/c/d", "b").ConfigureAwait(false);
            await s.ExpectContentAsync("a/bc", "a/bc").ConfigureAwait(false);
        }),
        .. _missing.Select(static missing => new StorageCheck($"Deleting what {missing.What} succeeds and removes nothing", Rules.Delete, async s =>
        {
            await s.PutAsync("a/b/c", "content").ConfigureAwait(false);
            await s.DeleteAsync(missing.Name).ConfigureAwait(false);
            await s.ExpectListedAsync("", "a/b/c").ConfigureAwait(false);
            await s.ExpectContentAsync("a/b/c", "content").ConfigureAwait(false);
        })),
        new("Deleting twice succeeds", Rules.Delete, static async s =>
        {
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.DeleteAsync("a/b").ConfigureAwait(false);
            await s.DeleteAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        }),
        new("Deleting at the same time succeeds for everybody", Rules.Delete, static async s =>
        {
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await Task.WhenAll(Enumerable.Range(0, s.Concurrency).Select(_ => Task.Run(() => s.DeleteAsync("a/b"), s.CancellationToken))).ConfigureAwait(false);
            await s.ExpectMissingAsync("a/b").ConfigureAwait(false);
        }),
        new("A prefix that was emptied can be filled again", Rules.Delete, static async s =>
        {
            for (int i = 0; i < 3; i++)
            {
                await s.PutAsync("a/b/c", $"{i}").ConfigureAwait(false);
                await s.ExpectContentAsync("a/b/c", $"{i}").ConfigureAwait(false);
                await s.DeleteAsync("a/b/c").ConfigureAwait(false);
                await s.ExpectListedAsync("a").ConfigureAwait(false);
            }
        }),
        new("What is deleted while it is read is delivered whole or fails", Rules.InFlight, static s =>
            ReadMeanwhileAsync(s, static s => s.DeleteAsync("a/b"))),
        new("What is replaced while it is read is delivered whole or fails", Rules.InFlight, static s =>
            ReadMeanwhileAsync(s, static s => s.PutAsync("a/b", StorageScratch.Bytes(s.Options.LargeObject, seed: 2), WriteOptions.Replace))),
        new("Deletions beside creations of neighbours lose none of them", Rules.Delete, static async s =>
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, 50), new ParallelOptions { MaxDegreeOfParallelism = s.Concurrency, CancellationToken = s.CancellationToken }, async (number, _) =>
            {
                string name = $"deep/{number % 3}/{number}/object";
                await s.PutAsync(name, $"content {number}").ConfigureAwait(false);
                await s.ExpectContentAsync(name, $"content {number}").ConfigureAwait(false);
                await s.DeleteAsync(name).ConfigureAwait(false);
            }).ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        }),
    ];

    private static async Task ReadMeanwhileAsync(StorageScratch s, Func<StorageScratch, Task> change)
    {
        byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
        await s.PutAsync("a/b", content).ConfigureAwait(false);
        System.IO.Pipelines.Pipe pipe = new(StorageScratch.Tiny);
        Task<StorageEntry> reading = s.ReadAsync("a/b", pipe.Writer, ReadOptions.Whole, s.CancellationToken);
        System.IO.Pipelines.ReadResult first = await pipe.Reader.ReadAsync(s.CancellationToken).ConfigureAwait(false);
        pipe.Reader.AdvanceTo(first.Buffer.Start);
        await change(s).ConfigureAwait(false);
        Task<byte[]> consuming = StorageScratch.ConsumeAsync(pipe.Reader);
        bool whole = true;
        try
        {
            await reading.ConfigureAwait(false);
        }
        catch (StorageException)
        {
            whole = false;
        }

        await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        byte[] seen = await consuming.ConfigureAwait(false);
        if (whole)
        {
            s.ExpectSame(seen, content, "a/b");
        }
        else
        {
            s.ExpectSame(seen, content.AsSpan(0, Math.Min(seen.Length, content.Length)), "a/b");
        }
    }
}
