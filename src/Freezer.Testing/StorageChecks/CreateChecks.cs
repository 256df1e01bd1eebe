using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class CreateChecks
{
    private const int RaceRounds = 5;

    internal static IEnumerable<StorageCheck> All =>
    [
        new("Creating an object that exists fails", Rules.Create, static async s =>
        {
            await s.PutAsync("a/b", "first").ConfigureAwait(false);
            StorageException failure = await s.FailsAsync(() => s.PutAsync("a/b", "second"), StorageErrorKind.AlreadyExists, "creating an object that exists").ConfigureAwait(false);
            s.Expect(!failure.IsTransient, "an error that is not transient", "a transient one");
        }),
        new("An object that exists tells its key when it is created again", Rules.Errors, static async s =>
        {
            await s.PutAsync("a/b", "first").ConfigureAwait(false);
            StorageException failure = await s.FailsAsync(() => s.PutAsync("a/b", "second"), StorageErrorKind.AlreadyExists, "creating an object that exists").ConfigureAwait(false);
            s.Expect(failure.Key == s.Key("a/b").Value, $"the key {s.Key("a/b")}", $"{failure.Key}");
        }),
        new("A creation that fails leaves the object as it was", Rules.Create, static async s =>
        {
            StorageEntry first = await s.PutAsync("a/b", "first").ConfigureAwait(false);
            await s.FailsAsync(() => s.PutAsync("a/b", StorageScratch.Bytes(5_000_000)), StorageErrorKind.AlreadyExists, "creating an object that exists").ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync("a/b").ConfigureAwait(false);
            s.Expect(found == first, $"{first}", $"{found}");
            await s.ExpectContentAsync("a/b", "first").ConfigureAwait(false);
            await s.ExpectListedAsync("", "a/b").ConfigureAwait(false);
        }),
        new("Creating an empty object where one exists fails", Rules.Create, static async s =>
        {
            await s.PutAsync("a", "first").ConfigureAwait(false);
            await s.FailsAsync(() => s.PutAsync("a", []), StorageErrorKind.AlreadyExists, "creating an object that exists").ConfigureAwait(false);
            await s.ExpectContentAsync("a", "first").ConfigureAwait(false);
        }),
        new("An empty object takes its key", Rules.Create, static async s =>
        {
            await s.PutAsync("a", []).ConfigureAwait(false);
            await s.FailsAsync(() => s.PutAsync("a", "second"), StorageErrorKind.AlreadyExists, "creating an object where an empty one exists").ConfigureAwait(false);
            await s.ExpectContentAsync("a", Array.Empty<byte>()).ConfigureAwait(false);
        }),
        new("An object may be created again after it was deleted", Rules.Create, static async s =>
        {
            await s.PutAsync("a/b", "first").ConfigureAwait(false);
            await s.DeleteAsync("a/b").ConfigureAwait(false);
            await s.PutAsync("a/b", "second").ConfigureAwait(false);
            await s.ExpectContentAsync("a/b", "second").ConfigureAwait(false);
        }),
        new("CreateNew is what a write does that says nothing", Rules.Create, static async s =>
        {
            await s.PutAsync("a", "first", new WriteOptions()).ConfigureAwait(false);
            await s.FailsAsync(() => s.PutAsync("a", "second", new WriteOptions()), StorageErrorKind.AlreadyExists, "a second write with new WriteOptions()").ConfigureAwait(false);
        }),
        new("An object that appears while another is created wins", Rules.Create, static async s =>
        {
            RequireAtomic(s, 1_000);
            Pipe pipe = new();
            Task<StorageEntry> writing = s.WriteAsync("a/b", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken);
            await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
            StorageEntry winner = await s.PutAsync("a/b", "winner").ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await s.FailsAsync(() => writing, StorageErrorKind.AlreadyExists, "a creation that was overtaken").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync("a/b").ConfigureAwait(false);
            s.Expect(found == winner, $"the winner's entry, {winner}", $"{found}");
            await s.ExpectContentAsync("a/b", "winner").ConfigureAwait(false);
        }),
        new("An object that appears while another is created in parts wins", Rules.Create, static async s =>
        {
            RequireAtomic(s, s.Options.LargeObject);
            byte[] content = StorageScratch.Bytes(s.Options.LargeObject);
            Pipe pipe = new();
            Task<StorageEntry> writing = s.WriteAsync("a/b", pipe.Reader, WriteOptions.CreateNew, s.CancellationToken);
            for (int offset = 0; offset < content.Length; offset += 100_000)
            {
                await pipe.Writer.WriteAsync(content.AsMemory(offset, Math.Min(100_000, content.Length - offset))).ConfigureAwait(false);
            }

            await s.PutAsync("a/b", "winner").ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await s.FailsAsync(() => writing, StorageErrorKind.AlreadyExists, "a creation that was overtaken").ConfigureAwait(false);
            await pipe.Reader.CompleteAsync().ConfigureAwait(false);
            await s.ExpectContentAsync("a/b", "winner").ConfigureAwait(false);
        }),
        new("Of several writers that create one small object one wins", Rules.Create, static s => RaceAsync(s, 100)),
        new("Of several writers that create one empty object one wins", Rules.Create, static s => RaceAsync(s, 0)),
        new("Of several writers that create one larger object one wins", Rules.Create, static s => RaceAsync(s, 200_000)),
        new("Of two creations that are published at once one wins", Rules.Create, static async s =>
        {
            RequireAtomic(s, 1_000);
            for (int round = 0; round < 20; round++)
            {
                string name = $"race/{round}";
                Pipe[] pipes = [new(), new()];
                Task<bool>[] writers = [.. pipes.Select((pipe, number) => CreateAsync(s, () => s.WriteAsync(name, pipe.Reader, WriteOptions.CreateNew, s.CancellationToken)))];
                foreach (Pipe pipe in pipes)
                {
                    await pipe.Writer.WriteAsync(StorageScratch.Bytes(10)).ConfigureAwait(false);
                }

                Parallel.ForEach(pipes, static pipe => pipe.Writer.Complete());
                bool[] won = await Task.WhenAll(writers).ConfigureAwait(false);
                s.Expect(won.Count(static w => w) == 1, "one of the two creations to succeed", $"{won.Count(static w => w)} did, in round {round}");
            }
        }),
        new("A creation beside replacements is one of them or fails", Rules.Create, static async s =>
        {
            RequireAtomic(s, 1_000);
            for (int round = 0; round < RaceRounds; round++)
            {
                string name = $"race/{round}";
                Task<bool> creating = CreateAsync(s, () => s.PutAsync(name, "created"));
                Task<StorageEntry> replacing = s.PutAsync(name, "replaced", WriteOptions.Replace);
                bool won = await creating.ConfigureAwait(false);
                await replacing.ConfigureAwait(false);

                // The replacement always succeeds. A creation that came first was replaced, and one that came later failed.
                string seen = await s.GetTextAsync(name).ConfigureAwait(false);
                s.Expect(seen == "replaced", "\"replaced\": a creation fails where the key is taken", $"\"{seen}\", and the creation {(won ? "succeeded" : "failed")}");
            }
        }),
    ];

    private static async Task RaceAsync(StorageScratch s, int length)
    {
        RequireAtomic(s, length);
        for (int round = 0; round < RaceRounds; round++)
        {
            string name = $"race/{round}/claim";
            int writers = s.Concurrency;
            using var start = new SemaphoreSlim(0);
            Task<bool>[] writing = [.. Enumerable.Range(0, writers).Select(number => CreateAsync(s, async () =>
            {
                await start.WaitAsync(s.CancellationToken).ConfigureAwait(false);
                await s.PutAsync(name, StorageScratch.Bytes(length, number + 1)).ConfigureAwait(false);
            }))];
            start.Release(writers);
            bool[] won = await Task.WhenAll(writing).ConfigureAwait(false);
            s.Expect(won.Count(static w => w) == 1, $"one of {writers} writers to create '{name}'", $"{won.Count(static w => w)} were told that they did");
            await s.ExpectContentAsync(name, StorageScratch.Bytes(length, Array.IndexOf(won, true) + 1)).ConfigureAwait(false);
        }
    }

    private static Task<bool> CreateAsync(StorageScratch s, Func<Task> create) => Task.Run(async () =>
    {
        try
        {
            await create().ConfigureAwait(false);
            return true;
        }
        catch (StorageException failure) when (failure.Kind == StorageErrorKind.AlreadyExists)
        {
            return false;
        }
    }, s.CancellationToken);

    private static void RequireAtomic(StorageScratch s, long length) =>
        StorageScratch.Require(s.Storage.Capabilities.AtomicCreateLimit >= Math.Max(length, 1), $"AtomicCreateLimit is {s.Storage.Capabilities.AtomicCreateLimit}");
}
