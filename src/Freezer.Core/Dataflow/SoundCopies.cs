using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Dataflow;

/// <summary>Reads what is verified from another copy where the one that was read is damaged.</summary>
/// <remarks>A storage that keeps several copies reads from one that it takes for sound; only whoever knows the digests sees that it is not.</remarks>
internal static class SoundCopies
{
    /// <summary>Reads and verifies, from the first copy that is sound.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="read">Reads from the storage, or from a copy, and throws an <see cref="InvalidDataException"/> where it is damaged.</param>
    /// <exception cref="InvalidDataException">All copies are damaged; it is what was said of the first one.</exception>
    internal static async Task<T> ReadSoundAsync<T>(this IStorage storage, Func<IStorage, Task<T>> read)
    {
        try
        {
            return await read(storage).ConfigureAwait(false);
        }
        catch (InvalidDataException) when (storage.GetFeature<IReplicatedStorage>() is { } replicated)
        {
            foreach (IStorage copy in replicated.Copies)
            {
                (bool isSound, T? value) = await TryAsync(async () => await read(copy).ConfigureAwait(false)).ConfigureAwait(false);
                if (isSound)
                {
                    return value!;
                }
            }

            throw;
        }
    }

    /// <summary>Delivers a verified stream, going on from another copy where one is damaged.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="content">Where the stream goes.</param>
    /// <param name="deliver">Delivers from the storage, or from a copy, leaving out so many bytes at the beginning. It delivers nothing that is not verified.</param>
    /// <exception cref="InvalidDataException">A part is damaged in all copies; it is what was said of the first one.</exception>
    internal static async Task DeliverSoundAsync(this IStorage storage, PipeWriter content, Func<IStorage, PipeWriter, long, Task> deliver)
    {
        var counted = new CountingPipeWriter(content);
        try
        {
            await deliver(storage, counted, 0).ConfigureAwait(false);
        }
        catch (InvalidDataException) when (storage.GetFeature<IReplicatedStorage>() is { } replicated)
        {
            // Each copy may be damaged elsewhere: as long as one of them gets further, all are asked again.
            long before = -1;
            while (counted.Written > before)
            {
                before = counted.Written;
                foreach (IStorage copy in replicated.Copies)
                {
                    (bool isSound, _) = await TryAsync(async () =>
                    {
                        await deliver(copy, counted, counted.Written).ConfigureAwait(false);
                        return true;
                    }).ConfigureAwait(false);
                    if (isSound)
                    {
                        return;
                    }
                }
            }

            throw;
        }
    }

    private static async Task<(bool IsSound, T? Value)> TryAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return (true, await read().ConfigureAwait(false));
        }
        catch (Exception exception) when (exception is InvalidDataException or StorageException)
        {
            return (false, default);
        }
    }
}
