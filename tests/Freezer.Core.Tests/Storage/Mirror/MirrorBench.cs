using Freezer.Storage;

namespace Freezer.Tests.Storage.Mirror;

/// <summary>Storages that outlive processes, and the mirrors over them that processes open.</summary>
internal sealed class MirrorBench(int count, int? quorum = null)
{
    internal static readonly string[] Names = ["one", "two", "three", "four", "five"];

    /// <summary>What is really stored.</summary>
    internal MemoryStorage[] Stores { get; } = [.. Enumerable.Range(0, count).Select(static _ => new MemoryStorage())];

    /// <summary>Opens the mirror as another process would.</summary>
    internal Process Open(MirrorOptions? options = null) => new(Stores, (options ?? new MirrorOptions()) with { Quorum = quorum });

    /// <summary>The keys in a storage, without the mirror's own.</summary>
    internal async Task<List<string>> KeysAsync(int index) =>
        [.. (await StorageCalls.KeysAsync(Stores[index])).Where(static key => !key.StartsWith("mirror/", StringComparison.Ordinal))];

    /// <summary>The mirror as one process has it; each process reaches the storages in its own way.</summary>
    internal sealed class Process
    {
        internal Process(MemoryStorage[] stores, MirrorOptions options)
        {
            Links = [.. stores.Select(static store => new BreakableStorage(store))];
            Mirror = new MirrorStorage([.. Links.Select(static (link, i) => new MirrorMember(Names[i], link))], options);
        }

        internal BreakableStorage[] Links { get; }

        internal MirrorStorage Mirror { get; }

        internal IEnumerable<string> Lagging => Mirror.Lagging.Select(static one => one.Name);
    }
}
