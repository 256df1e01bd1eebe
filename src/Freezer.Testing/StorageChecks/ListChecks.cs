using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class ListChecks
{
    internal static IEnumerable<StorageCheck> All =>
    [
        new("A listing is ordered by the bytes of the keys", Rules.Order, static async s =>
        {
            StorageScratch.Require(s.Storage.Capabilities.ListsInOrder, "ListsInOrder is false");
            string[] names = ["a-b", "a.b/c", "a/b", "a/b-c", "a/c/d", "a0", "b/Z", "b/a", "b/\u00e9", "b/\uFB01", "b/\U0001F642", "c"];
            foreach (string name in names.Reverse())
            {
                await s.PutAsync(name, name).ConfigureAwait(false);
            }

            List<string> seen = await s.NamesAsync().ConfigureAwait(false);
            s.Expect(seen.SequenceEqual(names), StorageScratch.Join(names), StorageScratch.Join(seen));
        }),
        new("A listing shows each object once", Rules.List, static async s =>
        {
            string[] names = ["a", "b/a", "b/b", "c/d/e", "c/d/f", "c/g"];
            foreach (string name in names)
            {
                await s.PutAsync(name, name).ConfigureAwait(false);
            }

            await s.ExpectListedAsync("", names).ConfigureAwait(false);
        }),
        new("A prefix means whole segments", Rules.Prefix, static async s =>
        {
            foreach (string name in (string[])["a/x", "a/y/z", "ab/x", "a-/x", "b"])
            {
                await s.PutAsync(name, name).ConfigureAwait(false);
            }

            await s.ExpectListedAsync("a", "a/x", "a/y/z").ConfigureAwait(false);
            await s.ExpectListedAsync("a/y", "a/y/z").ConfigureAwait(false);
            await s.ExpectListedAsync("ab", "ab/x").ConfigureAwait(false);
        }),
        new("A prefix with wildcards in it means what it says", Rules.Prefix, static async s =>
        {
            foreach (string name in (string[])["a_/x", "ab/x", "a%/x", "a*/x"])
            {
                await s.PutAsync(name, name).ConfigureAwait(false);
            }

            await s.ExpectListedAsync("a_", "a_/x").ConfigureAwait(false);
            await s.ExpectListedAsync("a%", "a%/x").ConfigureAwait(false);
            await s.ExpectListedAsync("a*", "a*/x").ConfigureAwait(false);
        }),
        new("A prefix means its case", Rules.Prefix, static async s =>
        {
            await s.PutAsync("Case/a", "1").ConfigureAwait(false);
            await s.ExpectListedAsync("case").ConfigureAwait(false);
            await s.ExpectListedAsync("Case", "Case/a").ConfigureAwait(false);
        }),
        new("An unknown prefix lists empty", Rules.Prefix, static async s =>
        {
            await s.ExpectListedAsync("x/y").ConfigureAwait(false);
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.ExpectListedAsync("x").ConfigureAwait(false);
            await s.ExpectListedAsync("a/c").ConfigureAwait(false);
        }),
        new("An object is not below itself", Rules.Prefix, static async s =>
        {
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.ExpectListedAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("a/b/c").ConfigureAwait(false);
        }),
        new("The root lists what any prefix lists", Rules.Prefix, static async s =>
        {
            await s.PutAsync("a", "1").ConfigureAwait(false);
            await s.PutAsync("b/c", "2").ConfigureAwait(false);
            List<string> seen = [];
            await foreach (StorageEntry entry in s.Storage.ListAsync(StoragePrefix.Root, s.CancellationToken).ConfigureAwait(false))
            {
                // A bucket that is shared holds what others wrote as well.
                if (entry.Key.IsBelow(s.Below("")))
                {
                    seen.Add(s.NameOf(entry.Key));
                }
            }

            s.Expect(seen.Order(StringComparer.Ordinal).SequenceEqual(["a", "b/c"]), "a, b/c", StorageScratch.Join(seen));
        }),
        new("A listing tells what finding tells", Rules.List, static async s =>
        {
            await s.PutAsync("a/1", StorageScratch.Bytes(10)).ConfigureAwait(false);
            await s.PutAsync("a/2", StorageScratch.Bytes(20)).ConfigureAwait(false);
            await s.PutAsync("a/3", []).ConfigureAwait(false);
            foreach (StorageEntry entry in await s.ListAsync("a").ConfigureAwait(false))
            {
                StorageEntry? found = await s.Storage.FindAsync(entry.Key, s.CancellationToken).ConfigureAwait(false);
                s.Expect(found == entry, $"what FindAsync tells, {found}", $"{entry}");
            }
        }),
        new("A listing shows what replaced an object", Rules.Acknowledged, static async s =>
        {
            await s.PutAsync("a/b", "old").ConfigureAwait(false);
            await s.ListAsync("a").ConfigureAwait(false);
            StorageEntry written = await s.PutAsync("a/b", "new and longer", WriteOptions.Replace).ConfigureAwait(false);
            List<StorageEntry> seen = await s.ListAsync("a").ConfigureAwait(false);
            s.Expect(seen.Count == 1 && seen[0] == written, $"{written}", string.Join(", ", seen));
        }),
        new("A listing does not show what was deleted", Rules.Acknowledged, static async s =>
        {
            await s.PutAsync("a/b", "content").ConfigureAwait(false);
            await s.PutAsync("a/c", "content").ConfigureAwait(false);
            await s.ExpectListedAsync("a", "a/b", "a/c").ConfigureAwait(false);
            await s.DeleteAsync("a/b").ConfigureAwait(false);
            await s.ExpectListedAsync("a", "a/c").ConfigureAwait(false);
        }),
        new("A long listing shows every object once", Rules.List, static async s =>
        {
            string[] names = [.. Enumerable.Range(0, s.Options.ManyObjects).Select(static number => $"many/{number:d6}")];
            await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = s.Concurrency, CancellationToken = s.CancellationToken },
                async (name, _) => await s.PutAsync(name, []).ConfigureAwait(false)).ConfigureAwait(false);
            List<string> seen = await s.NamesAsync("many").ConfigureAwait(false);
            s.Expect(!s.Storage.Capabilities.ListsInOrder || seen.SequenceEqual(names), $"all {names.Length} objects in order", $"{seen.Count} entries, {seen.Distinct().Count()} of them different");
            seen.Sort(StringComparer.Ordinal);
            s.Expect(seen.SequenceEqual(names), $"all {names.Length} objects once", $"{seen.Count} entries, {seen.Distinct().Count()} of them different");
            await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = s.Concurrency, CancellationToken = s.CancellationToken },
                async (name, _) => await s.DeleteAsync(name).ConfigureAwait(false)).ConfigureAwait(false);
        }),
        new("A listing can be enumerated twice", Rules.List, static async s =>
        {
            await s.PutAsync("a", "1").ConfigureAwait(false);
            await s.PutAsync("b", "2").ConfigureAwait(false);
            IAsyncEnumerable<StorageEntry> listing = s.Storage.ListAsync(s.Below(""), s.CancellationToken);
            int first = await CountAsync(listing).ConfigureAwait(false);
            int second = await CountAsync(listing).ConfigureAwait(false);
            s.Expect(first == 2 && second == 2, "2 entries each time", $"{first}, then {second}");
        }),
        new("A listing that is left early harms nothing", Rules.List, static async s =>
        {
            await s.PutAsync("a", "1").ConfigureAwait(false);
            await s.PutAsync("b", "2").ConfigureAwait(false);
            for (int i = 0; i < 20; i++)
            {
                await foreach (StorageEntry entry in s.Storage.ListAsync(s.Below(""), s.CancellationToken).ConfigureAwait(false))
                {
                    s.Expect(entry.Key.IsBelow(s.Below("")), "an object below the prefix", $"{entry}");
                    break;
                }
            }

            await s.ExpectListedAsync("", "a", "b").ConfigureAwait(false);
            await s.DeleteAsync("a").ConfigureAwait(false);
            await s.ExpectListedAsync("", "b").ConfigureAwait(false);
        }),
        new("A listing shows every object that stays while others come and go", Rules.ListMoving, static async s =>
        {
            const int Number = 40;
            for (int i = 0; i < Number; i++)
            {
                await s.PutAsync($"d{i % 7}/{i:d2}/stays", "content").ConfigureAwait(false);
                await s.PutAsync($"d{i % 7}/{i:d2}/goes", "content").ConfigureAwait(false);
            }

            List<string> seen = [];
            int step = 0;
            await foreach (StorageEntry entry in s.Storage.ListAsync(s.Below(""), s.CancellationToken).ConfigureAwait(false))
            {
                seen.Add(s.NameOf(entry.Key));
                if (step < Number)
                {
                    await s.DeleteAsync($"d{step % 7}/{step:d2}/goes").ConfigureAwait(false);
                    await s.PutAsync($"d{step % 7}/{step:d2}/stays", "other", WriteOptions.Replace).ConfigureAwait(false);
                    await s.PutAsync($"e/{step}/comes", "content").ConfigureAwait(false);
                    step++;
                }
            }

            s.Expect(seen.Count(static name => name.EndsWith("/stays", StringComparison.Ordinal)) == Number, $"all {Number} objects that stay", StorageScratch.Join(seen));
            s.Expect(seen.Distinct().Count() == seen.Count, "each object once", StorageScratch.Join(seen));
        }),
        new("Listings go on side by side", Rules.Concurrency, static async s =>
        {
            for (int i = 0; i < 10; i++)
            {
                await s.PutAsync($"{i % 2}/{i}", "content").ConfigureAwait(false);
            }

            List<string> inner = [];
            await foreach (StorageEntry outer in s.Storage.ListAsync(s.Below("0"), s.CancellationToken).ConfigureAwait(false))
            {
                s.Expect(outer.Key.IsBelow(s.Below("0")), "the outer listing to show its own prefix", outer.Key.Value);
                inner.AddRange(await s.NamesAsync("1").ConfigureAwait(false));
            }

            s.Expect(inner.Count == 25 && inner.TrueForAll(static name => name.StartsWith("1/", StringComparison.Ordinal)), "5 objects, 5 times", StorageScratch.Join(inner));
        }),
    ];

    private static async Task<int> CountAsync(IAsyncEnumerable<StorageEntry> listing)
    {
        int count = 0;
        await foreach (StorageEntry _ in listing.ConfigureAwait(false))
        {
            count++;
        }

        return count;
    }
}
