using System.IO.Pipelines;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.S3.Transfer;
using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Storage.S3;

namespace Freezer.S3Throughput;

/// <summary>The ways by which bytes get into a bucket, and out of it again.</summary>
internal static class Ways
{
    private const int CopySize = 1 << 20;

    /// <summary>The storage alone, from a stream whose length it does not know.</summary>
    internal static async Task WriteAsync(Bucket bucket, string key, Stream content)
    {
        await using S3Storage storage = await S3Storage.OpenAsync(bucket.Options);
        var reader = PipeReader.Create(content, new StreamPipeReaderOptions(bufferSize: CopySize));
        await storage.WriteAsync(StorageKey.Parse(key), reader, WriteOptions.Replace);
        await reader.CompleteAsync();
    }

    /// <summary>A whole backup: archive, digests, manifest and commit.</summary>
    internal static async Task BackupAsync(Bucket bucket, string file)
    {
        await using S3Storage storage = await S3Storage.OpenAsync(bucket.Options);
        await new TarEngine(storage).BackupAsync(file, "throughput", new BackupOptions { NoIncremental = true, Compression = Compression.None });
    }

    /// <summary>The uploader of the AWS SDK, from a file whose length it knows.</summary>
    internal static async Task UploadByTransferUtilityAsync(Bucket bucket, string key, string file)
    {
        using AmazonS3Client client = bucket.NewClient();
        using var utility = new TransferUtility(client);
        await utility.UploadAsync(file, bucket.Name, key);
    }

    /// <summary>The storage alone.</summary>
    internal static async Task ReadAsync(Bucket bucket, string key, Stream destination)
    {
        await using S3Storage storage = await S3Storage.OpenAsync(bucket.Options);
        await storage.ReadAsync(StorageKey.Parse(key), destination, ReadOptions.Whole);
    }

    /// <summary>One request of the AWS SDK, read as a stream.</summary>
    internal static async Task GetAsync(Bucket bucket, string key, Stream destination)
    {
        using AmazonS3Client client = bucket.NewClient();
        using GetObjectResponse answer = await client.GetObjectAsync(new GetObjectRequest { BucketName = bucket.Name, Key = key });
        await answer.ResponseStream.CopyToAsync(destination, CopySize);
    }
}
