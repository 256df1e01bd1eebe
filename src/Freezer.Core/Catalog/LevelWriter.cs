using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Formats.StreamingAead;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>What was written of a level.</summary>
internal sealed record LevelObjects(StoredObjectDescription Archive, StoredObjectDescription Manifest, IndexDescription Index);

/// <summary>Writes the three objects of a level side by side: archive, manifest and index. A repair writes the last two anew.</summary>
/// <param name="storage">Where they go.</param>
/// <param name="location">Their place, and the repair that writes them.</param>
/// <param name="id">The backup's identity.</param>
/// <param name="stream">How archive and manifest are stored.</param>
/// <param name="dataKey">What everything is encrypted with, or <see langword="null"/>.</param>
/// <param name="queueSize">How many bytes may wait between two stages.</param>
/// <param name="report">Hears what was stored.</param>
internal sealed class LevelWriter(
    IStorage storage, BackupLocation location, Guid id, StoredStreamOptions stream, DataKey? dataKey, int queueSize, OperationReport report)
{
    private readonly TransferOptions _transfer = new() { QueueSize = queueSize };

    /// <summary>Runs the engine, and everything behind it, to the end.</summary>
    /// <param name="write">The engine: writes the archive and the manifest.</param>
    /// <param name="parentFrames">The frames of the parent's manifest, as they become known.</param>
    /// <param name="noneCodec">Stores as it is.</param>
    /// <param name="cancellationToken">Cancels all of it.</param>
    internal async Task<LevelObjects> WriteAsync(
        Func<PipeWriter, ManifestWriter, CancellationToken, Task> write,
        ManifestFrameSet? parentFrames,
        ICompressionCodec noneCodec,
        CancellationToken cancellationToken)
    {
        StoredStreamSummary? archive = null;
        using AeadStream? seal = dataKey?.Seal(id, SealedRole.Archive);
        ArchiveObserver? observer = null;
        (StoredObjectDescription manifest, IndexDescription index) = await WriteManifestAsync(
            async (manifestWriter, indexWriter, token) => archive = await StoreAsync(
                location.Archive,
                stream with { Seal = seal },
                observer = new ArchiveObserver(indexWriter, report),
                (content, archiveToken) => write(content, manifestWriter, archiveToken),
                token).ConfigureAwait(false),
            parentFrames,
            noneCodec,
            cancellationToken).ConfigureAwait(false);
        // What encryption adds is in no frame.
        report.AddStored(archive!.StoredLength - observer!.Reported);
        return new LevelObjects(StoredObjectDescription.Of(archive), manifest, index);
    }

    /// <summary>Writes the manifest and the index alone.</summary>
    /// <param name="write">Writes the manifest, and to the index where the frames and leaves of the archive are.</param>
    /// <param name="parentFrames">The frames of the parent's manifest, as they become known.</param>
    /// <param name="noneCodec">Stores as it is.</param>
    /// <param name="cancellationToken">Cancels all of it.</param>
    internal async Task<(StoredObjectDescription Manifest, IndexDescription Index)> WriteManifestAsync(
        Func<FramedManifestWriter, LevelIndexWriter, CancellationToken, Task> write,
        ManifestFrameSet? parentFrames,
        ICompressionCodec noneCodec,
        CancellationToken cancellationToken)
    {
        StoredStreamSummary? manifest = null;
        (int Length, Sha256Digest Digest) directory = default;
        using AeadStream? seal = dataKey?.Seal(id, SealedRole.Index, location.Repair);
        var plain = new StoredStreamOptions { Codec = noneCodec, Level = noneCodec.DefaultLevel, FrameSize = noneCodec.DefaultFrameSize, Seal = seal, Parallelism = 1 };
        StoredStreamSummary index = await StoreAsync(
            location.Index,
            plain,
            Unobserved.Instance,
            async (indexPipe, indexToken) =>
            {
                using var indexWriter = new LevelIndexWriter(indexPipe);
                manifest = await StoreManifestAsync(write, indexWriter, parentFrames, indexToken).ConfigureAwait(false);
                directory = await indexWriter.CompleteAsync(indexToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        report.AddStored(index.StoredLength);
        return (
            StoredObjectDescription.Of(manifest!),
            new IndexDescription
            {
                Length = index.StoredLength,
                Digest = index.Digest.ToString(),
                DirectoryLength = directory.Length,
                DirectoryDigest = directory.Digest.ToString(),
            });
    }

    private async Task<StoredStreamSummary> StoreManifestAsync(
        Func<FramedManifestWriter, LevelIndexWriter, CancellationToken, Task> write, LevelIndexWriter index, ManifestFrameSet? parentFrames, CancellationToken cancellationToken)
    {
        StoredStreamSummary? manifest = null;
        StorageEntry? entry = null;
        using AeadStream? seal = dataKey?.Seal(id, SealedRole.Manifest, location.Repair);
        await Transfer.RunAsync(
            async (stored, token) =>
            {
                var writer = new FramedManifestWriter(stored, stream with { Seal = seal }, index, new FrameOwner(id, location.Repair), parentFrames);
                await using (writer.ConfigureAwait(false))
                {
                    await write(writer, index, token).ConfigureAwait(false);
                    manifest = await writer.EndAsync(token).ConfigureAwait(false);
                }
            },
            async (stored, token) => entry = await storage.WriteAsync(location.Manifest, stored, WriteOptions.CreateNew, token).ConfigureAwait(false),
            _transfer,
            cancellationToken).ConfigureAwait(false);
        CheckLength(entry!, manifest!.StoredLength);
        report.AddStored(manifest.StoredLength);
        return manifest;
    }

    /// <summary>Stores what a producer writes as one object, in frames.</summary>
    private async Task<StoredStreamSummary> StoreAsync(
        StorageKey key, StoredStreamOptions options, IStoredStreamObserver observer, Func<PipeWriter, CancellationToken, Task> produce, CancellationToken cancellationToken)
    {
        StoredStreamSummary? summary = null;
        StorageEntry? entry = null;
        await Transfer.RunAsync(
            produce,
            (content, contentToken) => Transfer.RunAsync(
                async (stored, token) => summary = await StoredStreamWriter.WriteAllAsync(content, stored, options, observer, token).ConfigureAwait(false),
                async (stored, token) => entry = await storage.WriteAsync(key, stored, WriteOptions.CreateNew, token).ConfigureAwait(false),
                _transfer,
                contentToken),
            _transfer,
            cancellationToken).ConfigureAwait(false);
        CheckLength(entry!, summary!.StoredLength);
        return summary;
    }

    private static void CheckLength(StorageEntry entry, long written)
    {
        if (entry.Length != written)
        {
            throw new StorageException(StorageErrorKind.Corrupt, entry.Key.Value, $"{written} bytes were written, and the storage holds {entry.Length}.");
        }
    }

    private sealed class ArchiveObserver(LevelIndexWriter index, OperationReport report) : IStoredStreamObserver
    {
        internal long Reported { get; private set; }

        public ValueTask OnFrameAsync(StoredFrame frame, CancellationToken cancellationToken)
        {
            Reported += frame.StoredLength;
            report.AddStored(frame.StoredLength);
            return index.AddArchiveFrameAsync(frame, cancellationToken);
        }

        public ValueTask OnLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken) => index.AddArchiveLeafAsync(leaf, cancellationToken);
    }

    private sealed class Unobserved : IStoredStreamObserver
    {
        internal static readonly Unobserved Instance = new();

        public ValueTask OnFrameAsync(StoredFrame frame, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask OnLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
