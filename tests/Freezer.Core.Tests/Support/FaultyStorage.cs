using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Storage;

namespace Freezer.Tests.Support;

/// <summary>A storage whose call number N fails, before it does anything or after it has done everything.</summary>
internal sealed class FaultyStorage(IStorage inner, int failingCall, bool afterDoing = false) : DelegatingStorage(inner)
{
    private int _calls;

    internal StorageException Fault { get; } = new(StorageErrorKind.Unavailable, null, "planned");

    internal int Calls => Volatile.Read(ref _calls);

    internal bool Fired { get; private set; }

    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        bool fails = Next();
        StorageEntry entry = await Inner.WriteAsync(key, content, options, cancellationToken);
        return fails ? throw Fault : entry;
    }

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        bool fails = Next();
        StorageEntry entry = await Inner.ReadAsync(key, destination, options, cancellationToken);
        return fails ? throw Fault : entry;
    }

    public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        bool fails = Next();
        StorageEntry? entry = await Inner.FindAsync(key, cancellationToken);
        return fails ? throw Fault : entry;
    }

    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        bool fails = Next();
        await foreach (StorageEntry entry in Inner.ListAsync(prefix, cancellationToken))
        {
            yield return entry;
        }

        if (fails)
        {
            throw Fault;
        }
    }

    public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        bool fails = Next();
        await Inner.DeleteAsync(key, cancellationToken);
        if (fails)
        {
            throw Fault;
        }
    }

    /// <summary>Counts the call; true where it is to fail once it is done.</summary>
    private bool Next()
    {
        bool fails = Interlocked.Increment(ref _calls) == failingCall;
        Fired |= fails;
        return fails && !afterDoing ? throw Fault : fails;
    }
}
