using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Engines.BlockDiff;
using Freezer.Storage;
using Freezer.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>A level as a storage would hold it.</summary>
internal sealed record StoredLevel(Backup Backup, byte[] Archive, byte[] Manifest, IReadOnlyList<int> ManifestBlocks);

/// <summary>Drives an engine's two sides without a storage: archives and manifests stay in memory.</summary>
internal sealed class BlockTestBed
{
    internal const int SmallBlock = 4096;

    private int _backups;

    internal BlockTestBed(IVolumeProvider? volumes = null, int blockSize = SmallBlock, bool verify = false, int parallelism = 3)
    {
        BlockSize = blockSize;
        Volumes = volumes as MemoryVolumes ?? new MemoryVolumes();
        Engine = new BlockDiffEngine(
            new NoStorage(),
            new BlockDiffEngineOptions { BlockSize = blockSize, Volumes = volumes ?? Volumes, VerifyChangedExtents = verify, Pool = Pool },
            new BackupEngineOptions { Parallelism = parallelism });
    }

    internal BlockDiffEngine Engine { get; }

    internal int BlockSize { get; }

    internal MemoryVolumes Volumes { get; }

    internal CountingPool Pool { get; } = new();

    /// <summary>How often an archive was opened in the last restore.</summary>
    internal int ArchiveReads { get; private set; }

    internal OperationReport Report { get; private set; } = new(null, TimeProvider.System);

    internal async Task<StoredLevel> BackupAsync(string resource, StoredLevel? parent = null, CancellationToken cancellationToken = default)
    {
        var archive = new MemoryStream();
        (Backup backup, MemoryManifest manifest) = await BackupAsync(resource, PipeWriter.Create(archive), parent, cancellationToken);
        return new StoredLevel(backup, archive.ToArray(), manifest.ToArray(), manifest.Blocks);
    }

    internal async Task<(Backup Backup, MemoryManifest Manifest)> BackupAsync(string resource, PipeWriter archive, StoredLevel? parent, CancellationToken cancellationToken = default)
    {
        Report = new OperationReport(null, TimeProvider.System);
        var manifest = new MemoryManifest();
        DateTimeOffset timestamp = DateTimeOffset.UnixEpoch.AddSeconds(++_backups);
        var context = new BackupContext(Report)
        {
            Resource = resource,
            BackupName = "test",
            BackupId = Guid.NewGuid(),
            Parent = parent?.Backup,
            Timestamp = timestamp,
            Options = BackupOptions.Default,
            ParentManifest = parent is null ? null : PipeReader.Create(new ReadOnlySequence<byte>(parent.Manifest)),
            Manifest = manifest,
            Logger = NullLogger.Instance,
        };
        await WriteArchive(Engine, context, archive, cancellationToken);
        await archive.CompleteAsync();
        var backup = new Backup
        {
            EngineName = Engine.Name,
            BackupName = context.BackupName,
            ChainTimestamp = parent?.Backup.ChainTimestamp ?? timestamp,
            Timestamp = timestamp,
            Level = context.Level,
            Id = context.BackupId,
            ParentId = parent?.Backup.Id,
            EngineFacts = new Dictionary<string, string>(context.Facts),
        };
        return (backup, manifest);
    }

    internal async Task<BackupPlan> PlanAsync(string resource, StoredLevel parent)
    {
        var context = new BackupPlanContext(resource, parent.Backup, (consume, token) => consume(PipeReader.Create(new ReadOnlySequence<byte>(parent.Manifest)), token));
        return await Plan(Engine, context, CancellationToken.None);
    }

    /// <summary>Restores as the workflow does: prepare, the chain, finish, and dispose whatever happens.</summary>
    internal async Task RestoreAsync(string destination, IReadOnlyList<StoredLevel> chain, bool overwrite = false, bool skipDamaged = false, CancellationToken cancellationToken = default)
    {
        Report = new OperationReport(null, TimeProvider.System);
        var source = new MemoryChain(chain);
        var context = new RestoreContext(Report, source)
        {
            Destination = destination,
            Options = new RestoreOptions { Overwrite = overwrite, SkipDamaged = skipDamaged },
            Logger = NullLogger.Instance,
        };
        try
        {
            await PrepareDestination(Engine, context, cancellationToken);
            await RestoreChain(Engine, context, cancellationToken);
            await FinishRestore(Engine, context, cancellationToken);
        }
        finally
        {
            ArchiveReads = source.ArchiveReads;
            if (context.State is IAsyncDisposable state)
            {
                await state.DisposeAsync();
            }
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "WriteArchiveAsync")]
    private static extern Task WriteArchive(BlockDiffEngine engine, BackupContext context, PipeWriter archive, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "PlanAsync")]
    private static extern ValueTask<BackupPlan> Plan(BlockDiffEngine engine, BackupPlanContext context, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "PrepareDestinationAsync")]
    private static extern Task PrepareDestination(BlockDiffEngine engine, RestoreContext context, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "RestoreChainAsync")]
    private static extern Task RestoreChain(BlockDiffEngine engine, RestoreContext context, CancellationToken cancellationToken);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "FinishRestoreAsync")]
    private static extern Task FinishRestore(BlockDiffEngine engine, RestoreContext context, CancellationToken cancellationToken);

    /// <summary>A chain whose levels with an empty manifest have lost theirs.</summary>
    private sealed class MemoryChain(IReadOnlyList<StoredLevel> levels) : IRestoreSource
    {
        private int _archiveReads;

        internal int ArchiveReads => _archiveReads;

        public IReadOnlyList<Backup> Chain { get; } = [.. levels.Select(static level => level.Backup)];

        public bool HasManifest(Backup level) => Find(level).Manifest.Length > 0;

        public Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
            consume(PipeReader.Create(new ReadOnlySequence<byte>(Find(level).Manifest)), cancellationToken);

        public Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
            ReadArchiveAsync(level, 0, consume, cancellationToken);

        public Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _archiveReads);
            byte[] archive = Find(level).Archive;
            return consume(PipeReader.Create(new ReadOnlySequence<byte>(archive.AsMemory((int)Math.Min(offset, archive.Length)))), cancellationToken);
        }

        private StoredLevel Find(Backup level) => levels.Single(stored => stored.Backup.Id == level.Id);
    }

    private sealed class NoStorage : IStorage
    {
        public StorageCapabilities Capabilities { get; } = new();

        public Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
