using System.Text;

namespace Freezer.Storage;

/// <summary>What a mirror keeps in each of its storages, for itself: who the storage is, and which storages are known to hold everything.</summary>
internal static class MirrorLayout
{
    private const string CompleteRoot = "mirror/complete";
    private const int LongestIdentity = 64;

    /// <summary>Everything below is the mirror's own, and not shown.</summary>
    internal static StoragePrefix Reserved { get; } = StoragePrefix.Parse("mirror");

    /// <summary>Who this storage is: an id in 32 hexadecimal digits.</summary>
    private static readonly StorageKey _identity = StorageKey.Parse("mirror/storage");

    /// <summary>There while this storage is synchronised.</summary>
    private static readonly StorageKey _unfinished = StorageKey.Parse("mirror/synchronizing");

    /// <summary>Reads who a storage is; <see langword="null"/> where it does not know.</summary>
    internal static async Task<Guid?> FindIdentityAsync(IStorage storage, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        try
        {
            await storage.ReadAsync(_identity, content, new ReadOptions { Length = null }, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }

        string text = Encoding.ASCII.GetString(content.GetBuffer(), 0, (int)Math.Min(content.Length, LongestIdentity));
        return Guid.TryParseExact(text, "N", out Guid id) ? id
            : throw new StorageException(StorageErrorKind.Corrupt, _identity.Value, "it does not hold an id of 32 digits; delete it, and synchronise the mirror");
    }

    /// <summary>Makes sure that a storage knows who it is.</summary>
    internal static async Task<Guid> GiveIdentityAsync(IStorage storage, CancellationToken cancellationToken)
    {
        if (await FindIdentityAsync(storage, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return known;
        }

        var id = Guid.NewGuid();
        return await CreateAsync(storage, _identity, id.ToString("N"), cancellationToken).ConfigureAwait(false) ? id
            : await FindIdentityAsync(storage, cancellationToken).ConfigureAwait(false)
                ?? throw new StorageException(StorageErrorKind.Unknown, _identity.Value, "it was deleted while it was read");
    }

    /// <summary>The storages that this one takes for complete.</summary>
    internal static async Task<HashSet<Guid>> ListCompleteAsync(IStorage storage, CancellationToken cancellationToken)
    {
        HashSet<Guid> complete = [];
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(CompleteRoot), cancellationToken).ConfigureAwait(false))
        {
            if (Guid.TryParseExact(entry.Key.Value.AsSpan(CompleteRoot.Length + 1), "N", out Guid id))
            {
                complete.Add(id);
            }
        }

        return complete;
    }

    /// <summary>Whether a storage is being synchronised, or was when that was cut off.</summary>
    internal static async Task<bool> IsUnfinishedAsync(IStorage storage, CancellationToken cancellationToken) =>
        await storage.FindAsync(_unfinished, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Tells a storage that its synchronisation has begun: whatever marks it has, it is out until that has ended.</summary>
    internal static Task BeginSynchronizationAsync(IStorage storage, CancellationToken cancellationToken) =>
        CreateAsync(storage, _unfinished, "", cancellationToken);

    /// <summary>Tells a storage that its synchronisation has ended.</summary>
    internal static Task EndSynchronizationAsync(IStorage storage, CancellationToken cancellationToken) =>
        storage.DeleteAsync(_unfinished, cancellationToken);

    /// <summary>Tells a storage that another one, or itself, is complete.</summary>
    internal static Task MarkCompleteAsync(IStorage storage, Guid id, CancellationToken cancellationToken) =>
        CreateAsync(storage, Complete(id), "", cancellationToken);

    /// <summary>Tells a storage that another one, or itself, is not complete any more.</summary>
    internal static Task UnmarkCompleteAsync(IStorage storage, Guid id, CancellationToken cancellationToken) =>
        storage.DeleteAsync(Complete(id), cancellationToken);

    private static StorageKey Complete(Guid id) => StorageKey.Parse($"{CompleteRoot}/{id:N}");

    private static async Task<bool> CreateAsync(IStorage storage, StorageKey key, string content, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = new MemoryStream(Encoding.ASCII.GetBytes(content));
            await storage.WriteAsync(key, stream, WriteOptions.CreateNew, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.AlreadyExists)
        {
            return false;
        }
    }
}
