using Amazon.S3;
using Freezer.Engines.Tar;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>The examples of docs/storages-s3.md, run on a server in this process.</summary>
public sealed class S3Examples : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("freezer-s3-");
    private readonly FakeServer _server = new();

    public void Dispose()
    {
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_backup_into_a_bucket()
    {
        string folder = _folder.CreateSubdirectory("source").FullName;
        string destination = Path.Combine(_folder.FullName, "restored");
        await File.WriteAllTextAsync(Path.Combine(folder, "a.txt"), "content");
        using AmazonS3Client client = _server.NewClient();

        #region A client of the application
        var options = new S3StorageOptions { Bucket = "bucket", Prefix = "hosts/alpha" };
        await using S3Storage storage = await S3Storage.OpenAsync(client, options);
        var engine = new TarEngine(storage);
        await engine.BackupAsync(folder, "home");
        await engine.RestoreAsync("home", destination);
        #endregion

        (await File.ReadAllTextAsync(Path.Combine(destination, "a.txt"))).Should().Be("content");
        _server.OpenUploads.Should().Be(0);
    }

    [Fact]
    public async Task A_bucket_that_is_away()
    {
        string backups = _folder.CreateSubdirectory("backups").FullName;
        string attic = _folder.CreateSubdirectory("attic").FullName;
        string folder = _folder.CreateSubdirectory("source").FullName;
        var options = new S3StorageOptions
        {
            Endpoint = new Uri("http://127.0.0.1:9"), Bucket = "backups", Credentials = new Amazon.Runtime.BasicAWSCredentials("a", "s"), RetryFor = TimeSpan.Zero,
        };

        #region A bucket in a mirror
        await using var mirror = new MirrorStorage(
            [
                new("here", new FileStorage(backups)),
                new("attic", new FileStorage(attic)),
                await MirrorMember.OpenAsync("bucket", token => S3Storage.OpenAsync(options, token)),
            ],
            new MirrorOptions { Quorum = 2 });
        BackupResult result = await new TarEngine(mirror).BackupAsync(folder, "home");
        #endregion

        result.Outcome.Should().Be(BackupOutcome.CompleteWithDegradedMirror);
        result.Lagging.Should().ContainSingle().Which.Reason.Should().Contain("http://127.0.0.1:9 cannot be reached");
    }

    [Fact]
    public async Task A_server_that_is_not_there()
    {
        Func<Task> open = async () =>
        {
            #region A server by its address
            await using S3Storage storage = await S3Storage.OpenAsync(new S3StorageOptions
            {
                Endpoint = new Uri("http://127.0.0.1:9"),
                Bucket = "backups",
                Credentials = new Amazon.Runtime.BasicAWSCredentials("ACCESS KEY", "SECRET KEY"),
                MemoryBudget = 128 << 20,
                Parallelism = 8,
                RetryFor = TimeSpan.Zero,
            });
            #endregion
        };

        (await open.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(StorageErrorKind.Unavailable);
    }
}
