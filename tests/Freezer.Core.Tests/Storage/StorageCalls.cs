using System.IO.Pipelines;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Storage;

/// <summary>The verbs of a storage as tests want them: bytes in, bytes out, over pipes.</summary>
internal static class StorageCalls
{
    internal static StorageKey Key(string value) => StorageKey.Parse(value);

    /// <summary>What a file storage in this directory has begun and not published.</summary>
    internal static string[] Temporaries(this ScratchDirectory scratch) =>
        [.. scratch.Everything().Where(path => FileStorageNames.IsTemporary(Path.GetFileName(path)))];

    internal static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static async Task<StorageEntry> PutAsync(
        this IStorage storage, string key, byte[] content, WriteOptions? options = null, PipeOptions? pipeOptions = null)
    {
        Pipe pipe = new(pipeOptions ?? PipeOptions.Default);
        Task producing = ProduceAsync(pipe.Writer, content);
        try
        {
            return await storage.WriteAsync(Key(key), pipe.Reader, options ?? WriteOptions.CreateNew);
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await producing;
        }
    }

    internal static Task<StorageEntry> PutAsync(this IStorage storage, string key, string content, WriteOptions? options = null) =>
        storage.PutAsync(key, System.Text.Encoding.UTF8.GetBytes(content), options);

    internal static async Task<byte[]> GetAsync(
        this IStorage storage, string key, ReadOptions? options = null, PipeOptions? pipeOptions = null)
    {
        Pipe pipe = new(pipeOptions ?? PipeOptions.Default);
        Task<byte[]> consuming = ConsumeAsync(pipe.Reader);
        try
        {
            await storage.ReadAsync(Key(key), pipe.Writer, options ?? ReadOptions.Whole);
        }
        finally
        {
            await pipe.Writer.CompleteAsync();
        }

        return await consuming;
    }

    internal static async Task<string> GetTextAsync(this IStorage storage, string key) =>
        System.Text.Encoding.UTF8.GetString(await storage.GetAsync(key));

    internal static async Task<List<string>> KeysAsync(this IStorage storage, string prefix = "")
    {
        List<string> keys = [];
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(prefix)))
        {
            keys.Add(entry.Key.Value);
        }

        return keys;
    }

    internal static async Task<byte[]> ConsumeAsync(PipeReader reader)
    {
        using MemoryStream received = new();
        await reader.CopyToAsync(received);
        await reader.CompleteAsync();
        return received.ToArray();
    }

    private static async Task ProduceAsync(PipeWriter writer, byte[] content)
    {
        FlushResult flushed = default;
        for (int offset = 0; offset < content.Length && !flushed.IsCompleted; offset += 100_000)
        {
            flushed = await writer.WriteAsync(content.AsMemory(offset, Math.Min(100_000, content.Length - offset)));
        }

        await writer.CompleteAsync();
    }
}
