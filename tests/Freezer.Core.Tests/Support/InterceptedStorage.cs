using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>A storage in which something happens just before an object is written, before or after one is deleted, or once it was read: what somebody else does meanwhile.</summary>
internal sealed class InterceptedStorage(IStorage inner) : DelegatingStorage(inner)
{
    internal Func<StorageKey, Task>? BeforeWrite { get; set; }

    internal Func<StorageKey, Task>? BeforeDelete { get; set; }

    internal Func<StorageKey, Task>? AfterDelete { get; set; }

    internal Func<StorageKey, Task>? AfterRead { get; set; }

    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        await (BeforeWrite?.Invoke(key) ?? Task.CompletedTask);
        return await Inner.WriteAsync(key, content, options, cancellationToken);
    }

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        StorageEntry entry = await Inner.ReadAsync(key, destination, options, cancellationToken);
        await (AfterRead?.Invoke(key) ?? Task.CompletedTask);
        return entry;
    }

    public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        await (BeforeDelete?.Invoke(key) ?? Task.CompletedTask);
        await Inner.DeleteAsync(key, cancellationToken);
        await (AfterDelete?.Invoke(key) ?? Task.CompletedTask);
    }
}
