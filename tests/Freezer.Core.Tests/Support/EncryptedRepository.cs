using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>A repository in memory that is encrypted, and what can be done to its objects behind its back.</summary>
internal sealed class EncryptedRepository : IDisposable
{
    private EncryptedRepository(MemoryStorage storage, KeyRing keys)
    {
        Storage = storage;
        Keys = keys;
    }

    internal MemoryStorage Storage { get; }

    internal KeyRing Keys { get; }

    internal static async Task<EncryptedRepository> CreateAsync(TimeProvider? time = null)
    {
        var storage = new MemoryStorage(time);
        using var key = new RawKey(Enumerable.Repeat((byte)7, RawKey.Size).ToArray());
        return new EncryptedRepository(storage, await KeyRing.OpenOrCreateAsync(storage, key));
    }

    public void Dispose() => Keys.Dispose();

    internal Task<byte[]> GetAsync(string key) => Storage.GetAsync(key);

    internal Task PutAsync(string key, byte[] content) => Storage.PutAsync(key, content);

    internal Task SwapAsync(string left, string right) => Storage.SwapAsync(left, right);

    /// <summary>Names the objects in which any of these bytes can be read.</summary>
    internal async Task<List<string>> FindAsync(params byte[][] plain)
    {
        List<string> found = [];
        foreach (string key in await Storage.KeysAsync())
        {
            byte[] content = await GetAsync(key);
            if (plain.Any(bytes => content.AsSpan().IndexOf(bytes) >= 0))
            {
                found.Add(key);
            }
        }

        return found;
    }
}
