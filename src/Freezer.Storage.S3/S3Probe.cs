using System.Security.Cryptography;
using System.Text;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>Looks, once, whether the bucket is there and what its server can do.</summary>
internal static class S3Probe
{
    /// <summary>How long an address that does not answer is tried when a storage is opened: a wrong one is noticed soon.</summary>
    private static readonly TimeSpan _openFor = TimeSpan.FromSeconds(10);

    private const string Content = "If-None-Match: *";

    private static readonly string _digest = Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.MD5, Encoding.ASCII.GetBytes(Content)));

    /// <summary>Looks whether objects are created on condition that they do not exist.</summary>
    internal static async Task<bool> IsCreateConditionalAsync(S3Bucket storage, CancellationToken cancellationToken)
    {
        S3StorageOptions options = storage.Options;
        var bucket = new S3Bucket(storage.Client, options with { RetryFor = options.RetryFor < _openFor ? options.RetryFor : _openFor });
        ListObjectsV2Response listing = await bucket.SendAsync(
            key: null,
            deadline => bucket.Client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = bucket.Name, Prefix = bucket.ReservedNameOf("probe"), MaxKeys = 1 }, deadline.Token),
            cancellationToken).ConfigureAwait(false);

        // What is no listing comes from something that is no object store: it would be taken for an empty one.
        S3Bucket.NextPage(listing.IsTruncated, "next", current: null);
        return options.ConditionalCreate switch
        {
            S3ConditionalCreate.Supported => true,
            S3ConditionalCreate.Unsupported => false,
            // The first time makes the object, and the second time, as each later one, must be refused.
            _ => await IsRefusedAsync(bucket, cancellationToken).ConfigureAwait(false) ?? await IsRefusedAsync(bucket, cancellationToken).ConfigureAwait(false) ?? false,
        };
    }

    /// <summary>Creates the probe.</summary>
    /// <returns>True where it is refused since it exists, <see langword="null"/> where it is taken, false where the server does not know the condition.</returns>
    private static async Task<bool?> IsRefusedAsync(S3Bucket bucket, CancellationToken cancellationToken)
    {
        try
        {
            await bucket.SendAsync(
                key: null,
                deadline => bucket.Client.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = bucket.Name,
                        Key = bucket.ReservedNameOf("probe"),
                        ContentBody = Content,
                        UseChunkEncoding = false,
                        IfNoneMatch = "*",

                        // A bucket that retains all that is new asks for it.
                        MD5Digest = _digest,
                    },
                    deadline.Token),
                cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (StorageException failure) when (failure.Kind == StorageErrorKind.VersionMismatch)
        {
            return true;
        }
        // Servers refuse a condition that they do not know in various ways; what they refuse for another reason, a write will tell.
        catch (StorageException failure) when (
            failure.Kind is StorageErrorKind.Unsupported or StorageErrorKind.AccessDenied or StorageErrorKind.NoSpace or StorageErrorKind.Unknown)
        {
            return false;
        }
    }
}
