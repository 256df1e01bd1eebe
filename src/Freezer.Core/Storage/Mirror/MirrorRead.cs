using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>Looks up and reads an object of a mirror.</summary>
internal static class MirrorRead
{
    /// <summary>Asks all complete storages for an object, and shows what most of them have.</summary>
    /// <returns>What each storage has, by its place; <see langword="null"/> where the object is not there.</returns>
    internal static async Task<StorageEntry?[]?> FindAsync(MirrorView view, StorageKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (StorageEntry? Entry, Exception? Failure)[] answers = await Task.WhenAll(
            view.Complete.Select(seat => AskAsync(seat.Storage, key, cancellationToken))).ConfigureAwait(false);
        int answered = answers.Count(static answer => answer.Failure is null);
        if (answered < view.AnswersNeeded)
        {
            throw MirrorErrors.TooFewAnswers(
                key.Value,
                view.AnswersNeeded,
                view.Seats.Count,
                [.. view.Complete.Zip(answers).Where(static one => one.Second.Failure is not null).Select(static one => (one.First.Name, one.Second.Failure!))]);
        }

        if (!MirrorView.IsThere(answers.Count(static answer => answer.Entry is not null), answered))
        {
            return null;
        }

        var copies = new StorageEntry?[view.Seats.Count];
        for (int i = 0; i < answers.Length; i++)
        {
            copies[view.Complete[i].Index] = answers[i].Entry;
        }

        return copies;
    }

    /// <summary>Reads from the first copy, and goes on from the next one where a copy breaks.</summary>
    internal static async Task<StorageEntry> ReadAsync(
        MirrorView view, StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken)
    {
        StorageEntry?[] copies = await FindAsync(view, key, cancellationToken).ConfigureAwait(false) ?? throw StorageException.NotFound(key);
        var counted = new CountingPipeWriter(destination);
        while (true)
        {
            StorageEntry entry = MirrorView.Combine(copies);
            (long offset, long length) = WithVersionOf(options, entry).Resolve(entry);
            if (await TryReadAsync(view, key, copies, entry.Length, counted, offset, length, cancellationToken).ConfigureAwait(false) is not { } failure)
            {
                return entry;
            }

            // Replaced or deleted since it was looked up; as long as nobody has seen any of it, it is read as it is now.
            StorageEntry?[] now = await FindAsync(view, key, cancellationToken).ConfigureAwait(false) ?? throw StorageException.NotFound(key);
            if (counted.Written > 0 || now.SequenceEqual(copies))
            {
                throw failure;
            }

            copies = now;
        }
    }

    /// <summary>A version that was asked for is the object's where no copy says otherwise: storages come and go.</summary>
    private static ReadOptions WithVersionOf(ReadOptions options, StorageEntry entry) =>
        MirrorVersion.AreOfOneObject(options.Version, entry.Version) ? options with { Version = entry.Version } : options;

    /// <summary>Reads from one copy after another, and returns the first failure where none could be read to the end.</summary>
    private static async Task<StorageException?> TryReadAsync(
        MirrorView view, StorageKey key, StorageEntry?[] copies, long objectLength, CountingPipeWriter destination, long offset, long length, CancellationToken cancellationToken)
    {
        StorageException? first = null;
        // A storage that is out may still have what no other one can read any more.
        foreach (MirrorSeat seat in view.Complete.Concat(view.Seats.Where(static seat => seat.Problem is not null)))
        {
            try
            {
                StorageEntry? copy = copies[seat.Index];
                if (copy is null && seat.Problem is not null)
                {
                    copy = await seat.Storage.FindAsync(key, cancellationToken).ConfigureAwait(false);
                }

                if (copy is null || copy.Length != objectLength)
                {
                    continue;
                }

                long left = length - destination.Written;
                if (left < 0)
                {
                    throw new StorageException(StorageErrorKind.Corrupt, copy.Key.Value, $"{destination.Written} bytes were delivered, and {length} were asked for");
                }

                var rest = new ReadOptions { Offset = offset + destination.Written, Length = left, Version = copy.Version };
                await seat.Storage.ReadAsync(copy.Key, destination, rest, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (StorageException failure)
            {
                first ??= failure;
            }
            catch (Exception failure) when (seat.Problem is not null && !cancellationToken.IsCancellationRequested)
            {
                // Of a storage that is out nothing can be expected, not even the right exceptions.
                first ??= new StorageException(StorageErrorKind.Unavailable, key.Value, $"{seat.Name}: {failure.Message}", innerException: failure);
            }
        }

        return first;
    }

    private static async Task<(StorageEntry? Entry, Exception? Failure)> AskAsync(IStorage storage, StorageKey key, CancellationToken cancellationToken)
    {
        try
        {
            return (await storage.FindAsync(key, cancellationToken).ConfigureAwait(false), null);
        }
        catch (Exception exception) when (exception is not ArgumentException && !cancellationToken.IsCancellationRequested)
        {
            return (null, exception);
        }
    }
}
