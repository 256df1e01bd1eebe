using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Freezer.Storage;

namespace Freezer.Dataflow;

/// <summary>The digests of a stretch of an object, or why it could not be read.</summary>
/// <param name="Object">Which of the objects it is of.</param>
/// <param name="Offset">Where in the object it begins, a multiple of the leaf size.</param>
/// <param name="Length">How long it is.</param>
/// <param name="IsLast">Whether the object ends with it.</param>
/// <param name="Leaves">The SHA-256 of its leaves.</param>
/// <param name="Failure">Why it could not be read.</param>
internal sealed record LeafStretch(int Object, long Offset, int Length, bool IsLast, IReadOnlyList<Sha256Digest> Leaves, StorageException? Failure);

/// <summary>Hashes stored objects, leaf by leaf: several stretches, of one object or of several, are read and hashed at the same time.</summary>
internal static class LeafDigests
{
    /// <summary>What is read at once: long enough to be worth a request, short enough that one object keeps all cores busy.</summary>
    private const int StretchSize = 16 * StoredStreamOptions.LeafSize;

    /// <summary>Reads objects and gives the digests of their leaves, in order.</summary>
    /// <param name="storage">Where they are.</param>
    /// <param name="objects">Their keys and lengths.</param>
    /// <param name="parallelism">How many cores hash.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="StorageException">The storage cannot be reached. Every other failure is that of a stretch.</exception>
    internal static async IAsyncEnumerable<LeafStretch> ReadAsync(
        IStorage storage, IReadOnlyList<(StorageKey Key, long Length)> objects, int parallelism, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // While one stretch of a core is hashed the next one is fetched.
        int mostInFlight = Math.Max(StorageCapabilities.OperationsOfABackup, Math.Min(2 * parallelism, storage.Capabilities.LeastConcurrency));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using IEnumerator<LeafStretch> plan = Plan(objects).GetEnumerator();
        var inFlight = new Queue<Task<LeafStretch>>();
        try
        {
            bool isMore = true;
            while (true)
            {
                while (inFlight.Count < mostInFlight && (isMore = isMore && plan.MoveNext()))
                {
                    LeafStretch next = plan.Current;
                    inFlight.Enqueue(Task.Run(() => HashAsync(storage, objects[next.Object].Key, next, stop.Token), CancellationToken.None));
                }

                if (!inFlight.TryPeek(out Task<LeafStretch>? first))
                {
                    break;
                }

                yield return await first.ConfigureAwait(false);
                _ = inFlight.Dequeue();
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (Task abandoned in inFlight)
            {
                await abandoned.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Reads one object and gives the digest over its leaves, in lower-case hexadecimal.</summary>
    /// <exception cref="StorageException">It cannot be read.</exception>
    internal static async Task<string> ReadRootAsync(IStorage storage, StorageKey key, long length, int parallelism, CancellationToken cancellationToken)
    {
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (LeafStretch stretch in ReadAsync(storage, [(key, length)], parallelism, cancellationToken).ConfigureAwait(false))
        {
            if (stretch.Failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            foreach (Sha256Digest leaf in stretch.Leaves)
            {
                root.AppendData(leaf);
            }
        }

        return Convert.ToHexStringLower(root.GetHashAndReset());
    }

    /// <summary>Whether a failure is that of an object, and not of the storage as a whole.</summary>
    internal static bool IsOfObject(StorageException failure) => failure.Kind is not (StorageErrorKind.Unavailable or StorageErrorKind.BelowQuorum);

    private static IEnumerable<LeafStretch> Plan(IReadOnlyList<(StorageKey Key, long Length)> objects)
    {
        for (int i = 0; i < objects.Count; i++)
        {
            long offset = 0;
            do
            {
                int length = (int)Math.Min(StretchSize, objects[i].Length - offset);
                yield return new LeafStretch(i, offset, length, offset + length == objects[i].Length, [], null);
                offset += length;
            }
            while (offset < objects[i].Length);
        }
    }

    private static async Task<LeafStretch> HashAsync(IStorage storage, StorageKey key, LeafStretch stretch, CancellationToken cancellationToken)
    {
        using var writer = new LeafDigestWriter();
        try
        {
            await storage.ReadAsync(key, writer, ReadOptions.Range(stretch.Offset, stretch.Length), cancellationToken).ConfigureAwait(false);
            return writer.Length == stretch.Length ? stretch with { Leaves = writer.Finish() }
                : throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"The storage delivered {writer.Length} of {stretch.Length} bytes and reported success.");
        }
        catch (StorageException failure) when (IsOfObject(failure))
        {
            return stretch with { Failure = failure };
        }
    }
}
