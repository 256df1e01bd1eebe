using System.Globalization;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>One sweep: aborts uploads in parts whose writers are gone, and deletes groups of parts that nobody copied any more.</summary>
internal sealed class S3Sweep(S3Bucket bucket, TimeSpan olderThan, CancellationToken cancellationToken)
{
    private int _removed;

    internal async Task<int> RunAsync()
    {
        DateTimeOffset latest = await AskServerForTimeAsync().ConfigureAwait(false) - olderThan;
        await SweepUploadsAsync(latest).ConfigureAwait(false);
        await SweepGroupsAsync(latest).ConfigureAwait(false);
        return _removed;
    }

    /// <summary>The time by which the server stamps: that of an upload just begun, which leaves no object behind.</summary>
    private async Task<DateTimeOffset> AskServerForTimeAsync()
    {
        string name = bucket.ReservedNameOf($"clock/{Guid.NewGuid():N}");
        MultipartUpload clock = await MultipartUpload.BeginAsync(bucket, ".", name, NewObject.Temporary(bucket), cancellationToken).ConfigureAwait(false);
        try
        {
            await foreach (Amazon.S3.Model.MultipartUpload upload in ListUploadsAsync(name).ConfigureAwait(false))
            {
                return S3Bucket.TimeOf(upload.Initiated);
            }

            throw new StorageException(StorageErrorKind.Unknown, key: null, "the server does not list an upload that was just begun, so that old ones cannot be told from new ones");
        }
        finally
        {
            await clock.TryAbortAsync().ConfigureAwait(false);
        }
    }

    private async Task SweepUploadsAsync(DateTimeOffset latest)
    {
        await foreach (Amazon.S3.Model.MultipartUpload upload in ListUploadsAsync(bucket.NamesBelow(StoragePrefix.Root)).ConfigureAwait(false))
        {
            if (S3Bucket.TimeOf(upload.Initiated) > latest || await HasNewPartAsync(upload, latest).ConfigureAwait(false))
            {
                continue;
            }

            await SendAsync(deadline => bucket.Client.AbortMultipartUploadAsync(
                new AbortMultipartUploadRequest { BucketName = bucket.Name, Key = upload.Key, UploadId = upload.UploadId }, deadline.Token)).ConfigureAwait(false);
            _removed++;
        }
    }

    /// <summary>A writer that has been at work for days is known by its last parts.</summary>
    private async Task<bool> HasNewPartAsync(Amazon.S3.Model.MultipartUpload upload, DateTimeOffset latest)
    {
        string? next = null;
        do
        {
            string? marker = next;
            ListPartsResponse? page = await SendAsync(deadline => bucket.Client.ListPartsAsync(
                new ListPartsRequest { BucketName = bucket.Name, Key = upload.Key, UploadId = upload.UploadId, PartNumberMarker = marker }, deadline.Token)).ConfigureAwait(false);
            foreach (PartDetail part in page?.Parts ?? [])
            {
                if (S3Bucket.TimeOf(part.LastModified) > latest)
                {
                    return true;
                }
            }

            next = S3Bucket.NextPage(page?.IsTruncated ?? false, page?.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture), marker);
        }
        while (next is not null);

        return false;
    }

    private async Task SweepGroupsAsync(DateTimeOffset latest)
    {
        string? next = null;
        do
        {
            string? token = next;
            ListObjectsV2Response? page = await SendAsync(deadline => bucket.Client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = bucket.Name, Prefix = bucket.ReservedNameOf("parts/"), ContinuationToken = token }, deadline.Token)).ConfigureAwait(false);
            foreach (S3Object group in page?.S3Objects ?? [])
            {
                if (S3Bucket.TimeOf(group.LastModified) <= latest)
                {
                    await SendAsync(deadline => bucket.Client.DeleteObjectAsync(
                        new DeleteObjectRequest { BucketName = bucket.Name, Key = group.Key }, deadline.Token)).ConfigureAwait(false);
                    _removed++;
                }
            }

            next = S3Bucket.NextPage(page?.IsTruncated ?? false, page?.NextContinuationToken, token);
        }
        while (next is not null);
    }

    private async IAsyncEnumerable<Amazon.S3.Model.MultipartUpload> ListUploadsAsync(string prefix)
    {
        ListMultipartUploadsResponse? page = null;
        string? next = null;
        do
        {
            (string? key, string? id) = (page?.NextKeyMarker, page?.NextUploadIdMarker);
            string? current = next;
            page = await SendAsync(deadline => bucket.Client.ListMultipartUploadsAsync(
                new ListMultipartUploadsRequest { BucketName = bucket.Name, Prefix = prefix, KeyMarker = key, UploadIdMarker = id }, deadline.Token)).ConfigureAwait(false);
            foreach (Amazon.S3.Model.MultipartUpload upload in page?.MultipartUploads ?? [])
            {
                yield return upload;
            }

            next = S3Bucket.NextPage(page?.IsTruncated ?? false, $"{page?.NextKeyMarker}/{page?.NextUploadIdMarker}", current);
        }
        while (next is not null);
    }

    /// <summary>Makes a request; what is gone meanwhile needs no sweep.</summary>
    private async Task<T?> SendAsync<T>(Func<RequestDeadline, Task<T>> request)
        where T : class
    {
        try
        {
            return await bucket.SendAsync(key: null, request, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (failure.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
    }
}
