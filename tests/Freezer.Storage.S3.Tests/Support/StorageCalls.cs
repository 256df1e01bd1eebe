using System.IO.Pipelines;

namespace Freezer.Storage.S3.Tests.Support;

/// <summary>The verbs with bytes in and bytes out.</summary>
internal static class StorageCalls
{
    internal static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static Task<StorageEntry> PutAsync(
        this IStorage storage, string key, byte[] content, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        storage.WriteAsync(StorageKey.Parse(key), PipeReader.Create(new(content)), options ?? WriteOptions.CreateNew, cancellationToken);

    internal static async Task<byte[]> GetAsync(this IStorage storage, string key, ReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var content = new MemoryStream();
        await storage.ReadAsync(StorageKey.Parse(key), content, options ?? ReadOptions.Whole, cancellationToken);
        return content.ToArray();
    }

    internal static async Task<List<string>> KeysAsync(this IStorage storage, string prefix = "")
    {
        List<string> keys = [];
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(prefix)))
        {
            keys.Add(entry.Key.Value);
        }

        return keys;
    }
}
