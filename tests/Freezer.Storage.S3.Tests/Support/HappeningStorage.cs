using System.IO.Pipelines;

namespace Freezer.Storage.S3.Tests.Support;

/// <summary>Lets something happen, once, in the middle of the first archive that is written or read.</summary>
internal sealed class HappeningStorage(IStorage inner, Func<Task> happen) : DelegatingStorage(inner)
{
    private Func<Task>? _happen = happen;

    /// <summary>Lets something happen again.</summary>
    internal void Next(Func<Task> happening)
    {
        _happen.Should().BeNull("what was planned before has happened");
        _happen = happening;
    }

    public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
        DuringAsync(key, base.WriteAsync(key, content, options, cancellationToken));

    public override Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
        DuringAsync(key, base.ReadAsync(key, destination, options, cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        _happen.Should().BeNull("what was planned has happened");
        await base.DisposeAsync();
    }

    private async Task<StorageEntry> DuringAsync(StorageKey key, Task<StorageEntry> call)
    {
        if (key.Value.EndsWith("/data", StringComparison.Ordinal) && Interlocked.Exchange(ref _happen, null) is { } happening)
        {
            await happening();
            call.IsCompleted.Should().BeFalse("it happens in the middle");
        }

        return await call;
    }
}
