using Amazon.S3;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>Deletes many objects with few requests, or one by one where the server does not take that.</summary>
internal sealed class S3Deletion(S3Bucket bucket)
{
    /// <summary>How many names one request takes.</summary>
    private const int BatchSize = 1_000;

    /// <summary>How many single requests are under way at the same time.</summary>
    private const int SinglesAtOnce = 8;

    private volatile bool _isSingle;

    internal async Task DeleteAsync(IReadOnlyCollection<StorageKey> keys, CancellationToken cancellationToken)
    {
        foreach (StorageKey[] batch in keys.Chunk(BatchSize))
        {
            if (_isSingle || !await TryDeleteBatchAsync(batch, cancellationToken).ConfigureAwait(false))
            {
                await Parallel.ForEachAsync(
                    batch,
                    new ParallelOptions { MaxDegreeOfParallelism = SinglesAtOnce, CancellationToken = cancellationToken },
                    async (key, token) => await DeleteAsync(key, token).ConfigureAwait(false)).ConfigureAwait(false);
            }
        }
    }

    internal async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken)
    {
        string name = bucket.NameOf(key);
        try
        {
            await bucket.SendAsync(
                key.Value, deadline => bucket.Client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket.Name, Key = name }, deadline.Token), cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind == StorageErrorKind.NotFound)
        {
            // Some servers tell that it was missing, which is what was asked for.
            return;
        }
    }

    /// <summary>Deletes a batch with one request.</summary>
    /// <returns>False where the server does not take that, or refused some of them: one by one each is deleted, or says why not.</returns>
    private async Task<bool> TryDeleteBatchAsync(StorageKey[] keys, CancellationToken cancellationToken)
    {
        List<KeyVersion> names = [.. keys.Select(key => new KeyVersion { Key = bucket.NameOf(key) })];
        try
        {
            DeleteObjectsResponse deleted = await bucket.SendAsync(
                key: null,
                deadline => bucket.Client.DeleteObjectsAsync(
                    new DeleteObjectsRequest { BucketName = bucket.Name, Objects = names, Quiet = true }, deadline.Token),
                cancellationToken).ConfigureAwait(false);
            return deleted.DeleteErrors is null or { Count: 0 };
        }
        catch (StorageException failure) when (failure.InnerException is DeleteObjectsException)
        {
            return false;
        }
        catch (StorageException failure) when (failure.Kind is StorageErrorKind.Unsupported or StorageErrorKind.Unknown)
        {
            _isSingle = true;
            return false;
        }
    }
}
