using System.Globalization;
using System.Runtime.CompilerServices;
using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Keys;

public sealed partial class KeyRing
{
    /// <summary>Lists the keys that open a repository, by name. No key is needed for this.</summary>
    /// <param name="storage">The repository.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public static async IAsyncEnumerable<KeySlot> ListAsync(IStorage storage, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        foreach (int slot in await ListNumbersAsync(storage, cancellationToken).ConfigureAwait(false))
        {
            if (await DescribeAsync(storage, slot, cancellationToken).ConfigureAwait(false) is { } description)
            {
                yield return description;
            }
        }
    }

    /// <summary>Adds a key that opens the repository from now on. Writes one small object.</summary>
    /// <param name="key">The new key.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its slot.</returns>
    /// <exception cref="StorageException">The storage failed.</exception>
    public async Task<KeySlot> AddAsync(IKeyProvider key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        while (true)
        {
            List<int> slots = await ListNumbersAsync(_storage, cancellationToken).ConfigureAwait(false);
            int free = FirstSlot;
            while (slots.Contains(free))
            {
                free++;
            }

            if (await TryWriteSlotAsync(free, key, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false) is { } added)
            {
                return added;
            }
        }
    }

    /// <summary>Puts another key in the place of one that opens the repository. Writes one small object.</summary>
    /// <param name="slot">The <see cref="KeySlot.Name"/> of the key to change.</param>
    /// <param name="key">The new key.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Its slot.</returns>
    /// <exception cref="BackupKeyException">There is no such slot.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    public async Task<KeySlot> ChangeAsync(string slot, IKeyProvider key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        int number = Find(slot, await ListNumbersAsync(_storage, cancellationToken).ConfigureAwait(false));
        return (await TryWriteSlotAsync(number, key, WriteMode.Replace, cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Removes a key: it does not open the repository any more. The last one stays.</summary>
    /// <param name="slot">The <see cref="KeySlot.Name"/> of the key to remove.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="BackupKeyException">There is no such slot, or it is the last one; nothing has changed.</exception>
    /// <exception cref="StorageException">The storage failed.</exception>
    /// <remarks>Safe beside others that remove keys: where two meet at the last two keys, at least one stays.</remarks>
    public async Task RemoveAsync(string slot, CancellationToken cancellationToken = default)
    {
        List<int> slots = await ListNumbersAsync(_storage, cancellationToken).ConfigureAwait(false);
        int number = Find(slot, slots);
        if (await IsAnotherUsableAsync(number, cancellationToken).ConfigureAwait(false))
        {
            StorageKey key = KeySlotDocument.KeyOf(number);
            byte[] document = await _storage.ReadBytesAsync(key, ReadOptions.Whole, KeySlotDocument.LongestDocument, cancellationToken).ConfigureAwait(false);
            await _storage.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
            // Somebody else may have removed the others meanwhile. Without a key nothing could be read ever again, so this cannot be cancelled.
            bool isRemoved = false;
            try
            {
                isRemoved = await IsAnotherUsableAsync(number, CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                if (!isRemoved)
                {
                    await _storage.WriteBytesAsync(key, document, WriteMode.Replace, CancellationToken.None).ConfigureAwait(false);
                }
            }

            if (isRemoved)
            {
                return;
            }
        }

        throw new BackupKeyException($"The key {slot} is the last one that opens this repository, and stays: without it nothing could be read any more. Add another one first.");
    }

    /// <summary>Whether a slot beside this one can be used, as far as can be told without its key: what is damaged opens nothing.</summary>
    private async Task<bool> IsAnotherUsableAsync(int slot, CancellationToken cancellationToken)
    {
        foreach (int other in await ListNumbersAsync(_storage, cancellationToken).ConfigureAwait(false))
        {
            if (other != slot && await DescribeAsync(_storage, other, cancellationToken).ConfigureAwait(false) is { Problem: null })
            {
                return true;
            }
        }

        return false;
    }

    private static async Task<List<int>> ListNumbersAsync(IStorage storage, CancellationToken cancellationToken)
    {
        List<int> slots = [];
        await foreach (StorageEntry entry in storage.ListAsync(KeySlotDocument.Prefix, cancellationToken).ConfigureAwait(false))
        {
            if (KeySlotDocument.TryParseKey(entry.Key, out int slot))
            {
                slots.Add(slot);
            }
        }

        slots.Sort();
        return slots;
    }

    private static int Find(string slot, List<int> slots)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return KeySlotDocument.TryParseName(slot, out int number) && slots.Contains(number) ? number
            : throw new BackupKeyException($"This repository has no key {StoragePath.Printable(slot)}; there {(slots.Count == 1 ? "is" : "are")} {string.Join(", ", slots)}.");
    }

    /// <summary>Reads a slot; <see langword="null"/> where it was removed.</summary>
    private static async Task<KeySlotDocument?> ReadSlotAsync(IStorage storage, int slot, CancellationToken cancellationToken)
    {
        try
        {
            return KeySlotDocument.Parse(await storage.ReadBytesAsync(
                KeySlotDocument.KeyOf(slot), ReadOptions.Whole, KeySlotDocument.LongestDocument, cancellationToken).ConfigureAwait(false));
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
    }

    private static async Task<KeySlot?> DescribeAsync(IStorage storage, int slot, CancellationToken cancellationToken)
    {
        string name = slot.ToString(CultureInfo.InvariantCulture);
        try
        {
            return await ReadSlotAsync(storage, slot, cancellationToken).ConfigureAwait(false) is { } document ? Describe(name, document) : null;
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is StorageException failure && LeafDigests.IsOfObject(failure)))
        {
            return new KeySlot { Name = name, Problem = exception.Message };
        }
    }

    private static KeySlot Describe(string name, KeySlotDocument document) =>
        new() { Name = name, Kind = document.Kind, Created = DateTimeOffset.FromUnixTimeSeconds(document.Created) };

    /// <summary>Wraps the repository key for a provider; <see langword="null"/> where a new slot's place is taken.</summary>
    private async Task<KeySlot?> TryWriteSlotAsync(int slot, IKeyProvider key, WriteMode mode, CancellationToken cancellationToken)
    {
        WrappedKey wrapped = await key.WrapAsync(_repositoryKey.Memory, cancellationToken).ConfigureAwait(false);
        var document = new KeySlotDocument(
            KeySlotDocument.CurrentFormat, key.Kind, _timeProvider.GetUtcNow().ToUnixTimeSeconds(), new(wrapped.Parameters), wrapped.Bytes.ToArray());
        try
        {
            await _storage.WriteBytesAsync(KeySlotDocument.KeyOf(slot), document.ToBytes(), mode, cancellationToken).ConfigureAwait(false);
            return Describe(slot.ToString(CultureInfo.InvariantCulture), document);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.AlreadyExists)
        {
            return null;
        }
    }
}
