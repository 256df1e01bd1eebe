using System.Globalization;
using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>What a real object store refuses, and what its users are told.</summary>
[Collection(nameof(Cluster))]
public sealed class ClusterRefusalTests(ClusterBucket bucket) : IClassFixture<ClusterBucket>
{
    [SkippableFact]
    public Task A_wrong_access_key() =>
        OpeningFailsAsync(bucket.Options with { Credentials = new BasicAWSCredentials("nobody", "secret") }, StorageErrorKind.AccessDenied, "look at the credentials");

    [SkippableFact]
    public Task A_wrong_secret_key() => OpeningFailsAsync(
        bucket.Options with { Credentials = new BasicAWSCredentials(bucket.Options.Credentials!.GetCredentials().AccessKey, "wrong") },
        StorageErrorKind.AccessDenied, "secret key");

    [SkippableFact]
    public Task A_bucket_that_is_missing() => OpeningFailsAsync(bucket.Options with { Bucket = "no-such-bucket" }, StorageErrorKind.Unavailable, "no bucket 'no-such-bucket'");

    [SkippableFact]
    public async Task The_bucket_of_somebody_else()
    {
        // Outside of what has to throw, since it skips the test where there is no object store.
        S3StorageOptions options = bucket.Options;
        Func<Task> open = () => S3Storage.OpenAsync(options with { Credentials = Cluster.OtherCredentials });
        StorageException failure = (await open.Should().ThrowAsync<StorageException>()).Which;

        // Where each account has buckets of its own, there is none of this name in the other one.
        failure.Message.Should().Contain(failure.Kind == StorageErrorKind.AccessDenied ? "need to list the bucket" : $"there is no bucket '{options.Bucket}'");
    }

    [SkippableFact]
    public Task An_endpoint_where_nobody_listens() => OpeningFailsAsync(
        bucket.Options with { Endpoint = new Uri("http://127.0.0.1:9"), RetryFor = TimeSpan.Zero }, StorageErrorKind.Unavailable, "http://127.0.0.1:9 cannot be reached");

    [SkippableFact]
    public Task An_endpoint_whose_host_is_unknown() => OpeningFailsAsync(
        bucket.Options with { Endpoint = new Uri("http://no-such-host.invalid"), RetryFor = TimeSpan.Zero }, StorageErrorKind.Unavailable, "look at the endpoint");

    [SkippableFact]
    public async Task A_clock_that_is_two_hours_slow()
    {
        using AmazonS3Client client = S3Client.Create(bucket.Options, new S3Transport(new SlowClock(TimeSpan.FromHours(2))));
        Func<Task> open = () => S3Storage.OpenAsync(client, bucket.Options);

        StorageException failure = (await open.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.AccessDenied);
        failure.Message.Should().Contain("the clocks of this machine and of");
    }

    [SkippableFact]
    public async Task Somebody_who_may_only_read()
    {
        S3StorageOptions options = bucket.Options;
        await using S3Storage owner = await S3Storage.OpenAsync(options);
        await owner.PutAsync("a", [1, 2, 3]);
        using AmazonS3Client client = Cluster.Get().NewClient();
        var policy = new PutBucketPolicyRequest
        {
            BucketName = options.Bucket,
            Policy = $$"""
                {
                  "Version": "2012-10-17",
                  "Statement": [{
                    "Effect": "Allow", "Principal": "*", "Action": ["s3:ListBucket", "s3:GetObject"],
                    "Resource": ["arn:aws:s3:::{{options.Bucket}}", "arn:aws:s3:::{{options.Bucket}}/*"]
                  }]
                }
                """,
        };
        try
        {
            await client.PutBucketPolicyAsync(policy);
        }
        catch (AmazonS3Exception failure) when (failure.StatusCode == HttpStatusCode.NotImplemented)
        {
            await owner.DeleteAsync(StorageKey.Parse("a"));
            Skip.If(true, "This server knows no policies of buckets.");
        }

        await using (S3Storage reader = await S3Storage.OpenAsync(options with { Credentials = Cluster.OtherCredentials }))
        {
            (await reader.GetAsync("a")).Should().Equal(1, 2, 3);
            reader.Capabilities.AtomicCreateLimit.Should().Be(0, "nothing can be created");
            Func<Task>[] changes = [() => reader.PutAsync("b", [1]), () => reader.PutAsync("b", StorageCalls.Bytes(11 << 20)), () => reader.DeleteAsync(StorageKey.Parse("a"))];
            foreach (Func<Task> change in changes)
            {
                StorageException failure = (await change.Should().ThrowAsync<StorageException>()).Which;
                failure.Kind.Should().Be(StorageErrorKind.AccessDenied);
                failure.Message.Should().Contain("they need to list the bucket, and to read, write and delete its objects");
            }
        }

        await client.DeleteBucketPolicyAsync(new DeleteBucketPolicyRequest { BucketName = options.Bucket });
        await owner.DeleteAsync(StorageKey.Parse("a"));
    }

    [SkippableFact]
    public async Task Of_eight_writers_that_race_for_a_commit_one_wins()
    {
        await using (S3Storage one = await S3Storage.OpenAsync(bucket.Options))
        {
            Skip.If(one.Capabilities.AtomicCreateLimit == 0, "This server does not decide who creates an object.");
        }

        S3Storage[] storages = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => S3Storage.OpenAsync(bucket.Options)));
        for (int round = 0; round < 5; round++)
        {
            string key = $"race/{round}";
            int[] won = (await Task.WhenAll(storages.Select(async (storage, number) =>
            {
                try
                {
                    await storage.PutAsync(key, [(byte)number]);
                    return number;
                }
                catch (StorageException failure) when (failure.Kind == StorageErrorKind.AlreadyExists)
                {
                    return -1;
                }
            }))).Where(static number => number >= 0).ToArray();

            won.Should().ContainSingle();
            (await storages[0].GetAsync(key)).Should().Equal((byte)won[0]);
            await storages[0].DeleteAsync(StorageKey.Parse(key));
        }

        foreach (S3Storage storage in storages)
        {
            await storage.DisposeAsync();
        }
    }

    private static async Task OpeningFailsAsync(S3StorageOptions options, StorageErrorKind kind, string says)
    {
        Func<Task> open = () => S3Storage.OpenAsync(options);
        StorageException failure = (await open.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(kind);
        failure.Message.Should().Contain(says);
    }

    /// <summary>Sends what a machine whose clock is slow would send.</summary>
    private sealed class SlowClock(TimeSpan by) : DelegatingHandler(new SocketsHttpHandler())
    {
        private const string Time = "X-Amz-Date";
        private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var time = DateTime.ParseExact(request.Headers.GetValues(Time).Single(), TimeFormat, CultureInfo.InvariantCulture);
            request.Headers.Remove(Time);
            request.Headers.Add(Time, (time - by).ToString(TimeFormat, CultureInfo.InvariantCulture));
            return base.SendAsync(request, cancellationToken);
        }
    }
}
