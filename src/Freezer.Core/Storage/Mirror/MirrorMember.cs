namespace Freezer.Storage;

/// <summary>One of the storages of a mirror.</summary>
/// <param name="Name">What messages call it; no two have the same name.</param>
/// <param name="Storage">The storage, which the mirror takes over.</param>
public sealed record MirrorMember(string Name, IStorage Storage)
{
    /// <summary>Opens a storage for a mirror. One that cannot be opened is out, as one is that fails later, and <see cref="MirrorStorage.Lagging"/> says why.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="open">Opens it. A <see cref="StorageException"/> from it is what the mirror hears of the storage from then on; anything else is thrown.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <typeparam name="TStorage">What it is.</typeparam>
    public static async Task<MirrorMember> OpenAsync<TStorage>(string name, Func<CancellationToken, Task<TStorage>> open, CancellationToken cancellationToken = default)
        where TStorage : IStorage
    {
        ArgumentNullException.ThrowIfNull(open);
        try
        {
            return new MirrorMember(name, await open(cancellationToken).ConfigureAwait(false));
        }
        catch (StorageException failure)
        {
            return new MirrorMember(name, new UnopenedStorage(failure));
        }
    }
}
