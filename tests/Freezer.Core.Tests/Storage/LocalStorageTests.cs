using System.IO.Pipelines;
using Freezer.Storage;
using Freezer.Tests.Support;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage;

/// <summary>What the storages of the library do beyond the contract.</summary>
public sealed class LocalStorageTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("memory", true)]
    [InlineData("memory", false)]
    [InlineData("file", true)]
    [InlineData("file", false)]
    public async Task A_read_in_flight_goes_on_with_what_it_began_with(string kind, bool deleted)
    {
        await using IStorage storage = Open(kind);
        byte[] content = Bytes(12 << 20);
        await storage.PutAsync("a/b", content);
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        Task<StorageEntry> reading = storage.ReadAsync(Key("a/b"), pipe.Writer, ReadOptions.Whole);
        ReadResult first = await pipe.Reader.ReadAsync();
        first.Buffer.Length.Should().BeLessThan(content.Length);
        pipe.Reader.AdvanceTo(first.Buffer.Start);

        if (deleted)
        {
            await storage.DeleteAsync(Key("a/b"));
        }
        else
        {
            await storage.PutAsync("a/b", "new", WriteOptions.Replace);
        }

        Task<byte[]> consuming = ConsumeAsync(pipe.Reader);
        (await reading).Length.Should().Be(content.Length);
        await pipe.Writer.CompleteAsync();
        (await consuming).AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task Each_replacement_has_a_version_of_its_own_also_with_the_same_content(string kind)
    {
        await using IStorage storage = Open(kind);
        HashSet<string?> versions = [];
        for (int i = 0; i < 50; i++)
        {
            StorageEntry written = await storage.PutAsync("a", $"{i % 2}", WriteOptions.Replace);
            versions.Add(written.Version);
        }

        versions.Should().HaveCount(50).And.NotContainNulls();
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("file")]
    public async Task A_cancelled_call_carries_the_token_that_cancelled_it(string kind)
    {
        await using IStorage storage = Open(kind);
        using CancellationTokenSource cancellation = new();
        Pipe pipe = new();
        Task<StorageEntry> writing = storage.WriteAsync(Key("a/b"), pipe.Reader, WriteOptions.CreateNew, cancellation.Token);
        await cancellation.CancelAsync();

        (await writing.Awaiting(w => w).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        (await storage.Awaiting(s => s.FindAsync(Key("a"), cancellation.Token)).Should().ThrowAsync<OperationCanceledException>())
            .Which.CancellationToken.Should().Be(cancellation.Token);
    }

    private IStorage Open(string kind) => kind == "file" ? new FileStorage(_scratch["root"]) : new MemoryStorage();
}
