using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>What a storage holds, by name.</summary>
internal static class StorageKeys
{
    internal static async Task<List<string>> KeysAsync(this IStorage storage, string prefix = "")
    {
        List<string> keys = [];
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(prefix)))
        {
            keys.Add(entry.Key.Value);
        }

        return keys;
    }

    /// <summary>Copies every object to another storage.</summary>
    internal static async Task CopyToAsync(this IStorage storage, IStorage other)
    {
        foreach (string key in await storage.KeysAsync())
        {
            await using Stream content = await storage.OpenReadAsync(StorageKey.Parse(key), ReadOptions.Whole);
            await other.WriteAsync(StorageKey.Parse(key), content, WriteOptions.CreateNew);
        }
    }
}
