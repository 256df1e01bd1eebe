using System.Globalization;
using System.Runtime.ExceptionServices;
using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Keys;

/// <summary>The keys of an encrypted repository, opened: give it to engines (<see cref="BackupEngineOptions.Keys"/>) and to catalogs.</summary>
/// <remarks>
/// <para>A repository has one random key of its own. Each slot (an object <c>keys/N</c>) holds it, wrapped by one <see cref="IKeyProvider"/>, so that
/// adding, changing or removing a provider's key writes one small object. What backups are encrypted with are data keys, wrapped by the repository's
/// key (objects <c>data-keys/ID</c>): a chain keeps the one that it began with, and new chains take the newest.</para>
/// <para>Whoever has opened a repository once may have kept its key: removing a slot shuts out those who have not, and so does not make what was
/// stored a secret again. Safe to use from any thread, and by any number of engines and catalogs. Disposing it clears all keys; the storage and the
/// providers stay the caller's.</para>
/// </remarks>
public sealed partial class KeyRing : IDisposable
{
    private const int FirstSlot = 1;

    private readonly IStorage _storage;
    private readonly SecretKey _repositoryKey;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, DataKey> _dataKeys = [];
    private bool _isDisposed;

    private KeyRing(IStorage storage, int slot, SecretKey repositoryKey, TimeProvider timeProvider)
    {
        _storage = storage;
        Slot = slot.ToString(CultureInfo.InvariantCulture);
        _repositoryKey = repositoryKey;
        _timeProvider = timeProvider;
    }

    /// <summary>The name of the slot that the repository was opened with.</summary>
    public string Slot { get; }

    /// <summary>Opens the keys of a repository. Writes nothing.</summary>
    /// <param name="storage">The repository. Stays the caller's.</param>
    /// <param name="key">One of its keys. Not needed any more afterwards.</param>
    /// <param name="timeProvider">The clock for what is added; the system's by default.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="BackupKeyException">The repository has no keys, or this is none of them.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    public static async Task<KeyRing> OpenAsync(
        IStorage storage, IKeyProvider key, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(key);
        List<int> slots = await ListNumbersAsync(storage, cancellationToken).ConfigureAwait(false);
        return slots.Count > 0 ? await OpenAsync(storage, slots, key, timeProvider, cancellationToken).ConfigureAwait(false)
            : throw new BackupKeyException("This repository has no keys, so that nothing in it is encrypted. Leave the key out to read it.");
    }

    /// <summary>Opens the keys of a repository, or gives it its first one where it has none. Where two do so at the same time, one makes the
    /// key and the other opens it.</summary>
    /// <param name="storage">The repository. Stays the caller's.</param>
    /// <param name="key">One of its keys, or the first one. Not needed any more afterwards.</param>
    /// <param name="timeProvider">The clock for what is added; the system's by default.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="BackupKeyException">The repository has keys, and this is none of them; or its keys are gone.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    public static async Task<KeyRing> OpenOrCreateAsync(
        IStorage storage, IKeyProvider key, TimeProvider? timeProvider = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(key);
        while (true)
        {
            List<int> slots = await ListNumbersAsync(storage, cancellationToken).ConfigureAwait(false);
            if (slots.Count > 0)
            {
                return await OpenAsync(storage, slots, key, timeProvider, cancellationToken).ConfigureAwait(false);
            }

            if (await TryCreateAsync(storage, key, timeProvider, cancellationToken).ConfigureAwait(false) is { } ring)
            {
                return ring;
            }
        }
    }

    /// <summary>Clears all keys. What was opened with them cannot be used any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _repositoryKey.Dispose();
            foreach (DataKey key in _dataKeys.Values)
            {
                key.Dispose();
            }

            _dataKeys.Clear();
        }
    }

    /// <summary>Whether a repository has keys, so that a backup without one would be a mistake.</summary>
    internal static async Task<bool> IsEncryptedAsync(IStorage storage, CancellationToken cancellationToken) =>
        (await ListNumbersAsync(storage, cancellationToken).ConfigureAwait(false)).Count > 0;

    private static async Task<KeyRing> OpenAsync(
        IStorage storage, List<int> slots, IKeyProvider key, TimeProvider? timeProvider, CancellationToken cancellationToken)
    {
        var repositoryKey = new SecretKey();
        try
        {
            int slot = await FindSlotAsync(storage, slots, key, repositoryKey.Memory, cancellationToken).ConfigureAwait(false);
            var ring = new KeyRing(storage, slot, repositoryKey, timeProvider ?? TimeProvider.System);
            await ring.CheckRepositoryKeyAsync(cancellationToken).ConfigureAwait(false);
            return ring;
        }
        catch
        {
            repositoryKey.Dispose();
            throw;
        }
    }

    /// <summary>Makes the first slot and the first data key; <see langword="null"/> where somebody else was faster.</summary>
    private static async Task<KeyRing?> TryCreateAsync(
        IStorage storage, IKeyProvider key, TimeProvider? timeProvider, CancellationToken cancellationToken)
    {
        if ((await ListDataKeysAsync(storage, cancellationToken).ConfigureAwait(false)).Count > 0)
        {
            // Somebody else may have made both since the slots were looked for.
            if (await IsEncryptedAsync(storage, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            throw new BackupKeyException(
                $"This repository is encrypted, and all of its keys are gone: there is nothing below {KeySlotDocument.Prefix}/ any more. Put them back from a copy, or begin another repository.");
        }

        var ring = new KeyRing(storage, FirstSlot, SecretKey.CreateRandom(), timeProvider ?? TimeProvider.System);
        bool isMade = false;
        try
        {
            isMade = await ring.TryWriteSlotAsync(FirstSlot, key, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false) is not null
                && await ring.TryCreateFirstDataKeyAsync(cancellationToken).ConfigureAwait(false);
            return isMade ? ring : null;
        }
        finally
        {
            if (!isMade)
            {
                ring.Dispose();
            }
        }
    }

    /// <summary>Makes the first data key; false where there is one that another repository key has wrapped.</summary>
    private async Task<bool> TryCreateFirstDataKeyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await GetCurrentDataKeyAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (BackupKeyException)
        {
            // The repository got keys, and lost its first slot again, since it was looked at: the new slot would open nothing.
            await _storage.DeleteAsync(KeySlotDocument.KeyOf(FirstSlot), cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private static async Task<int> FindSlotAsync(
        IStorage storage, List<int> slots, IKeyProvider key, Memory<byte> repositoryKey, CancellationToken cancellationToken)
    {
        InvalidDataException? damage = null;
        StorageException? unread = null;
        int candidates = 0;
        foreach (int slot in slots)
        {
            try
            {
                if (await ReadSlotAsync(storage, slot, cancellationToken).ConfigureAwait(false) is not { } document || document.Kind != key.Kind)
                {
                    continue;
                }

                candidates++;
                var wrapped = new WrappedKey { Bytes = document.Wrapped, Parameters = document.Parameters };
                if (await key.TryUnwrapAsync(wrapped, repositoryKey, cancellationToken).ConfigureAwait(false))
                {
                    return slot;
                }
            }
            catch (InvalidDataException exception)
            {
                // Another slot may be the one.
                damage ??= new InvalidDataException($"{KeySlotDocument.KeyOf(slot)} cannot be used: {exception.Message}", exception);
            }
            catch (StorageException failure) when (LeafDigests.IsOfObject(failure))
            {
                unread ??= failure;
            }
        }

        if (unread is not null)
        {
            // It may have been the one: that this is none of the keys cannot be said.
            ExceptionDispatchInfo.Throw(unread);
        }

        string message = candidates == 0
            ? $"None of the keys of this repository is of the kind '{key.Kind}'."
            : $"This is none of the keys of this repository: {candidates} of the kind '{key.Kind}' {(candidates == 1 ? "was" : "were")} tried.";
        throw new BackupKeyException(damage is null ? message : $"{message} {damage.Message}", damage);
    }
}
