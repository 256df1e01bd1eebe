using System.Globalization;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>One upload in parts: they arrive in any order, and become an object when it is completed. Nobody sees it before that.</summary>
/// <remarks>Parts may be sent at the same time; everything else is one call after another.</remarks>
internal sealed class MultipartUpload
{
    private readonly S3Bucket _bucket;
    private readonly string _key;
    private readonly string _id;
    private readonly NewObject _object;
    private readonly Lock _lock = new();
    private readonly List<PartETag> _parts = [];

    private MultipartUpload(S3Bucket bucket, string key, string name, string id, NewObject newObject)
    {
        _bucket = bucket;
        _key = key;
        Name = name;
        _id = id;
        _object = newObject;
    }

    /// <summary>The name that the object will have.</summary>
    internal string Name { get; }

    /// <summary>How many parts have been given numbers.</summary>
    internal int Parts { get; private set; }

    /// <summary>How many bytes these have.</summary>
    internal long Length { get; private set; }

    internal static async Task<MultipartUpload> BeginAsync(S3Bucket bucket, string key, string name, NewObject newObject, CancellationToken cancellationToken)
    {
        InitiateMultipartUploadResponse begun = await bucket.SendAsync(
            key,
            deadline =>
            {
                var request = new InitiateMultipartUploadRequest { BucketName = bucket.Name, Key = name };
                newObject.Apply(request);
                return bucket.Client.InitiateMultipartUploadAsync(request, deadline.Token);
            },
            cancellationToken).ConfigureAwait(false);
        return new MultipartUpload(bucket, key, name, begun.UploadId, newObject);
    }

    /// <summary>Gives a part its number, sends it, and gives its memory back.</summary>
    internal Task SendAsync(PartBuffer part, CancellationToken cancellationToken)
    {
        Length += part.Length;
        return SendAsync(++Parts, part, cancellationToken);
    }

    /// <summary>Makes an object that the bucket holds already the next part.</summary>
    internal async Task CopyAsync(string sourceName, long length, CancellationToken cancellationToken)
    {
        Length += length;
        int number = ++Parts;
        CopyPartResponse copied = await _bucket.SendSlowAsync(
            _key,
            deadline => _bucket.Client.CopyPartAsync(
                new CopyPartRequest
                {
                    SourceBucket = _bucket.Name,
                    SourceKey = sourceName,
                    DestinationBucket = _bucket.Name,
                    DestinationKey = Name,
                    UploadId = _id,
                    PartNumber = number,
                },
                deadline.Token),
            cancellationToken).ConfigureAwait(false);
        Add(number, copied.ETag);
    }

    /// <summary>Makes the object.</summary>
    /// <param name="onlyNew">Whether it must not exist; a server that does not know this condition for uploads in parts replaces it.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The version of the object, where the server tells it.</returns>
    /// <exception cref="StorageException">It exists (<see cref="StorageErrorKind.VersionMismatch"/>), or the server does not make it.</exception>
    internal async Task<string?> CompleteAsync(bool onlyNew, CancellationToken cancellationToken)
    {
        _parts.Sort(static (left, right) => left.PartNumber.GetValueOrDefault().CompareTo(right.PartNumber.GetValueOrDefault()));
        try
        {
            return await CompleteWhereKnownAsync(onlyNew, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (!failure.IsTransient)
        {
            // The answer to an earlier attempt may have been lost. What a server says to the next one differs, and the object tells whose it is.
            GetObjectMetadataResponse? found = await _bucket.FindAsync(_key, Name, cancellationToken).ConfigureAwait(false);
            if (found is not null && _object.IsThis(found))
            {
                return S3Bucket.VersionOf(found.ETag);
            }

            if (failure.Kind == StorageErrorKind.NotFound)
            {
                throw new StorageException(
                    StorageErrorKind.Unknown, _key, "the upload is gone: it was aborted from outside, by a lifecycle rule or by a sweep for one", innerException: failure);
            }

            throw;
        }
    }

    /// <summary>Removes the upload with all of its parts.</summary>
    /// <returns>Whether that succeeded; otherwise the sweep removes it.</returns>
    internal Task<bool> TryAbortAsync() => _bucket.TryCleanUpAsync(deadline => _bucket.Client.AbortMultipartUploadAsync(
        new AbortMultipartUploadRequest { BucketName = _bucket.Name, Key = Name, UploadId = _id }, deadline.Token));

    private async Task SendAsync(int number, PartBuffer part, CancellationToken cancellationToken)
    {
        using (part)
        {
            UploadPartResponse sent = await _bucket.SendContentAsync(
                _key,
                async deadline =>
                {
                    using var content = new PartStream(part, deadline);
                    return await _bucket.Client.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = _bucket.Name,
                            Key = Name,
                            UploadId = _id,
                            PartNumber = number,
                            PartSize = part.Length,
                            InputStream = content,
                            MD5Digest = _object.DigestOf(part),

                            // The checksum is then that of the whole part, in the signature, which every server verifies.
                            UseChunkEncoding = false,
                        },
                        deadline.Token).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
            Add(number, sent.ETag);
        }
    }

    private void Add(int number, string etag)
    {
        lock (_lock)
        {
            _parts.Add(new PartETag(number, etag));
        }
    }

    private async Task<string?> CompleteWhereKnownAsync(bool onlyNew, CancellationToken cancellationToken)
    {
        try
        {
            return await CompleteOnceAsync(onlyNew, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (onlyNew && failure.Kind is StorageErrorKind.Unsupported or StorageErrorKind.Unknown)
        {
            return await CompleteOnceAsync(onlyNew: false, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string?> CompleteOnceAsync(bool onlyNew, CancellationToken cancellationToken)
    {
        CompleteMultipartUploadResponse completed = await _bucket.SendSlowAsync(
            _key,
            deadline => _bucket.Client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = _bucket.Name,
                    Key = Name,
                    UploadId = _id,
                    PartETags = _parts,
                    IfNoneMatch = onlyNew ? "*" : null,
                },
                deadline.Token),
            cancellationToken).ConfigureAwait(false);
        return S3Bucket.VersionOf(completed.ETag);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({Parts} parts)");
}
