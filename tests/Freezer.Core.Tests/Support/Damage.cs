using System.Security.Cryptography;
using Freezer.Catalog;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>What happens to objects of a backup behind the library's back.</summary>
internal enum Damage
{
    None,
    Lost,
    Flipped,
    CutOff,
}

/// <summary>Damages objects.</summary>
internal static class DamagedObjects
{
    internal static string KeyOf(Backup backup, string role) => $"data/{BackupLocation.Of(backup).Folder}/{role}";

    /// <summary>Damages an object; where a bit is flipped, the random numbers say which one.</summary>
    internal static async Task DamageAsync(this IStorage storage, string key, Damage damage, Random random)
    {
        if (damage == Damage.Lost)
        {
            await storage.DeleteAsync(StorageKey.Parse(key));
        }
        else if (damage != Damage.None)
        {
            byte[] content = await storage.GetAsync(key);
            if (damage == Damage.CutOff)
            {
                content = content[..random.Next(content.Length)];
            }
            else
            {
                content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
            }

            await storage.PutAsync(key, content);
        }
    }

    /// <summary>The SHA-256 of every object, to be compared with what is there later.</summary>
    internal static async Task<Dictionary<string, string>> HashAllAsync(this IStorage storage)
    {
        Dictionary<string, string> objects = [];
        foreach (string key in await storage.KeysAsync())
        {
            objects.Add(key, Convert.ToHexString(SHA256.HashData(await storage.GetAsync(key))));
        }

        return objects;
    }
}
