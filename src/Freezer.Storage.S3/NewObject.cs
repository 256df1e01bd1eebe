using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace Freezer.Storage.S3;

/// <summary>What the requests that make an object have in common: storage class, retention, and a mark by which the object is known again.</summary>
/// <remarks>An answer may get lost. The repeated request is then refused, since the object exists, and only the mark tells whether it is ours.</remarks>
internal sealed class NewObject(S3Bucket bucket, S3StorageOptions options)
{
    private const string MarkName = "freezer-write";

    private readonly string _mark = Guid.NewGuid().ToString("N");

    /// <summary>An object that is deleted again as soon as it has served.</summary>
    internal static NewObject Temporary(S3Bucket bucket) => new(bucket, bucket.Options with { StorageClass = null, Retention = null });

    internal void Apply(PutObjectRequest request, PartBuffer content)
    {
        request.Metadata.Add(MarkName, _mark);
        request.MD5Digest = DigestOf(content);
        if (options.StorageClass is { } storageClass)
        {
            request.StorageClass = S3StorageClass.FindValue(storageClass);
        }

        if (options.Retention is { } retention)
        {
            request.ObjectLockMode = ModeOf(retention);
            request.ObjectLockRetainUntilDate = EndOf(retention);
        }
    }

    internal void Apply(InitiateMultipartUploadRequest request)
    {
        request.Metadata.Add(MarkName, _mark);
        if (options.StorageClass is { } storageClass)
        {
            request.StorageClass = S3StorageClass.FindValue(storageClass);
        }

        if (options.Retention is { } retention)
        {
            request.ObjectLockMode = ModeOf(retention);
            request.ObjectLockRetainUntilDate = EndOf(retention);
        }
    }

    internal bool IsThis(GetObjectMetadataResponse found) => found.Metadata[MarkName] == _mark;

    /// <summary>The MD5 of a part, which some servers ask for beside the checksum in the signature.</summary>
    internal string? DigestOf(PartBuffer part)
    {
        if (!bucket.SendsDigest)
        {
            return null;
        }

        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        for (long offset = 0; offset < part.Length;)
        {
            ReadOnlyMemory<byte> piece = part.PieceAt(offset);
            digest.AppendData(piece.Span);
            offset += piece.Length;
        }

        return Convert.ToBase64String(digest.GetHashAndReset());
    }

    private static ObjectLockMode ModeOf(S3Retention retention) =>
        retention.Mode == S3RetentionMode.Compliance ? ObjectLockMode.Compliance : ObjectLockMode.Governance;

    private DateTime EndOf(S3Retention retention) => (options.TimeProvider.GetUtcNow() + retention.Period).UtcDateTime;
}
