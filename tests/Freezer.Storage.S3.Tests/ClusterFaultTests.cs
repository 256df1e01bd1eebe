using System.Buffers;
using System.IO.Pipelines;
using Freezer.Engines.Tar;
using Freezer.Storage.S3.Tests.Support;

namespace Freezer.Storage.S3.Tests;

/// <summary>What happens to writes and reads while daemons of a real cluster die. These tests do it harm, and heal it.</summary>
[Collection(nameof(Cluster))]
public sealed class ClusterFaultTests(ClusterBucket bucket) : IClassFixture<ClusterBucket>, IAsyncLifetime
{
    private const int Length = 48 << 20;

    private static readonly StorageKey _key = StorageKey.Parse("a");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (Cluster.Find() is not null)
        {
            await Cluster.RunScriptAsync("start");
            await using S3Storage storage = await S3Storage.OpenAsync(bucket.Options);
            await storage.DeleteAsync(_key);
            await storage.SweepAsync(TimeSpan.Zero);
        }
    }

    [SkippableFact]
    public async Task A_write_goes_on_when_a_disk_dies()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options);
        StorageEntry entry = await WriteAsync(storage, static () => Cluster.RunScriptAsync("kill", "osd1"));

        entry.Length.Should().Be(Length);
        (await storage.GetAsync("a")).AsSpan().SequenceEqual(StorageCalls.Bytes(Length)).Should().BeTrue();
        await ShouldLeaveNoUploadAsync();
    }

    [SkippableFact]
    public async Task A_read_goes_on_when_a_disk_dies()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options);
        await WriteAsync(storage, static () => Task.CompletedTask);

        (await ReadAsync(storage, static () => Cluster.RunScriptAsync("kill", "osd0"))).AsSpan().SequenceEqual(StorageCalls.Bytes(Length)).Should().BeTrue();
    }

    [SkippableFact]
    public async Task A_write_goes_on_when_the_gateway_comes_back()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options);
        Task starting = Task.CompletedTask;
        StorageEntry entry = await WriteAsync(storage, async () =>
        {
            await Cluster.RunScriptAsync("kill", "gateway");
            starting = Cluster.RunScriptAsync("start");
        });
        await starting;

        entry.Length.Should().Be(Length);
        (await storage.GetAsync("a")).AsSpan().SequenceEqual(StorageCalls.Bytes(Length)).Should().BeTrue();
        await ShouldLeaveNoUploadAsync();
    }

    [SkippableFact]
    public async Task A_read_goes_on_when_the_gateway_comes_back()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options);
        await WriteAsync(storage, static () => Task.CompletedTask);
        Task starting = Task.CompletedTask;
        byte[] seen = await ReadAsync(storage, async () =>
        {
            await Cluster.RunScriptAsync("kill", "gateway");
            starting = Cluster.RunScriptAsync("start");
        });
        await starting;

        seen.AsSpan().SequenceEqual(StorageCalls.Bytes(Length)).Should().BeTrue();
    }

    [SkippableFact]
    public async Task A_write_fails_when_the_gateway_stays_away()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options with { RetryFor = TimeSpan.FromSeconds(3) });
        Func<Task> write = () => WriteAsync(storage, static () => Cluster.RunScriptAsync("kill", "gateway"));
        StorageException failure = (await write.Should().ThrowAsync<StorageException>()).Which;

        failure.Kind.Should().Be(StorageErrorKind.Unavailable);
        failure.Message.Should().Contain("cannot be reached");
        await Cluster.RunScriptAsync("start");
        (await storage.FindAsync(_key)).Should().BeNull();
        // The gateway was not there to be told that the upload has ended.
        (await storage.SweepAsync(TimeSpan.Zero)).Should().BeLessThanOrEqualTo(1);
        await ShouldLeaveNoUploadAsync();
    }

    [SkippableFact]
    public async Task A_cluster_that_hangs_is_an_error()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options with { RequestTimeout = TimeSpan.FromSeconds(4), RetryFor = TimeSpan.FromSeconds(5) });
        Func<Task> write = () => WriteAsync(storage, static async () =>
        {
            await Cluster.RunScriptAsync("kill", "osd0");
            await Cluster.RunScriptAsync("kill", "osd2");
        });

        StorageException failure = (await write.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.Unavailable);
        failure.Message.Should().Contain("silent for 4 seconds");
    }

    [SkippableFact]
    public async Task A_backup_and_its_restore_go_on_when_disks_die()
    {
        await using S3Storage storage = await OpenAsync(bucket.Options);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("freezer-s3-");
        try
        {
            string source = folder.CreateSubdirectory("source").FullName;
            string destination = Path.Combine(folder.FullName, "restored");
            for (int number = 0; number < 4; number++)
            {
                await File.WriteAllBytesAsync(Path.Combine(source, $"{number}"), StorageCalls.Bytes(Length / 2, number));
            }

            var happening = new HappeningStorage(storage, static () => Cluster.RunScriptAsync("kill", "osd1"));
            await new TarEngine(happening).BackupAsync(source, "name");
            await Cluster.RunScriptAsync("start");
            happening.Next(static () => Cluster.RunScriptAsync("kill", "osd0"));
            await new TarEngine(happening).RestoreAsync("name", destination);

            for (int number = 0; number < 4; number++)
            {
                (await File.ReadAllBytesAsync(Path.Combine(destination, $"{number}"))).AsSpan().SequenceEqual(StorageCalls.Bytes(Length / 2, number)).Should().BeTrue();
            }

            await ShouldLeaveNoUploadAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
            await storage.DeleteAsync([.. (await storage.KeysAsync()).Select(StorageKey.Parse)]);
        }
    }

    private async Task ShouldLeaveNoUploadAsync() => (await Cluster.Get().OpenUploadsAsync(bucket.Options.Bucket)).Should().Be(0);

    private static async Task<S3Storage> OpenAsync(S3StorageOptions options)
    {
        Cluster.Script();
        return await S3Storage.OpenAsync(options);
    }

    private static async Task<StorageEntry> WriteAsync(S3Storage storage, Func<Task> happen)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
        Task<StorageEntry> writing = storage.WriteAsync(_key, pipe.Reader, WriteOptions.Replace);
        byte[] content = StorageCalls.Bytes(Length);
        FlushResult flushed = default;
        for (int offset = 0; offset < Length && !flushed.IsCompleted; offset += 1 << 20)
        {
            if (offset == Length / 2)
            {
                await happen();
            }

            Task flushing = pipe.Writer.WriteAsync(content.AsMemory(offset, 1 << 20)).AsTask();
            if (await Task.WhenAny(writing, flushing) == writing)
            {
                break;
            }
        }

        await pipe.Writer.CompleteAsync();
        return await writing;
    }

    private static async Task<byte[]> ReadAsync(S3Storage storage, Func<Task> happen)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19));
        Task<StorageEntry> reading = storage.ReadAsync(_key, pipe.Writer, ReadOptions.Whole);
        Task ending = reading.ContinueWith(read => pipe.Writer.Complete(read.Exception?.InnerException), TaskScheduler.Default);
        using var seen = new MemoryStream();
        ReadResult first = await pipe.Reader.ReadAtLeastAsync(1 << 16);
        seen.Write(first.Buffer.ToArray());
        pipe.Reader.AdvanceTo(first.Buffer.End);
        await happen();
        await pipe.Reader.CopyToAsync(seen);
        await ending;
        return seen.ToArray();
    }
}
