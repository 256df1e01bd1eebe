using System.Globalization;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>Reads ranges of one object, each going on from its next byte where a connection breaks.</summary>
internal sealed class S3RangeReader(S3Bucket bucket, StorageKey key, string name)
{
    /// <summary>Opens a range, which may be shorter than asked for and never begins elsewhere.</summary>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">Its length.</param>
    /// <param name="version">The version that the object must have, or <see langword="null"/> for any.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    internal async Task<GetObjectResponse> OpenAsync(long offset, long length, string? version, CancellationToken cancellationToken)
    {
        GetObjectResponse response = await bucket.SendAsync(
            key.Value,
            deadline => bucket.Client.GetObjectAsync(
                new GetObjectRequest
                {
                    BucketName = bucket.Name,
                    Key = name,
                    ByteRange = new ByteRange(offset, offset + length - 1),
                    EtagToMatch = S3Bucket.ConditionOf(version),
                },
                deadline.Token),
            cancellationToken).ConfigureAwait(false);

        // An object that is empty has no range, and some servers, and caches before them, answer with the whole of any object.
        string range = response.ContentRange is { Length: > 0 } told ? told : "bytes 0-/";
        if (range.StartsWith(string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-"), StringComparison.Ordinal))
        {
            return response;
        }

        response.Dispose();
        throw new StorageException(
            StorageErrorKind.Unsupported, key.Value, $"the server does not read ranges of objects: from byte {offset} on was asked for, and it answered with '{response.ContentRange}'");
    }

    /// <summary>Opens a further range of an object of which some has been read.</summary>
    internal async Task<GetObjectResponse> OpenNextAsync(long offset, long length, string? version, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenAsync(offset, length, version, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind is StorageErrorKind.VersionMismatch or StorageErrorKind.OutOfRange)
        {
            throw new StorageException(StorageErrorKind.VersionMismatch, key.Value, "the object was replaced while it was read; read it again", innerException: failure);
        }
    }

    /// <summary>Reads a range.</summary>
    /// <param name="sink">Where its bytes go.</param>
    /// <param name="response">The range, opened, or <see langword="null"/> to open it. It is disposed in any case.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="length">How many bytes are to be read.</param>
    /// <param name="version">The version that the object must have.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>False where nobody wants the rest.</returns>
    internal async Task<bool> ReadAsync(IReadSink sink, GetObjectResponse? response, long offset, long length, string? version, CancellationToken cancellationToken)
    {
        Backoff backoff = bucket.NewBackoff();
        while (length > 0)
        {
            response ??= await OpenNextAsync(offset, length, version, cancellationToken).ConfigureAwait(false);
            using GetObjectResponse body = response;
            response = null;
            using RequestDeadline deadline = bucket.NewDeadline(cancellationToken);
            StorageException? error = null;
            while (length > 0)
            {
                Memory<byte> room = sink.GetMemory();
                int count;
                try
                {
                    deadline.Restart();
                    count = await body.ResponseStream.ReadAsync(room[..(int)Math.Min(room.Length, length)], deadline.Token).ConfigureAwait(false);
                    deadline.Stop();
                    if (count == 0)
                    {
                        throw new EndOfStreamException($"The answer ended {length} bytes too early.");
                    }
                }
                catch (Exception failure)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    error = bucket.ErrorOf(key.Value, failure, deadline);
                    break;
                }

                backoff.Reset();
                offset += count;
                length -= count;
                if (!await sink.AdvanceAsync(count, cancellationToken).ConfigureAwait(false))
                {
                    return false;
                }
            }

            if (error is not null)
            {
                if (!error.IsTransient || !backoff.MayRetry())
                {
                    throw error;
                }

                await backoff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return true;
    }
}
