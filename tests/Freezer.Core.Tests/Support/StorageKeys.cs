using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>What a storage holds, by name, and what can be done to it behind the library's back.</summary>
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

    internal static Task<byte[]> GetAsync(this IStorage storage, string key) =>
        storage.ReadBytesAsync(StorageKey.Parse(key), ReadOptions.Whole, int.MaxValue, CancellationToken.None);

    internal static async Task PutAsync(this IStorage storage, string key, byte[] content) =>
        await storage.WriteBytesAsync(StorageKey.Parse(key), content, WriteMode.Replace, CancellationToken.None);

    internal static async Task SwapAsync(this IStorage storage, string left, string right)
    {
        byte[] content = await storage.GetAsync(left);
        await storage.PutAsync(left, await storage.GetAsync(right));
        await storage.PutAsync(right, content);
    }
}
