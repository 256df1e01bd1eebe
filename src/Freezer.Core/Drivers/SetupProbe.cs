using System.Security.Cryptography;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Storage;

namespace Freezer.Drivers;

/// <summary>Tries on a storage, with an object that is gone afterwards, what a backup will ask of it.</summary>
internal sealed class SetupProbe(IStorage storage)
{
    private const int Length = 4096;

    private readonly StorageKey _key = StorageKey.Parse($"{BackupCatalog.ProbeRoot}/{Guid.NewGuid():N}");

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        CheckCapabilities(storage.Capabilities);
        try
        {
            await TryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await RemoveAfterFailureAsync().ConfigureAwait(false);
            throw;
        }

        await storage.DeleteAsync(_key, CancellationToken.None).ConfigureAwait(false);
        if (await storage.FindAsync(_key, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw Wrong("It was deleted, and is still there.");
        }
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        byte[] content = RandomNumberGenerator.GetBytes(Length);
        try
        {
            await storage.WriteBytesAsync(_key, content, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
            await CheckRefusesToReplaceAsync(cancellationToken).ConfigureAwait(false);
            await CheckListsAsync(cancellationToken).ConfigureAwait(false);
            byte[] read = await storage.ReadBytesAsync(_key, ReadOptions.Whole, Length, cancellationToken).ConfigureAwait(false);
            if (!read.AsSpan().SequenceEqual(content))
            {
                throw Wrong($"{Length} bytes were written to it, and {read.Length} others came back.");
            }
        }
        catch (InvalidDataException exception)
        {
            throw Wrong(exception.Message);
        }
    }

    private async Task RemoveAfterFailureAsync()
    {
        try
        {
            await storage.DeleteAsync(_key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StorageException)
        {
            // What failed first is what is told: a storage that cannot be reached cannot delete either.
            return;
        }
    }

    private static void CheckCapabilities(StorageCapabilities capabilities)
    {
        if (capabilities.LeastConcurrency < StorageCapabilities.OperationsOfABackup)
        {
            throw new BackupUnsupportedException(
                $"The storage serves {capabilities.LeastConcurrency} operations at the same time, and a backup holds {StorageCapabilities.OperationsOfABackup} open.");
        }

        if (capabilities.AtomicCreateLimit < CommittedBackup.LongestDocument)
        {
            throw new BackupUnsupportedException(
                $"The storage creates objects of up to {capabilities.AtomicCreateLimit} bytes exactly once, and the commit of a backup may have {CommittedBackup.LongestDocument}.");
        }
    }

    private async Task CheckRefusesToReplaceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await storage.WriteBytesAsync(_key, new byte[1], WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.AlreadyExists)
        {
            return;
        }

        throw Wrong("It was created a second time, although it was there: backups could overwrite each other.");
    }

    private async Task CheckListsAsync(CancellationToken cancellationToken)
    {
        bool isListed = false;
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(BackupCatalog.ProbeRoot), cancellationToken).ConfigureAwait(false))
        {
            isListed |= entry.Key == _key;
        }

        if (!isListed)
        {
            throw Wrong("It is there, and is not listed.");
        }
    }

    private StorageException Wrong(string problem) => new(StorageErrorKind.Corrupt, _key.Value, problem);
}
