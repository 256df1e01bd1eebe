using System.Diagnostics;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Freezer.Storage.S3.Tests.Support;

/// <summary>A real object store, as the environment names it; <c>tests/clusters/ceph start</c> prints what to set. Tests are skipped, by name, where there is none.</summary>
internal sealed class Cluster
{
    /// <summary>What the tests do themselves has no deadline of the storage: a server that hangs must be an error here too.</summary>
    private static readonly TimeSpan _longestCall = TimeSpan.FromMinutes(2);

    private Cluster(string endpoint) => Endpoint = new Uri(endpoint);

    internal Uri Endpoint { get; }

    internal static string Region => Variable("REGION") ?? "us-east-1";

    internal static AWSCredentials Credentials => new BasicAWSCredentials(Required("ACCESS_KEY"), Required("SECRET_KEY"));

    internal static AWSCredentials OtherCredentials => new BasicAWSCredentials(Required("OTHER_ACCESS_KEY"), Required("OTHER_SECRET_KEY"));

    /// <summary>The cluster of the environment; skips the test that asks for one where there is none.</summary>
    internal static Cluster Get()
    {
        Cluster? found = Find();
        Skip.If(found is null, "There is no object store: eval \"$(tests/clusters/ceph start)\" starts one.");
        return found!;
    }

    internal static Cluster? Find() => Variable("ENDPOINT") is { Length: > 0 } endpoint ? new Cluster(endpoint) : null;

    /// <summary>The script that kills and starts daemons; skips the test where the store is none of ours.</summary>
    internal static string Script()
    {
        string? script = Variable("CLUSTER");
        Skip.If(string.IsNullOrEmpty(script), "The object store is none that tests may do harm to.");
        return script!;
    }

    internal S3StorageOptions Options(string bucket) =>
        new() { Bucket = bucket, Endpoint = Endpoint, Region = Region, Credentials = Credentials, PartSize = 5 << 20 };

    internal AmazonS3Client NewClient() => S3Client.Create(Options("any"), S3Transport.ToServer());

    /// <summary>Makes a bucket that nobody else uses.</summary>
    internal async Task<string> MakeBucketAsync()
    {
        string name = $"freezer-{Guid.NewGuid():N}";
        using AmazonS3Client client = NewClient();
        using var limit = new CancellationTokenSource(_longestCall);
        await client.PutBucketAsync(new PutBucketRequest { BucketName = name }, limit.Token);
        return name;
    }

    /// <summary>Removes a bucket, and fails where it holds more than its probe or an upload is open.</summary>
    internal async Task RemoveBucketAsync(string name, bool mustBeEmpty)
    {
        using AmazonS3Client client = NewClient();
        using var limit = new CancellationTokenSource(_longestCall);
        List<string> left = [];
        foreach (S3Object found in (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = name }, limit.Token)).S3Objects ?? [])
        {
            await client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = name, Key = found.Key }, limit.Token);
            left.Add(found.Key);
        }

        int open = await OpenUploadsAsync(name);
        await client.DeleteBucketAsync(new DeleteBucketRequest { BucketName = name }, limit.Token);
        open.Should().Be(0);
        if (mustBeEmpty)
        {
            left.Should().BeSubsetOf([".freezer-s3/probe"]);
        }
    }

    internal async Task<int> OpenUploadsAsync(string bucket)
    {
        using AmazonS3Client client = NewClient();
        using var limit = new CancellationTokenSource(_longestCall);
        return (await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket }, limit.Token)).MultipartUploads?.Count ?? 0;
    }

    internal static async Task RunScriptAsync(params string[] arguments)
    {
        // Nothing is read from it: daemons that it starts would hold the pipe open.
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", Script(), .. arguments]))!;
        await process.WaitForExitAsync();
        process.ExitCode.Should().Be(0, $"{string.Join(' ', arguments)} succeeds");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable($"FREEZER_S3_{name}");

    private static string Required(string name) => Variable(name) ?? throw new InvalidOperationException($"FREEZER_S3_{name} is not set.");
}
