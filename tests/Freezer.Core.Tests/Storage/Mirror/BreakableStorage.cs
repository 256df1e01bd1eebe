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

    /// <summary>Which writes take all of their content, and are then not published until they are cancelled.</summary>
    internal Func<StorageKey, bool>? HangsAtEnd { get; set; }

    /// <summary>Hears that a call hangs now.</summary>
    internal Action? OnHang { get; set; }

    /// <summary>Whether deletions do not end until they are cancelled.</summary>
    internal bool HangsAtDeletion { get; set; }

    /// <summary>Whether a listing fails before there is one.</summary>
    internal bool RefusesListing { get; set; }

    internal int Reads { get; private set; }

    public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        Reach();
        if (IsStuck)
        {
            await HangAsync(cancellationToken);
        }

        if (RefusesWrite?.Invoke(key) == true)
        {
            throw Fault();
        }

        if (HangsAtEnd?.Invoke(key) == true)
        {
            while (await content.ReadAsync(cancellationToken) is { IsCompleted: false } read)
            {
                content.AdvanceTo(read.Buffer.End);
            }

            await HangAsync(cancellationToken);
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

    public override IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) =>
        RefusesListing ? throw Fault() : ListReachedAsync(prefix, cancellationToken);

    private async IAsyncEnumerable<StorageEntry> ListReachedAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (StorageEntry entry in base.ListAsync(prefix, cancellationToken))
        {
            Reach();
            yield return entry;
        }

        Reach();
    }

    public override async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        Reach();
        if (HangsAtDeletion)
        {
            await HangAsync(cancellationToken);
        }

        await base.DeleteAsync(key, cancellationToken);
    }

    private async Task HangAsync(CancellationToken cancellationToken)
    {
        var never = new TaskCompletionSource();
        OnHang?.Invoke();
        await never.Task.WaitAsync(cancellationToken);
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
