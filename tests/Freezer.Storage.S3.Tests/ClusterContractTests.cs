using Freezer.Storage.S3.Tests.Support;
using Freezer.Testing;

namespace Freezer.Storage.S3.Tests;

/// <summary>The contract of a storage, on a real object store.</summary>
[Collection(nameof(Cluster))]
public sealed class ClusterContractTests(ClusterBucket bucket) : IClassFixture<ClusterBucket>
{
    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [SkippableTheory]
    [MemberData(nameof(Checks))]
    public async Task Holds(StorageCheck check)
    {
        S3StorageOptions options = bucket.Options;
        await check.RunAsync(
            async token => await S3Storage.OpenAsync(options, token), new CheckOptions { Deadline = TimeSpan.FromMinutes(3), LargeObject = 12 << 20 });
    }
}
