using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Freezer.Storage.S3;

namespace Freezer.S3Throughput;

/// <summary>The bucket that the environment names.</summary>
internal sealed record Bucket(string Name, Uri Endpoint, string Region, AWSCredentials Credentials)
{
    internal S3StorageOptions Options => new() { Bucket = Name, Endpoint = Endpoint, Region = Region, Credentials = Credentials };

    internal static Bucket OfEnvironment() => new(
        Environment.GetEnvironmentVariable("FREEZER_S3_BUCKET") ?? "freezer-throughput",
        new Uri(Required("FREEZER_S3_ENDPOINT")),
        Environment.GetEnvironmentVariable("FREEZER_S3_REGION") ?? "us-east-1",
        new BasicAWSCredentials(Required("FREEZER_S3_ACCESS_KEY"), Required("FREEZER_S3_SECRET_KEY")));

    /// <summary>A client as an application makes it for a server that is not AWS: retries and concurrency are those of the SDK.</summary>
    internal AmazonS3Client NewClient() => new(Credentials, new AmazonS3Config
    {
        ServiceURL = Endpoint.AbsoluteUri,
        AuthenticationRegion = Region,
        ForcePathStyle = true,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    internal async Task MakeAsync()
    {
        using AmazonS3Client client = NewClient();
        await client.PutBucketAsync(new PutBucketRequest { BucketName = Name });
    }

    internal async Task ClearAsync()
    {
        using AmazonS3Client client = NewClient();
        await foreach (S3Object found in client.Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = Name }).S3Objects)
        {
            await client.DeleteObjectAsync(Name, found.Key);
        }
    }

    internal async Task RemoveAsync()
    {
        await ClearAsync();
        using AmazonS3Client client = NewClient();
        await client.DeleteBucketAsync(Name);
    }

    private static string Required(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value
        : throw new InvalidOperationException($"{name} is not set; tests/clusters/ceph start prints what to set for a cluster of one's own.");
}
