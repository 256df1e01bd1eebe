namespace Freezer.Storage.S3.Tests.Support;

/// <summary>A bucket that the tests of a class share. It must be empty, and without open uploads, when they have ended.</summary>
public sealed class ClusterBucket : IAsyncLifetime
{
    private readonly Cluster? _cluster = Cluster.Find();
    private string? _name;

    public async Task InitializeAsync() => _name = _cluster is null ? null : await _cluster.MakeBucketAsync();

    public Task DisposeAsync() => _cluster is null ? Task.CompletedTask : _cluster.RemoveBucketAsync(_name!, mustBeEmpty: true);

    /// <summary>How to reach it; skips the test that asks where there is no object store.</summary>
    internal S3StorageOptions Options
    {
        get
        {
            Cluster cluster = Cluster.Get();
            return cluster.Options(_name!);
        }
    }
}
