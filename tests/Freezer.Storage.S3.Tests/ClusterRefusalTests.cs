using Amazon.Runtime;
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
    public Task The_bucket_of_somebody_else() => OpeningFailsAsync(bucket.Options with { Credentials = Cluster.OtherCredentials }, StorageErrorKind.AccessDenied, "need to list the bucket");

    [SkippableFact]
    public Task An_endpoint_where_nobody_listens() => OpeningFailsAsync(
        bucket.Options with { Endpoint = new Uri("http://127.0.0.1:9"), RetryFor = TimeSpan.Zero }, StorageErrorKind.Unavailable, "http://127.0.0.1:9 cannot be reached");

    [SkippableFact]
    public Task An_endpoint_whose_host_is_unknown() => OpeningFailsAsync(
        bucket.Options with { Endpoint = new Uri("http://no-such-host.invalid"), RetryFor = TimeSpan.Zero }, StorageErrorKind.Unavailable, "Look at the endpoint");

    [SkippableFact]
    public async Task Of_eight_writers_that_race_for_a_commit_one_wins()
    {
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
}
