using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Engines.Tar;
using Freezer.Platform;
using Freezer.Storage;
using Freezer.Tests.Engines.Tar.Create;
using Freezer.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>A destination with something beside it that no restore may touch, and the engine that restores into it.</summary>
internal sealed class RestoreBench : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly FileTree _tree;
    private readonly TreeSnapshot _outsideBefore;

    internal RestoreBench(FileTree? tree = null)
    {
        _tree = tree ?? FileTree.ForThisMachine;
        Outside = _scratch.Make("outside");
        Directory.CreateDirectory(Path.Combine(Outside, "d"));
        File.WriteAllText(Path.Combine(Outside, "secret"), "untouched");
        File.WriteAllText(Path.Combine(Outside, "d", "inner"), "untouched");
        _outsideBefore = TreeSnapshot.Take(Outside);
    }

    internal string Scratch => _scratch.Path;

    internal string Root => Path.Combine(_scratch.Path, "destination");

    internal string Outside { get; }

    /// <summary>How much the last restore read of archives and manifests.</summary>
    internal long BytesRead { get; private set; }

    internal string this[string path] => Path.Combine(Root, path);

    internal string MakeDirectory(string name) => _scratch.Make(name);

    /// <summary>Replays archives without manifests, the first as level 0.</summary>
    internal Task<OperationReport> ReplayAsync(params byte[][] archives) => ReplayAsync(RestoreOptions.Default, archives);

    internal Task<OperationReport> ReplayAsync(RestoreOptions options, params byte[][] archives) =>
        RunAsync(options, [.. archives.Select(static (archive, level) => new StoredLevel(Levels.Make(level), archive, null))], default);

    /// <summary>Restores levels as the engine does: directly where they have manifests.</summary>
    internal async Task<OperationReport> RunAsync(
        RestoreOptions options, IReadOnlyList<StoredLevel> levels, CancellationToken cancellationToken, Action<long>? delivering = null)
    {
        var source = new StoredChain(levels) { Delivering = delivering };
        try
        {
            return await RunAsync(Root, _tree, options, source, cancellationToken);
        }
        finally
        {
            source.OpenStreams.Should().Be(0, "whoever opens a stream of the storage closes it");
            BytesRead = source.BytesRead;
        }
    }

    /// <summary>Restores a chain into any directory.</summary>
    internal static async Task<OperationReport> RunAsync(
        string destination, FileTree tree, RestoreOptions options, StoredChain chain, CancellationToken cancellationToken)
    {
        var report = new OperationReport(null, TimeProvider.System);
        var context = new RestoreContext(report, chain) { Destination = destination, Options = options, Logger = NullLogger.Instance };
        var engine = new TarEngine(new NoStorage(), tree);
        try
        {
            await Prepare(engine, context, cancellationToken);
            await RestoreChain(engine, context, cancellationToken);
            await Finish(engine, context, cancellationToken);
            return report;
        }
        finally
        {
            (context.State as IDisposable)?.Dispose();
        }
    }

    internal Task<OperationReport> RunAsync(RestoreOptions options, params TarLevel[] levels) =>
        RunAsync(options, [.. levels.Select(static level => new StoredLevel(level.Backup, level.Archive, level.Manifest))], default);

    internal void OutsideShouldBeUntouched() => _outsideBefore.DifferencesTo(TreeSnapshot.Take(Outside)).Should().BeEmpty();

    /// <summary>What is in the destination: paths in order, and what a file holds.</summary>
    internal string[] Names() =>
        [.. TreeSnapshot.Take(Root, TreeAspects.None).Entries.Keys.Where(static path => !path.IsRoot).Select(static path => path.ToString())];

    public void Dispose() => _scratch.Dispose();

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "PrepareDestinationAsync")]
    private static extern Task Prepare(TarEngine engine, RestoreContext context, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "RestoreChainAsync")]
    private static extern Task RestoreChain(TarEngine engine, RestoreContext context, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "FinishRestoreAsync")]
    private static extern Task Finish(TarEngine engine, RestoreContext context, CancellationToken cancellationToken);

    /// <summary>An engine wants a storage; the chain comes from memory.</summary>
    private sealed class NoStorage : IStorage
    {
        public StorageCapabilities Capabilities => throw new NotSupportedException();

        public Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public TFeature? GetFeature<TFeature>()
            where TFeature : class => null;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>One level as it is stored.</summary>
internal sealed record StoredLevel(Backup Backup, byte[] Archive, byte[]? Manifest);

/// <summary>Levels that no backup was taken of.</summary>
internal static class Levels
{
    private static readonly Guid[] s_ids = [.. Enumerable.Range(1, 100).Select(static i => new Guid(i, 0, 0, new byte[8]))];

    internal static Backup Make(int level) => new()
    {
        EngineName = "tar",
        BackupName = "test",
        ChainTimestamp = DateTimeOffset.UnixEpoch,
        Timestamp = DateTimeOffset.UnixEpoch.AddSeconds(level),
        Level = level,
        Id = s_ids[level],
    };
}
