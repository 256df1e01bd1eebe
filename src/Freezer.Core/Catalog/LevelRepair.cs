using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>Repairs one level: stores its manifest and its index anew, beside those that are damaged, and makes them the level's by a document of their own.</summary>
/// <remarks>
/// <para>The manifest comes from the best source that there is: frame by frame where all of them are sound; from the manifest object alone where only the index is lost
/// and the object is all of the manifest; and otherwise from the engine, which makes it of the archive.</para>
/// <para>Nothing is ever deleted or written over. Until its document is there, what a repair wrote counts for nothing, and a sweep removes it.</para>
/// </remarks>
internal sealed class LevelRepair : IRestoreSource, IDisposable
{
    private readonly IStorage _storage;
    private readonly IReadOnlyList<CommittedBackup> _chain;
    private readonly CodecSet _codecs;
    private readonly BackupEngineOptions _settings;
    private readonly int _queueSize;
    private readonly OperationReport _report;
    private readonly Func<RepairContext, CancellationToken, Task> _rebuildManifest;
    private readonly ChainReader _reader;
    private readonly ManifestFrameSet _parentFrames = new();
    private bool _isManifestReadable;

    internal LevelRepair(
        IStorage storage,
        IReadOnlyList<CommittedBackup> chain,
        CodecSet codecs,
        BackupEngineOptions settings,
        int queueSize,
        OperationReport report,
        Func<RepairContext, CancellationToken, Task> rebuildManifest)
    {
        _storage = storage;
        _chain = chain;
        _codecs = codecs;
        _settings = settings;
        _queueSize = queueSize;
        _report = report;
        _rebuildManifest = rebuildManifest;
        _reader = new ChainReader(storage, chain, codecs, settings.Parallelism, queueSize, report) { CountsFailuresAsDamage = true, ReadsWithoutIndex = true };
    }

    public IReadOnlyList<Backup> Chain => _reader.Chain;

    /// <summary>Whether the engine made the manifest of the archive.</summary>
    internal bool IsFromArchive { get; private set; }

    private CommittedBackup Commit => _chain[^1];

    private Backup Target => Chain[^1];

    public bool HasManifest(Backup level) => level != Target && _reader.HasManifest(level);

    public Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        _reader.ReadManifestAsync(level, Chain.Count > 1 && level == Chain[^2] ? _parentFrames : null, consume, cancellationToken);

    public Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        _reader.ReadArchiveAsync(level, consume, cancellationToken);

    public Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        _reader.ReadArchiveAsync(level, offset, consume, cancellationToken);

    public void Dispose() => _reader.Dispose();

    /// <summary>Says what has to be repaired, or <see langword="null"/>.</summary>
    /// <exception cref="BackupDamagedException">The archive is not there, or has another length than was stored.</exception>
    internal async Task<string?> FindProblemAsync(CancellationToken cancellationToken)
    {
        BackupDocument document = Commit.Document;
        BackupLocation location = Commit.Location;
        if (await FindDefectAsync(location.Archive, document.Archive.Length, null, cancellationToken).ConfigureAwait(false) is { } lost)
        {
            throw new BackupDamagedException($"{Target} cannot be repaired: {lost} Restore what is sound of it with {nameof(RestoreOptions)}.{nameof(RestoreOptions.SkipDamaged)}.");
        }

        string? unreadable = await FindWhyUnreadableAsync(cancellationToken).ConfigureAwait(false);
        _isManifestReadable = unreadable is null;
        return Commit.RefusedRepair?.Message
            ?? await FindDefectAsync(location.Index, document.Index.Length, document.Index.Digest, cancellationToken).ConfigureAwait(false)
            ?? await FindDefectAsync(location.Manifest, document.Manifest.Length, document.Manifest.Digest, cancellationToken).ConfigureAwait(false)
            ?? unreadable
            ?? await FindSupersededAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores manifest and index anew.</summary>
    /// <returns>The backup as it is now.</returns>
    /// <exception cref="BackupDamagedException">Something that it takes is damaged too.</exception>
    /// <exception cref="BackupUnsupportedException">The engine cannot make a manifest of an archive.</exception>
    /// <exception cref="BackupException">Somebody else is at work on the backup.</exception>
    internal async Task<CommittedBackup> RunAsync(CancellationToken cancellationToken)
    {
        BackupDocument document = Commit.Document;
        var claim = new ClaimDocument(document.Id, document.ParentId, document.IsSealed ? "" : _settings.SourceHost, Environment.ProcessId);
        BackupClaim claimed = await BackupClaim.TakeAsync(
            _storage, Commit.Location, claim, _settings.TimeProvider, _settings.Logger, cancellationToken).ConfigureAwait(false);
        await using (claimed.ConfigureAwait(false))
        {
            BackupLocation location = Commit.Location with { Repair = await FindNextAsync(cancellationToken).ConfigureAwait(false) };
            (StoredObjectDescription manifest, IndexDescription index) = await WriteAsync(location, cancellationToken).ConfigureAwait(false);
            document = document with { Repair = location.Repair, Manifest = manifest, Index = index, Library = BackupDocument.ThisLibrary };
            await CommitAsync(location, document, cancellationToken).ConfigureAwait(false);
            return new CommittedBackup(location, document, Commit.DataKey);
        }
    }

    /// <summary>Says what is wrong with an object, or <see langword="null"/>.</summary>
    private async Task<string?> FindDefectAsync(StorageKey key, long length, string? digest, CancellationToken cancellationToken)
    {
        StorageEntry? entry = await _storage.FindAsync(key, cancellationToken).ConfigureAwait(false);
        return entry is null ? $"The object {key} is missing."
            : entry.Length != length ? $"The object {key} has {entry.Length} bytes, and {length} were stored."
            : digest is not null && !await _reader.IsSoundAsync(key, length, digest, cancellationToken).ConfigureAwait(false) ? $"The bytes of the object {key} are not those that were stored."
            : null;
    }

    /// <summary>Reads the manifest with all that it refers to, and says why it cannot be read.</summary>
    private async Task<string?> FindWhyUnreadableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _reader.ReadManifestAsync(Target, DrainAsync, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (BackupDamagedException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Says which manifest is referred to although a repair has taken its place: it is evidence, which nobody copies or verifies.</summary>
    private async Task<string?> FindSupersededAsync(CancellationToken cancellationToken)
    {
        LevelIndexReader index = await _reader.OpenIndexAsync(Target, cancellationToken).ConfigureAwait(false);
        await foreach (ManifestFrame frame in index.ReadManifestFramesAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_chain.First(level => level.Document.Id == frame.Owner.Id).Location is { } location && location.Repair != frame.Owner.Repair)
            {
                return $"Its manifest refers to {(location with { Repair = frame.Owner.Repair }).Manifest}, whose place {location.Manifest} has taken.";
            }
        }

        return null;
    }

    /// <summary>The number behind those of all repairs that were ever begun.</summary>
    private async Task<int> FindNextAsync(CancellationToken cancellationToken)
    {
        int last = 0;
        foreach (StoragePrefix prefix in (StoragePrefix[])[Commit.Location.DataFolder, Commit.Location.MetadataFolder])
        {
            await foreach (StorageEntry entry in _storage.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            {
                last = BackupLocation.TryParse(entry.Key, out BackupLocation? place, out _) ? Math.Max(last, place.Repair) : last;
            }
        }

        return checked(last + 1);
    }

    private async Task<(StoredObjectDescription Manifest, IndexDescription Index)> WriteAsync(BackupLocation location, CancellationToken cancellationToken)
    {
        BackupDocument document = Commit.Document;
        ICompressionCodec codec = _codecs.GetAvailable(document.Compression);
        var stream = new StoredStreamOptions
        {
            Codec = codec,
            Level = document.CompressionLevel ?? codec.DefaultLevel,
            FrameSize = codec.DefaultFrameSize,
            Parallelism = _settings.Parallelism,
        };
        var writer = new LevelWriter(_storage, location, document.Id, stream, Commit.DataKey, _queueSize, _report);
        try
        {
            return await writer.WriteManifestAsync(
                async (manifest, index, token) =>
                {
                    await IndexArchiveAsync(index, token).ConfigureAwait(false);
                    await WriteManifestAsync(manifest, token).ConfigureAwait(false);
                },
                _parentFrames,
                _codecs.GetAvailable("none"),
                cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.AlreadyExists)
        {
            throw new BackupException($"Another repair of {Target} is at work: {exception.Message} Repair it again when that has ended.", exception);
        }
    }

    /// <summary>Writes where the frames and leaves of the archive are. A sound index has them; otherwise the archive must be sound.</summary>
    private async Task IndexArchiveAsync(LevelIndexWriter index, CancellationToken cancellationToken)
    {
        BackupDocument document = Commit.Document;
        if (await _reader.IsIndexSoundAsync(Commit, cancellationToken).ConfigureAwait(false))
        {
            LevelIndexReader old = await _reader.OpenIndexAsync(Target, cancellationToken).ConfigureAwait(false);
            await foreach (StoredFrame frame in old.ReadArchiveFramesAsync(default, cancellationToken).ConfigureAwait(false))
            {
                await index.AddArchiveFrameAsync(frame, cancellationToken).ConfigureAwait(false);
            }

            await foreach (Sha256Digest leaf in old.ReadArchiveLeavesAsync(0, cancellationToken).ConfigureAwait(false))
            {
                await index.AddArchiveLeafAsync(leaf, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        await IndexLeavesAsync(index, cancellationToken).ConfigureAwait(false);
        long length = await _reader.FindArchiveFramesAsync(Target, index.AddArchiveFrameAsync, cancellationToken).ConfigureAwait(false);
        if (length != document.Archive.ContentLength)
        {
            throw new BackupDamagedException($"{Target} is damaged: its archive holds {length} bytes, and {document.Archive.ContentLength} were stored.");
        }
    }

    private async Task IndexLeavesAsync(LevelIndexWriter index, CancellationToken cancellationToken)
    {
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (StorageKey, long)[] archive = [(Commit.Location.Archive, Commit.Document.Archive.Length)];
        await foreach (LeafStretch stretch in LeafDigests.ReadAsync(_storage, archive, _settings.Parallelism, cancellationToken).ConfigureAwait(false))
        {
            if (stretch.Failure is { } failure)
            {
                throw new BackupDamagedException($"{Target} cannot be repaired: its index is lost, and the storage cannot deliver its archive: {failure.Message}", failure);
            }

            foreach (Sha256Digest leaf in stretch.Leaves)
            {
                root.AppendData(leaf);
                await index.AddArchiveLeafAsync(leaf, cancellationToken).ConfigureAwait(false);
            }
        }

        if (Convert.ToHexStringLower(root.GetHashAndReset()) != Commit.Document.Archive.Digest)
        {
            throw new BackupDamagedException(
                $"{Target} cannot be repaired: both {Commit.Location.Archive} and its index are damaged. Restore what is sound of it with {nameof(RestoreOptions)}.{nameof(RestoreOptions.SkipDamaged)}.");
        }
    }

    private async Task WriteManifestAsync(FramedManifestWriter manifest, CancellationToken cancellationToken)
    {
        if (_isManifestReadable)
        {
            await CopyFramesAsync(manifest, cancellationToken).ConfigureAwait(false);
        }
        else if (await IsManifestCompleteAsync(cancellationToken).ConfigureAwait(false))
        {
            await _reader.ReadManifestWithoutIndexAsync(Target, (content, token) => CopyAsync(content, manifest, token), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            IsFromArchive = true;
            await _rebuildManifest(new RepairContext(this, manifest, _report), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stores the manifest frame by frame as it was, so that later manifests still find the frames that they have in common with it.</summary>
    private async Task CopyFramesAsync(FramedManifestWriter manifest, CancellationToken cancellationToken)
    {
        if (Chain.Count > 1)
        {
            await ReadManifestAsync(Chain[^2], DrainAsync, cancellationToken).ConfigureAwait(false);
        }

        LevelIndexReader index = await _reader.OpenIndexAsync(Target, cancellationToken).ConfigureAwait(false);
        await _reader.ReadManifestAsync(
            Target,
            async (content, token) =>
            {
                await foreach (ManifestFrame frame in index.ReadManifestFramesAsync(token).ConfigureAwait(false))
                {
                    manifest.BeginFrame(frame.StartsBlock);
                    await CopyFrameAsync(content, frame.Frame.ContentLength, manifest, token).ConfigureAwait(false);
                    await manifest.FlushAsync(token).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask CopyFrameAsync(PipeReader content, int length, FramedManifestWriter manifest, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            ReadResult read = await content.ReadOrThrowAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> bytes = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, length));
            if (bytes.IsEmpty && read.IsCompleted)
            {
                throw new InvalidDataException("The manifest ends before its last frame.");
            }

            Write(bytes, manifest);
            length -= (int)bytes.Length;
            content.AdvanceTo(bytes.End);
        }
    }

    /// <summary>Whether the manifest object is sound and all of the manifest: how much content it should have is in the commit.</summary>
    private async Task<bool> IsManifestCompleteAsync(CancellationToken cancellationToken)
    {
        StoredObjectDescription described = Commit.Document.Manifest;
        if (!await _reader.IsSoundAsync(Commit.Location.Manifest, described.Length, described.Digest, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        long length = 0;
        await _reader.ReadManifestWithoutIndexAsync(
            Target, async (content, token) => length = await CountAsync(content, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return length == described.ContentLength;
    }

    private static async Task CopyAsync(PipeReader content, FramedManifestWriter manifest, CancellationToken cancellationToken)
    {
        ReadResult read;
        do
        {
            read = await content.ReadOrThrowAsync(cancellationToken).ConfigureAwait(false);
            Write(read.Buffer, manifest);
            content.AdvanceTo(read.Buffer.End);
            await manifest.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!read.IsCompleted);
    }

    private static void Write(in ReadOnlySequence<byte> content, FramedManifestWriter manifest)
    {
        foreach (ReadOnlyMemory<byte> segment in content)
        {
            manifest.Write(segment.Span);
        }
    }

    private static Task DrainAsync(PipeReader content, CancellationToken cancellationToken) => CountAsync(content, cancellationToken);

    private static async Task<long> CountAsync(PipeReader content, CancellationToken cancellationToken)
    {
        long length = 0;
        ReadResult read;
        do
        {
            read = await content.ReadOrThrowAsync(cancellationToken).ConfigureAwait(false);
            length += read.Buffer.Length;
            content.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
        return length;
    }

    /// <summary>Looks that all is there, and makes it the level's.</summary>
    private async Task CommitAsync(BackupLocation location, BackupDocument document, CancellationToken cancellationToken)
    {
        using (var written = new ChainReader(_storage, [new CommittedBackup(location, document, Commit.DataKey)], _codecs, _settings.Parallelism, _queueSize))
        {
            await written.CheckObjectsAsync(cancellationToken).ConfigureAwait(false);
        }

        if (await _storage.FindAsync(location.Metadata, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new BackupException($"{Target} was deleted while it was repaired.");
        }

        byte[] bytes = document.ToBytes(Commit.DataKey);
        try
        {
            await _storage.WriteBytesAsync(location.RepairDocument, bytes, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception)
        {
            if (!exception.LeavesOutcomeOpen || !await IsOursAsync(location, bytes, cancellationToken).ConfigureAwait(false))
            {
                throw new BackupException($"The repair {location.RepairDocument} could not be written, or not be confirmed: {exception.Message} Repair the backup again.", exception);
            }
        }
    }

    private async Task<bool> IsOursAsync(BackupLocation location, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            byte[] there = await _storage.ReadBytesAsync(location.RepairDocument, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
            return there.AsSpan().SequenceEqual(bytes);
        }
        catch (Exception exception) when (exception is StorageException or InvalidDataException)
        {
            // It cannot be read either: the first failure is the one to tell of.
            return false;
        }
    }
}
