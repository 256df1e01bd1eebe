using System.Globalization;
using Freezer.Dataflow;
using Freezer.Formats.StreamingAead;
using Freezer.Storage;

namespace Freezer.Keys;

public sealed partial class KeyRing
{
    /// <summary>Where the data keys are, each wrapped with the repository's key.</summary>
    internal static StoragePrefix DataKeyPrefix { get; } = StoragePrefix.Parse("data-keys");

    /// <summary>Gives the chains that begin from now on a data key of their own. Older chains keep theirs and open as before.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The identity of the new data key.</returns>
    /// <exception cref="StorageException">The storage failed.</exception>
    /// <remarks>Where the newest data key is damaged no chain can begin with it: a rotation helps.</remarks>
    public async Task<Guid> RotateAsync(CancellationToken cancellationToken = default)
    {
        List<Guid> ids = await ListDataKeysAsync(_storage, cancellationToken).ConfigureAwait(false);
        return (await CreateDataKeyAsync(ids.Count == 0 ? null : ids[^1], cancellationToken).ConfigureAwait(false)).Id;
    }

    /// <summary>The data key of a backup: a chain keeps the one that it began with, and a new one takes the newest. None where the repository is not encrypted.</summary>
    /// <param name="storage">Where the backup goes.</param>
    /// <param name="keys">The keys that were given.</param>
    /// <param name="ofChain">The data key of the chain, where there is one.</param>
    /// <param name="cancellationToken">Cancels the choice.</param>
    /// <exception cref="BackupKeyException">The repository is encrypted and no key was given, or that of another one; or its newest data key is damaged.</exception>
    internal static async Task<DataKey?> ChooseDataKeyAsync(IStorage storage, KeyRing? keys, DataKey? ofChain, CancellationToken cancellationToken)
    {
        if (keys is null)
        {
            return !await IsEncryptedAsync(storage, cancellationToken).ConfigureAwait(false) ? null
                : throw new BackupKeyException("This repository is encrypted, and no key was given: the backup would be stored for everybody to read.");
        }

        DataKey dataKey = ofChain ?? await keys.GetCurrentDataKeyAsync(cancellationToken).ConfigureAwait(false);
        await CheckPlaceAsync(storage, dataKey, cancellationToken).ConfigureAwait(false);
        return dataKey;
    }

    /// <summary>The data key that a new chain takes: the newest.</summary>
    /// <exception cref="BackupKeyException">It is damaged.</exception>
    internal async Task<DataKey> GetCurrentDataKeyAsync(CancellationToken cancellationToken) =>
        await FindNewestDataKeyAsync(cancellationToken).ConfigureAwait(false) ?? await CreateDataKeyAsync(null, cancellationToken).ConfigureAwait(false);

    /// <summary>Finds a data key, also one that somebody else has made meanwhile; <see langword="null"/> where the repository has none of this identity.</summary>
    /// <exception cref="InvalidDataException">It was altered.</exception>
    internal async Task<DataKey?> FindDataKeyAsync(Guid id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_dataKeys.TryGetValue(id, out DataKey? known))
            {
                return known;
            }
        }

        return await OpenDataKeyAsync(_storage, id, cancellationToken).ConfigureAwait(false) is { } opened ? Keep(opened) : null;
    }

    /// <summary>Says what is wrong with a stored data key, or <see langword="null"/>. Without keys only whether it is there.</summary>
    internal static async Task<DataKeyProblem?> FindProblemAsync(IStorage storage, KeyRing? keys, Guid id, CancellationToken cancellationToken)
    {
        if (await storage.FindAsync(DataKeyObject(id), cancellationToken).ConfigureAwait(false) is null)
        {
            return new DataKeyProblem(IsMissing: true, "The key of these backups is missing.");
        }

        try
        {
            using DataKey? opened = keys is null ? null : await keys.OpenDataKeyAsync(storage, id, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is StorageException failure && LeafDigests.IsOfObject(failure)))
        {
            return new DataKeyProblem(IsMissing: false, exception.Message);
        }
    }

    /// <summary>Reads a data key and opens it; <see langword="null"/> where there is none of this identity.</summary>
    /// <exception cref="InvalidDataException">It was altered.</exception>
    private async Task<DataKey?> OpenDataKeyAsync(IStorage storage, Guid id, CancellationToken cancellationToken)
    {
        StorageKey key = DataKeyObject(id);
        byte[] wrapped;
        try
        {
            wrapped = await storage.ReadBytesAsync(key, ReadOptions.Whole, KeySlotDocument.LongestDocument, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }

        var secret = new SecretKey();
        try
        {
            AeadStream.Open(_repositoryKey.Span, AssociatedData.Of(id, SealedRole.DataKey), wrapped, secret.Span);
            return new DataKey(id, secret);
        }
        catch (InvalidDataException exception)
        {
            secret.Dispose();
            throw new InvalidDataException($"{key} was altered, or is of another repository: {exception.Message}", exception);
        }
    }

    /// <summary>Makes sure that a data key is kept in the storage that it is about to be used for.</summary>
    /// <exception cref="BackupKeyException">It is not: this ring was opened on another repository, and nobody could open there what is written here.</exception>
    private static async Task CheckPlaceAsync(IStorage storage, DataKey key, CancellationToken cancellationToken)
    {
        if (await storage.FindAsync(DataKeyObject(key.Id), cancellationToken).ConfigureAwait(false) is null)
        {
            throw new BackupKeyException($"The keys that were given are those of another repository: {DataKeyObject(key.Id)} is not in this one. Open them with the storage that the backup goes to.");
        }
    }

    /// <summary>Where a data key is stored.</summary>
    internal static StorageKey DataKeyObject(Guid id) => StorageKey.Parse($"{DataKeyPrefix}/{id:N}");

    /// <summary>The identities of all data keys, the newest last. What has no name that a data key can have is none.</summary>
    internal static async Task<List<Guid>> ListDataKeysAsync(IStorage storage, CancellationToken cancellationToken)
    {
        List<Guid> ids = [];
        await foreach (StorageEntry entry in storage.ListAsync(DataKeyPrefix, cancellationToken).ConfigureAwait(false))
        {
            if (Guid.TryParseExact(entry.Key.Value[(DataKeyPrefix.Value.Length + 1)..], "N", out Guid id)
                && entry.Key == DataKeyObject(id) && id.Version == 7 && MillisecondsOf(id) < DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            {
                ids.Add(id);
            }
        }

        ids.Sort(static (a, b) => string.CompareOrdinal(a.ToString("N", CultureInfo.InvariantCulture), b.ToString("N", CultureInfo.InvariantCulture)));
        return ids;
    }

    private async Task<DataKey?> FindNewestDataKeyAsync(CancellationToken cancellationToken)
    {
        List<Guid> ids = await ListDataKeysAsync(_storage, cancellationToken).ConfigureAwait(false);
        try
        {
            return ids.Count == 0 ? null : await FindDataKeyAsync(ids[^1], cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidDataException exception)
        {
            throw new BackupKeyException($"The newest data key of this repository cannot be used: {exception.Message} Rotate the keys, so that new chains get another one.", exception);
        }
    }

    /// <summary>Makes sure that the repository key opens a data key, where there is one. A data key that is damaged stands in the way of what it encrypts and of nothing else.</summary>
    /// <exception cref="BackupKeyException">It opens none, and so is another repository's.</exception>
    private async Task CheckRepositoryKeyAsync(CancellationToken cancellationToken)
    {
        Exception? damage = null;
        foreach (Guid id in Enumerable.Reverse(await ListDataKeysAsync(_storage, cancellationToken).ConfigureAwait(false)))
        {
            try
            {
                if (await FindDataKeyAsync(id, cancellationToken).ConfigureAwait(false) is not null)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is InvalidDataException || (exception is StorageException failure && LeafDigests.IsOfObject(failure)))
            {
                damage ??= exception;
            }
        }

        if (damage is not null)
        {
            throw new BackupKeyException($"None of the data keys of this repository can be used: {damage.Message}", damage);
        }
    }

    /// <summary>Makes a data key that is newer than another one, also where a clock was put back.</summary>
    private async Task<DataKey> CreateDataKeyAsync(Guid? newest, CancellationToken cancellationToken)
    {
        DateTimeOffset time = _timeProvider.GetUtcNow();
        if (newest is { } newestId && DateTimeOffset.FromUnixTimeMilliseconds(MillisecondsOf(newestId)) is var last && last >= time)
        {
            time = last;
        }

        // The time in an identity of version 7 counts milliseconds.
        var id = Guid.CreateVersion7(time.AddMilliseconds(1));
        var secret = SecretKey.CreateRandom();
        try
        {
            byte[] wrapped = AeadStream.Seal(_repositoryKey.Span, AssociatedData.Of(id, SealedRole.DataKey), secret.Span);
            await _storage.WriteBytesAsync(DataKeyObject(id), wrapped, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            secret.Dispose();
            throw;
        }

        return Keep(new DataKey(id, secret));
    }

    /// <summary>When a data key was made, in milliseconds since 1970.</summary>
    private static long MillisecondsOf(Guid id) =>
        long.Parse(id.ToString("N", CultureInfo.InvariantCulture)[..12], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>Keeps a key until the ring is disposed. Where two threads were after the same one, both get the first.</summary>
    private DataKey Keep(DataKey key)
    {
        lock (_lock)
        {
            if (!_isDisposed && _dataKeys.TryAdd(key.Id, key))
            {
                return key;
            }

            key.Dispose();
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _dataKeys[key.Id];
        }
    }
}

/// <summary>What is wrong with a stored data key.</summary>
/// <param name="IsMissing">Whether there is none.</param>
/// <param name="Reason">What it is, for people.</param>
internal sealed record DataKeyProblem(bool IsMissing, string Reason);
