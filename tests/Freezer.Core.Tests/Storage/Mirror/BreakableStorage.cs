using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Storage;

namespace Freezer.Tests.Storage.Mirror;

/// <summary>A storage, as one process reaches it, that can be broken in several ways.</summary>
internal sealed class BreakableStorage(IStorage inner) : DelegatingStorage(inner)
{
    /// <summary>Whether nothing reaches it.</summary>
    internal bool IsDown { get; set; }

    /// <summary>Which writes do nothing but fail.</summary>
    internal Func<StorageKey, bool>? RefusesWrite { get; set; }

    /// <summary>Which writes are done, and their answer is lost.</summary>
    internal Func<StorageKey, bool>? LosesAnswer { get; set; }

    /// <summary>After which number of bytes a read breaks.</summary>
    internal int? BreaksReadAfter { get; set; }

    /// <summary>What happens once a write is published.</summary>
    internal Func<StorageKey, Task>? AfterWrite { get; set; }

    /// <summary>Whether writes take nothing of their content.</summary>
    internal bool IsStuck { get; set; }

    internal int Reads { get; private set; }

    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        Reach();
        if (IsStuck)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        if (RefusesWrite?.Invoke(key) == true)
        {
            throw Fault();
        }

        StorageEntry entry = await base.WriteAsync(key, content, options, cancellationToken);
        await (AfterWrite?.Invoke(key) ?? Task.CompletedTask);
        return LosesAnswer?.Invoke(key) == true ? throw Fault() : entry;
    }

    public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        Reach();
        Reads++;
        if (BreaksReadAfter is not { } length)
        {
            return await base.ReadAsync(key, destination, options, cancellationToken);
        }

        await base.ReadAsync(key, destination, options with { Length = Math.Min(length, options.Length ?? length) }, cancellationToken);
        throw Fault();
    }

    public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Reach();
        return base.FindAsync(key, cancellationToken);
    }

    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (StorageEntry entry in base.ListAsync(prefix, cancellationToken))
        {
            Reach();
            yield return entry;
        }

        Reach();
    }

    public override Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Reach();
        return base.DeleteAsync(key, cancellationToken);
    }

    private void Reach()
    {
        if (IsDown)
        {
            throw Fault();
        }
    }

    private static StorageException Fault() => new(StorageErrorKind.Unavailable, null, "planned", isTransient: true);
}
