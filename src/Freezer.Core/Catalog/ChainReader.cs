using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer.Catalog;

/// <summary>Reads the archives and manifests of a chain, verified on the way. Safe from any thread.</summary>
internal sealed class ChainReader : IRestoreSource, IDisposable
{
    private readonly IStorage _storage;
    private readonly CodecSet _codecs;
    private readonly int _parallelism;
    private readonly OperationReport? _report;
    private readonly TransferOptions _whole;
    private readonly TransferOptions _partial;
    private readonly Dictionary<Backup, CommittedBackup> _levels = [];
    private readonly Dictionary<FrameOwner, ManifestOwner> _owners = [];
    private readonly List<StoredObject> _superseded = [];
    private readonly Dictionary<StorageKey, StoredObject> _objects = [];
    private readonly Dictionary<BackupLocation, LevelIndexReader> _indexes = [];
    private readonly Dictionary<StorageKey, bool> _sound = [];
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <exception cref="CompressionUnavailableException">A level is compressed with a codec that this machine does not have.</exception>
    /// <exception cref="BackupDamagedException">Two levels have the same id.</exception>
    internal ChainReader(IStorage storage, IReadOnlyList<CommittedBackup> chain, CodecSet codecs, int parallelism, int queueSize, OperationReport? report = null)
    {
        _storage = storage;
        _codecs = codecs;
        _parallelism = parallelism;
        _report = report;
        _whole = new TransferOptions { QueueSize = queueSize };
        _partial = _whole with { MayEndEarly = true };
        Chain = [.. chain.Select(static level => level.ToBackup())];
        for (int i = 0; i < chain.Count; i++)
        {
            _levels.Add(Chain[i], chain[i]);
            ICompressionCodec codec = codecs.GetAvailable(chain[i].Document.Compression);
            if (!chain[i].IsForeign)
            {
                BackupDocument document = chain[i].Document;
                AddObject(chain[i], chain[i].Location.Archive, document.Archive.Length, SealedRole.Archive);
                AddObject(chain[i], chain[i].Location.Manifest, document.Manifest.Length, SealedRole.Manifest);
                AddObject(chain[i], chain[i].Location.Index, document.Index.Length, SealedRole.Index);
                if (_owners.Keys.Any(owner => owner.Id == document.Id))
                {
                    throw new BackupDamagedException($"{Chain[i]} has the id {document.Id:N}, which another level of its chain has too.");
                }

                _owners.Add(new FrameOwner(document.Id, chain[i].Location.Repair), new ManifestOwner(_objects[chain[i].Location.Manifest], codec));
            }
        }
    }

    public IReadOnlyList<Backup> Chain { get; }

    /// <summary>Whether what the storage has, and does not deliver, counts as damage of the backup rather than as a failure of the storage.</summary>
    internal bool CountsFailuresAsDamage { get; set; }

    /// <summary>Whether an archive whose index is lost is read all the same, from its beginning to its end.</summary>
    internal bool ReadsWithoutIndex { get; set; }

    /// <summary>How much may be decompressed; <see langword="null"/> for as much as there is. Set before anything is read.</summary>
    internal ContentAllowance? Allowance { get; set; }

    public bool HasManifest(Backup level) => !level.IsForeign;

    /// <summary>Looks that every object is there, with the length that its commit says, unless that counts as damage.</summary>
    /// <returns>How long they are together.</returns>
    /// <exception cref="BackupDamagedException">One is missing or has another length.</exception>
    /// <exception cref="BackupUnsupportedException">Another program encrypted it.</exception>
    internal async Task<long> CheckObjectsAsync(CancellationToken cancellationToken)
    {
        long stored = 0;
        foreach (CommittedBackup level in _levels.Values)
        {
            BackupDocument document = level.Document;
            ThrowIfEncryptedByAnother(level);
            stored += await CheckObjectAsync(level, level.Location.Archive, level.IsForeign ? null : document.Archive.Length, cancellationToken).ConfigureAwait(false);
            if (!level.IsForeign)
            {
                stored += await CheckObjectAsync(level, level.Location.Manifest, document.Manifest.Length, cancellationToken).ConfigureAwait(false);
                stored += await CheckObjectAsync(level, level.Location.Index, document.Index.Length, cancellationToken).ConfigureAwait(false);
            }
        }

        return stored;
    }

    public Task ReadManifestAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        ReadManifestAsync(level, null, consume, cancellationToken);

    internal Task ReadManifestAsync(Backup level, ManifestFrameSet? seen, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken) =>
        NamingDamageAsync(level, async () =>
        {
            LevelIndexReader index = await GetIndexAsync(level, cancellationToken).ConfigureAwait(false);
            await Transfer.RunAsync(
                (content, token) => _storage.DeliverSoundAsync(
                    Metered(content),
                    (copy, rest, delivered) => new ManifestSource(copy, index, FindOwnerAsync).ReadAsync(
                        delivered == 0 ? rest : new SkippingPipeWriter(rest, delivered), seen, token)),
                consume,
                _partial,
                cancellationToken).ConfigureAwait(false);
        });

    public Task ReadArchiveAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken)
    {
        CommittedBackup commit = _levels[level];
        ThrowIfEncryptedByAnother(commit);
        ICompressionCodec codec = _codecs.GetAvailable(commit.Document.Compression);
        return commit.IsForeign
            ? NamingDamageAsync(level, () => Transfer.RunAsync(
                (content, token) => FetchAsync(
                    _storage, level, 0, (stored, storedToken) => StoredStreamReader.ReadUnframedAsync(stored, Metered(content), codec, storedToken), _whole, token),
                consume,
                _whole,
                cancellationToken))
            : NamingDamageAsync(level, async () =>
            {
                if (ReadsWithoutIndex && !await IsIndexSoundAsync(commit, cancellationToken).ConfigureAwait(false))
                {
                    await ReadWithoutIndexAsync(commit, codec, consume, _whole, cancellationToken).ConfigureAwait(false);
                    return;
                }

                LevelIndexReader index = await GetIndexAsync(level, cancellationToken).ConfigureAwait(false);
                await ReadFramesAsync(level, codec, index, default, consume, _parallelism, _whole, cancellationToken).ConfigureAwait(false);
            });
    }

    public Task ReadArchiveAsync(Backup level, long offset, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken)
    {
        CommittedBackup commit = _levels[level];
        if (commit.IsForeign)
        {
            throw new InvalidOperationException($"{level} was made by another program and has no index: its archive can only be read from the beginning.");
        }

        ICompressionCodec codec = _codecs.GetAvailable(commit.Document.Compression);
        return NamingDamageAsync(level, async () =>
        {
            if (ReadsWithoutIndex && !await IsIndexSoundAsync(commit, cancellationToken).ConfigureAwait(false))
            {
                await ReadWithoutIndexAsync(
                    commit,
                    codec,
                    async (content, token) =>
                    {
                        await SkipAsync(content, offset, token).ConfigureAwait(false);
                        await consume(content, token).ConfigureAwait(false);
                    },
                    _partial,
                    cancellationToken).ConfigureAwait(false);
                return;
            }

            LevelIndexReader index = await GetIndexAsync(level, cancellationToken).ConfigureAwait(false);
            FramePosition from = await index.FindArchiveFrameAsync(offset, cancellationToken).ConfigureAwait(false);
            await ReadFramesAsync(
                level,
                codec,
                index,
                from,
                async (content, token) =>
                {
                    await SkipAsync(content, offset - from.ContentOffset, token).ConfigureAwait(false);
                    await consume(content, token).ConfigureAwait(false);
                },
                // Archives of a chain are read side by side: all cores for the first, which holds most, and one for each increment.
                level.Level == 0 ? _parallelism : 1,
                _partial,
                cancellationToken).ConfigureAwait(false);
        });
    }

    /// <summary>The index of a level.</summary>
    /// <exception cref="BackupDamagedException">It cannot be read.</exception>
    internal async Task<LevelIndexReader> OpenIndexAsync(Backup level, CancellationToken cancellationToken)
    {
        LevelIndexReader? index = null;
        await NamingDamageAsync(level, async () => index = await GetIndexAsync(level, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        return index!;
    }

    /// <summary>Reads what the manifest object of a level holds itself, without the index: all of the manifest, where it refers to no other.</summary>
    internal Task ReadManifestWithoutIndexAsync(Backup level, Func<PipeReader, CancellationToken, Task> consume, CancellationToken cancellationToken)
    {
        CommittedBackup commit = _levels[level];
        return NamingDamageAsync(level, () => ReadUnframedAsync(
            _objects[commit.Location.Manifest], _codecs.GetAvailable(commit.Document.Compression), consume, _whole, cancellationToken));
    }

    /// <summary>Finds the frames of an archive whose index is lost, by decompressing it.</summary>
    /// <returns>How long the content is.</returns>
    internal async Task<long> FindArchiveFramesAsync(Backup level, Func<StoredFrame, CancellationToken, ValueTask> found, CancellationToken cancellationToken)
    {
        CommittedBackup commit = _levels[level];
        ICompressionCodec codec = _codecs.GetAvailable(commit.Document.Compression);
        long length = 0;
        await NamingDamageAsync(level, () => Transfer.RunAsync(
            _objects[commit.Location.Archive].CopyToAsync,
            async (stored, token) => length = await StoredStreamReader.FindFramesAsync(stored, codec, found, token).ConfigureAwait(false),
            _whole,
            cancellationToken)).ConfigureAwait(false);
        return length;
    }

    /// <summary>Where in the stored archive of a level the leaves begin and end that hold a frame: the one with an offset of the content.
    /// <see langword="null"/> where no index tells.</summary>
    internal async Task<(long Begin, long End)?> LocateFrameAsync(Backup level, long offset, CancellationToken cancellationToken)
    {
        if (level.IsForeign)
        {
            return null;
        }

        try
        {
            LevelIndexReader index = await GetIndexAsync(level, cancellationToken).ConfigureAwait(false);
            FramePosition from = await index.FindArchiveFrameAsync(offset, cancellationToken).ConfigureAwait(false);
            long last = from.StoredOffset;
            await foreach (StoredFrame frame in index.ReadArchiveFramesAsync(from, cancellationToken).ConfigureAwait(false))
            {
                last += Math.Max(0, frame.StoredLength - 1);
                break;
            }

            StoredObject archive = _objects[_levels[level].Location.Archive];
            return (archive.LeafOffsetOf(from.StoredOffset), archive.LeafOffsetOf(last) + StoredStreamOptions.LeafSize);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            return null;
        }
    }

    public void Dispose()
    {
        _turn.Dispose();
        foreach (StoredObject stored in _objects.Values.Concat(_superseded))
        {
            stored.Dispose();
        }
    }

    private static void ThrowIfEncryptedByAnother(CommittedBackup level)
    {
        if (level.IsForeign && level.Document.Encryption)
        {
            throw new BackupUnsupportedException(
                $"{level.ToBackup()} was encrypted by another program, in a way of its own that this library does not read. Restore it with that program and its passphrase.");
        }
    }

    private PipeWriter Metered(PipeWriter content) => Allowance?.Meter(content) ?? content;

    private void AddObject(CommittedBackup level, StorageKey key, long length, SealedRole role) =>
        _objects.Add(key, level.OpenObject(_storage, key, length, role));

    private async Task ReadFramesAsync(
        Backup level, ICompressionCodec codec, LevelIndexReader index, FramePosition from, Func<PipeReader, CancellationToken, Task> consume, int parallelism, TransferOptions transfer, CancellationToken cancellationToken) =>
        await Transfer.RunAsync(
            (content, token) => _storage.DeliverSoundAsync(Metered(content), (copy, rest, delivered) => _objects[_levels[level].Location.Archive].UseAsync(copy, async archive =>
            {
                ObjectSeal? seal = await archive.GetSealAsync(token).ConfigureAwait(false);
                FramePosition first = delivered == 0 ? from : await index.FindArchiveFrameAsync(from.ContentOffset + delivered, token).ConfigureAwait(false);
                long skip = from.ContentOffset + delivered - first.ContentOffset;
                long firstLeaf = archive.LeafOffsetOf(first.StoredOffset);
                var range = new StoredRange(firstLeaf, archive.SkipInLeaf(first.StoredOffset));
                PipeWriter destination = skip == 0 ? rest : new SkippingPipeWriter(rest, skip);
                await FetchAsync(
                    copy,
                    level,
                    firstLeaf,
                    (stored, storedToken) => StoredStreamReader.ReadRangeAsync(
                        stored, destination, codec, index.ReadArchiveFramesAsync(first, storedToken), index.ReadArchiveLeavesAsync(firstLeaf, storedToken), range, seal, parallelism, storedToken),
                    transfer,
                    token).ConfigureAwait(false);
                return true;
            })),
            consume,
            transfer,
            cancellationToken).ConfigureAwait(false);

    /// <summary>Reads an archive as another program would. Nothing tells where its frames and leaves are, so that it is verified as a whole before anything of
    /// it is used; where it is encrypted, each segment vouches for itself.</summary>
    private async Task ReadWithoutIndexAsync(
        CommittedBackup commit, ICompressionCodec codec, Func<PipeReader, CancellationToken, Task> consume, TransferOptions transfer, CancellationToken cancellationToken)
    {
        StoredObject archive = _objects[commit.Location.Archive];
        StoredObjectDescription described = commit.Document.Archive;
        if (!commit.Document.IsSealed && !await IsSoundAsync(archive.Key, described.Length, described.Digest, cancellationToken).ConfigureAwait(false))
        {
            throw new InvalidDataException($"Both {archive.Key} and its index are damaged, so that nothing tells which part of it is sound.");
        }

        await ReadUnframedAsync(archive, codec, consume, transfer, cancellationToken).ConfigureAwait(false);
    }

    private Task<long> ReadUnframedAsync(
        StoredObject stored, ICompressionCodec codec, Func<PipeReader, CancellationToken, Task> consume, TransferOptions transfer, CancellationToken cancellationToken) =>
        Transfer.RunAsync(
            stored.CopyToAsync,
            (bytes, bytesToken) => Transfer.RunAsync(
                (content, token) => StoredStreamReader.ReadUnframedAsync(bytes, Metered(content), codec, token), consume, transfer, bytesToken),
            transfer,
            cancellationToken);

    internal Task<bool> IsIndexSoundAsync(CommittedBackup commit, CancellationToken cancellationToken) =>
        IsSoundAsync(commit.Location.Index, commit.Document.Index.Length, commit.Document.Index.Digest, cancellationToken);

    /// <summary>Whether an object has the digest that its commit says; found out once.</summary>
    internal async Task<bool> IsSoundAsync(StorageKey key, long length, string digest, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_sound.TryGetValue(key, out bool isSound))
            {
                _sound.Add(key, isSound = await HasDigestAsync(key, length, digest, cancellationToken).ConfigureAwait(false));
            }

            return isSound;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> HasDigestAsync(StorageKey key, long length, string digest, CancellationToken cancellationToken)
    {
        try
        {
            return await LeafDigests.ReadRootAsync(_storage, key, length, _parallelism, cancellationToken).ConfigureAwait(false) == digest;
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            return false;
        }
    }

    private static bool IsDamage(Exception exception) =>
        exception is InvalidDataException || (exception is StorageException failure && LeafDigests.IsOfObject(failure));

    /// <summary>Fetches an archive from an offset on.</summary>
    private async Task FetchAsync(
        IStorage storage, Backup level, long offset, Func<PipeReader, CancellationToken, Task> decode, TransferOptions transfer, CancellationToken cancellationToken)
    {
        CountingPipeWriter? fetched = null;
        try
        {
            await Transfer.RunAsync(
                (stored, token) => storage.ReadAsync(
                    _levels[level].Location.Archive, fetched = new CountingPipeWriter(stored), new ReadOptions { Offset = offset }, token),
                decode,
                transfer,
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _report?.AddStored(fetched?.Written ?? 0);
        }
    }

    /// <summary>Finds the manifest object that a frame is in. What a level wrote that was repaired since may still be referred to; what is read
    /// of it is verified by the reference.</summary>
    private async ValueTask<ManifestOwner?> FindOwnerAsync(FrameOwner wanted, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_owners.TryGetValue(wanted, out ManifestOwner? owner)
                && _levels.Values.FirstOrDefault(level => !level.IsForeign && level.Document.Id == wanted.Id) is { } superseded)
            {
                StorageKey key = (superseded.Location with { Repair = wanted.Repair }).Manifest;
                StorageEntry entry = await _storage.FindAsync(key, cancellationToken).ConfigureAwait(false)
                    ?? throw new InvalidDataException($"The index refers to the manifest {key}, which is missing.");
                StoredObject manifest = superseded.OpenManifest(_storage, wanted.Repair, entry.Length);
                _superseded.Add(manifest);
                _owners.Add(wanted, owner = new ManifestOwner(manifest, _codecs.GetAvailable(superseded.Document.Compression)));
            }

            return owner;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<LevelIndexReader> GetIndexAsync(Backup level, CancellationToken cancellationToken)
    {
        CommittedBackup commit = _levels[level];
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_indexes.TryGetValue(commit.Location, out LevelIndexReader? index))
            {
                index = await LevelIndexReader.OpenAsync(_objects[commit.Location.Index], commit.IndexDirectory, cancellationToken).ConfigureAwait(false);
                _indexes.Add(commit.Location, index);
            }

            return index;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<long> CheckObjectAsync(CommittedBackup level, StorageKey key, long? length, CancellationToken cancellationToken)
    {
        StorageEntry? entry = await _storage.FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (!CountsFailuresAsDamage && (entry is null || (length is not null && entry.Length != length)))
        {
            throw new BackupDamagedException($"{level.ToBackup()} is damaged: the object {key} "
                + (entry is null ? "is missing." : $"has {entry.Length} bytes, and {length} were stored."));
        }

        return entry?.Length ?? 0;
    }

    private static async Task SkipAsync(PipeReader content, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            ReadResult result = await content.ReadAsync(cancellationToken).ConfigureAwait(false);
            long skipped = Math.Min(count, result.Buffer.Length);
            count -= skipped;
            content.AdvanceTo(result.Buffer.GetPosition(skipped));
            if (count > 0 && result.IsCompleted)
            {
                throw new InvalidDataException($"The archive ends {count} bytes before the offset that was asked for.");
            }
        }
    }

    /// <summary>Damage that a stream reports becomes an error that names the backup.</summary>
    private async Task NamingDamageAsync(Backup level, Func<Task> read)
    {
        try
        {
            await read().ConfigureAwait(false);
        }
        catch (StorageException failure) when (CountsFailuresAsDamage && LeafDigests.IsOfObject(failure))
        {
            throw new BackupDamagedException($"{level} is damaged: {failure.Message}", failure);
        }
        catch (InvalidDataException exception)
        {
            throw new BackupDamagedException($"{level} is damaged: {exception.Message}", exception);
        }
    }
}
