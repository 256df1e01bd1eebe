using System.IO.Pipelines;
using Freezer.Dataflow;
using Freezer.Diagnostics;
using Freezer.Keys;
using Freezer.Storage;
using Microsoft.Extensions.Logging;

namespace Freezer.Catalog;

/// <summary>Copies a backup and all that it builds on to another storage, byte for byte.</summary>
/// <remarks>
/// Parents come first, and of each backup its commit last, so that what is listed there is whole at any moment. A claim keeps a sweep away
/// meanwhile, and a deletion of the parent. Nothing is published whose digest is not the one that the commit says; no key is needed for that.
/// </remarks>
internal sealed class BackupCopy(BackupCatalog source, IStorage destination, OperationReport report, ILogger logger)
{
    private readonly IStorage _source = source.Storage;
    private readonly BackupCatalog _destinationCatalog = new(destination, logger);
    private long _copied;
    private long _bytes;
    private long _kept;

    internal async Task<BackupCopyResult> RunAsync(Backup backup, CancellationToken cancellationToken)
    {
        List<BackupLocation> locations = await source.ListLocationsAsync(backup.EngineName, backup.BackupName, cancellationToken).ConfigureAwait(false);
        var location = BackupLocation.Of(backup);
        if (!locations.Contains(location))
        {
            throw new BackupNotFoundException($"{backup} is not in this storage.");
        }

        List<CommittedBackup> chain = await source.ReadChainAsync(location, locations, mayLackKey: true, cancellationToken).ConfigureAwait(false);
        report.TotalBytes = chain.Sum(static level => level.IsForeign ? 0 : level.Outline.Archive.Length + level.Outline.Manifest.Length + level.Outline.Index.Length);
        if (chain.Any(static level => level.Outline.IsSealed))
        {
            await CopyKeysAsync(cancellationToken).ConfigureAwait(false);
        }

        foreach (CommittedBackup level in chain)
        {
            await CopyLevelAsync(level, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<LaggingStorage> lagging = destination.GetFeature<IReplicatedStorage>()?.Lagging ?? [];
        report.Finish();
        return new BackupCopyResult
        {
            Outcome = lagging.Count == 0 ? BackupOutcome.Complete : BackupOutcome.CompleteWithDegradedMirror,
            Backups = [.. chain.Select(static level => level.ToBackup())],
            Copied = _copied,
            BytesCopied = _bytes,
            Kept = _kept,
            Lagging = lagging,
        };
    }

    private async Task CopyLevelAsync(CommittedBackup level, CancellationToken cancellationToken)
    {
        BackupLocation location = level.Location;
        byte[] document = await _source.ReadBytesAsync(location.Metadata, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
        CommittedBackup read = await CommittedBackup.ParseAsync(location with { Repair = 0 }, document, keys: null, cancellationToken).ConfigureAwait(false);
        if (read.Outline.Id != level.Outline.Id)
        {
            throw new BackupException($"{level.ToBackup()} was replaced by another backup while it was copied. Copy it again.");
        }

        bool isCommitted = await IsThereAsync(location.Metadata, document, cancellationToken).ConfigureAwait(false);
        byte[]? repair = location.Repair == 0 ? null
            : await _source.ReadBytesAsync(location.RepairDocument, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
        bool isDescribed = isCommitted && (repair is null || await IsThereAsync(location.RepairDocument, repair, cancellationToken).ConfigureAwait(false));
        List<LevelObject> objects = await ObjectsOfAsync(level, cancellationToken).ConfigureAwait(false);
        List<LevelObject>? missing = isDescribed ? await FindMissingAsync(objects, isDescribed, cancellationToken).ConfigureAwait(false) : null;
        if (missing is { Count: 0 })
        {
            _kept++;
            return;
        }

        ClaimDocument claim = new(level.Outline.Id, level.Outline.ParentId, Environment.MachineName, Environment.ProcessId);
        BackupClaim claimed = await BackupClaim.TakeAsync(destination, location, claim, TimeProvider.System, logger, cancellationToken).ConfigureAwait(false);
        await using (claimed.ConfigureAwait(false))
        {
            // What an interrupted copy left is read only now that a sweep knows that somebody needs it.
            missing ??= await FindMissingAsync(objects, isDescribed, cancellationToken).ConfigureAwait(false);
            foreach (LevelObject one in missing)
            {
                await CopyObjectAsync(level, one, cancellationToken).ConfigureAwait(false);
            }

            await CheckObjectsAsync(level, objects, cancellationToken).ConfigureAwait(false);

            // What is listed is whole: the repair comes before the commit.
            if (repair is not null)
            {
                await CreateAsync(location.RepairDocument, repair, cancellationToken).ConfigureAwait(false);
            }

            if (!isCommitted)
            {
                await CommitAsync(level, document, cancellationToken).ConfigureAwait(false);
            }
        }

        Log.BackupCopied(logger, level.ToBackup().ToString());
    }

    /// <summary>The objects of a level, but the commit and the claim. Another program's have no lengths and digests.</summary>
    private async Task<List<LevelObject>> ObjectsOfAsync(CommittedBackup level, CancellationToken cancellationToken)
    {
        BackupLocation location = level.Location;
        BackupDocument document = level.Outline;
        if (!level.IsForeign)
        {
            return
            [
                new(location.Archive, document.Archive.Length, document.Archive.Digest),
                new(location.Manifest, document.Manifest.Length, document.Manifest.Digest),
                new(location.Index, document.Index.Length, document.Index.Digest),
            ];
        }

        List<LevelObject> objects = [];
        await foreach (StorageEntry entry in _source.ListAsync(location.DataFolder, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Key != location.Claim)
            {
                objects.Add(new(entry.Key, entry.Length, null));
            }
        }

        return objects;
    }

    private async Task<List<LevelObject>> FindMissingAsync(List<LevelObject> objects, bool isDescribed, CancellationToken cancellationToken)
    {
        List<LevelObject> missing = [];
        foreach (LevelObject one in objects)
        {
            if (!await IsKeptAsync(one, isDescribed, cancellationToken).ConfigureAwait(false))
            {
                missing.Add(one);
            }
        }

        return missing;
    }

    /// <summary>Looks once more that each object is there, before a document says so.</summary>
    private async Task CheckObjectsAsync(CommittedBackup level, List<LevelObject> objects, CancellationToken cancellationToken)
    {
        foreach (LevelObject one in objects)
        {
            if ((await destination.FindAsync(one.Key, cancellationToken).ConfigureAwait(false))?.Length != one.Length)
            {
                throw new BackupException($"{level.ToBackup()} is not copied: somebody removed {one.Key} from the other storage meanwhile. Copy it again.");
            }
        }
    }

    /// <summary>Whether the other storage has an object already. What a document there describes was verified before the document was written;
    /// what an interrupted copy left is verified now.</summary>
    private async Task<bool> IsKeptAsync(LevelObject one, bool isDescribed, CancellationToken cancellationToken)
    {
        bool isKept = (await destination.FindAsync(one.Key, cancellationToken).ConfigureAwait(false))?.Length == one.Length
            && (isDescribed || (one.Digest is not null && await DigestOfAsync(one.Key, cancellationToken).ConfigureAwait(false) == one.Digest));
        if (isKept)
        {
            _kept++;
            report.Add(one.Length, 0, default);
        }

        return isKept;
    }

    private async Task CopyObjectAsync(CommittedBackup level, LevelObject one, CancellationToken cancellationToken)
    {
        try
        {
            StorageEntry written = await _source.ReadSoundAsync(copy => TransferAsync(copy, one, cancellationToken)).ConfigureAwait(false);
            _copied++;
            _bytes += written.Length;
        }
        catch (InvalidDataException exception)
        {
            throw new BackupDamagedException($"{level.ToBackup()} is damaged and was not copied: {exception.Message}", exception);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            throw new BackupDamagedException($"{level.ToBackup()} is damaged and was not copied: the object {one.Key} is missing.", exception);
        }
    }

    /// <summary>Copies one object. Where it is not what its commit says, nothing is published.</summary>
    private async Task<StorageEntry> TransferAsync(IStorage from, LevelObject one, CancellationToken cancellationToken)
    {
        StorageEntry? written = null;
        var options = new WriteOptions { Mode = WriteMode.Replace, LengthHint = one.Length };
        long copied = await Transfer.RunAsync(
            (content, token) => from.ReadAsync(one.Key, content, ReadOptions.Whole, token),
            (content, contentToken) => Transfer.RunAsync(
                (verified, token) => VerifyAsync(content, verified, one, token),
                async (verified, token) => written = await destination.WriteAsync(one.Key, verified, options, token).ConfigureAwait(false),
                cancellationToken: contentToken),
            cancellationToken: cancellationToken).ConfigureAwait(false);
        return written!.Length == copied ? written
            : throw new StorageException(StorageErrorKind.Corrupt, one.Key.Value, $"{copied} bytes were written, and the storage holds {written.Length}.");
    }

    private async Task VerifyAsync(PipeReader content, PipeWriter verified, LevelObject one, CancellationToken cancellationToken)
    {
        using var hash = new LeafDigest();
        while (true)
        {
            ReadResult read = await content.ReadOrThrowAsync(cancellationToken).ConfigureAwait(false);
            hash.Append(read.Buffer);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                await verified.WriteAsync(segment, cancellationToken).ConfigureAwait(false);
            }

            report.Add(read.Buffer.Length, 0, default);
            report.AddStored(read.Buffer.Length);
            content.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        if (hash.Length != one.Length || (one.Digest is not null && hash.Finish().ToString() != one.Digest))
        {
            throw new InvalidDataException($"the object {one.Key} is not the one that was committed: it has {hash.Length} bytes instead of {one.Length}, or another digest.");
        }
    }

    private async Task CommitAsync(CommittedBackup level, byte[] document, CancellationToken cancellationToken)
    {
        if (level.Outline.ParentId is not null
            && await _destinationCatalog.FindAsync(level.Location with { Level = level.Location.Level - 1, Time = level.Outline.ParentTimestamp!.Value }, cancellationToken).ConfigureAwait(false) is null)
        {
            throw new BackupException($"The parent of {level.ToBackup()} was deleted from the other storage while it was copied. Copy it again.");
        }

        await CreateAsync(level.Location.Metadata, document, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Creates a small object that is not there yet.</summary>
    private async Task CreateAsync(StorageKey key, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await destination.WriteBytesAsync(key, content, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
            _copied++;
            _bytes += content.Length;
        }
        catch (StorageException exception) when (exception.LeavesOutcomeOpen)
        {
            // It was there already, another copy may have been faster, or the answer was lost.
            if (!await IsThereAsync(key, content, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }
        }
    }

    /// <summary>Whether the other storage has the same document already.</summary>
    /// <exception cref="BackupException">It has another one in this place.</exception>
    private async Task<bool> IsThereAsync(StorageKey key, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            byte[] there = await destination.ReadBytesAsync(key, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
            return there.AsSpan().SequenceEqual(content) ? true
                : throw new BackupException($"The other storage has something else as {key}. It is unchanged; copy to another storage, or delete it there first.");
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return false;
        }
        catch (InvalidDataException exception)
        {
            throw new BackupException($"The other storage has something else as {key}. It is unchanged; copy to another storage, or delete it there first.", exception);
        }
    }

    private async Task<string> DigestOfAsync(StorageKey key, CancellationToken cancellationToken)
    {
        using var hash = new LeafDigest();
        await Transfer.RunAsync(
            (content, token) => destination.ReadAsync(key, content, ReadOptions.Whole, token),
            async (content, token) =>
            {
                ReadResult read;
                do
                {
                    read = await content.ReadOrThrowAsync(token).ConfigureAwait(false);
                    hash.Append(read.Buffer);
                    content.AdvanceTo(read.Buffer.End);
                }
                while (!read.IsCompleted);
            },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        return hash.Finish().ToString();
    }

    /// <summary>Copies the data keys, and the slots that open them where the other storage has none: which passphrases open a repository
    /// is a matter of its own.</summary>
    private async Task CopyKeysAsync(CancellationToken cancellationToken)
    {
        HashSet<StorageKey> slots = await destination.ListKeysAsync(KeySlotDocument.Prefix, cancellationToken).ConfigureAwait(false);
        HashSet<StorageKey> there = await destination.ListKeysAsync(KeyRing.DataKeyPrefix, cancellationToken).ConfigureAwait(false);
        HashSet<StorageKey> dataKeys = await _source.ListKeysAsync(KeyRing.DataKeyPrefix, cancellationToken).ConfigureAwait(false);
        // Data keys alone are what an interrupted copy left, or all that is left of an encrypted repository; slots of another one would open neither.
        if (slots.Count + there.Count > 0 && !there.Overlaps(dataKeys))
        {
            throw new BackupKeyException("The other storage is encrypted with keys of its own, which do not open what would be copied there. It is unchanged; copy to another storage.");
        }

        // Slots come last: where they are, the keys that they open are there too.
        foreach (StorageKey key in slots.Count > 0 ? dataKeys : dataKeys.Concat(await _source.ListKeysAsync(KeySlotDocument.Prefix, cancellationToken).ConfigureAwait(false)))
        {
            await CopyKeyAsync(key, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CopyKeyAsync(StorageKey key, CancellationToken cancellationToken)
    {
        byte[] wrapped = await _source.ReadBytesAsync(key, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
        if (await IsThereAsync(key, wrapped, cancellationToken).ConfigureAwait(false))
        {
            _kept++;
            return;
        }

        await CreateAsync(key, wrapped, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An object that a commit stands for. Another program's has no digest.</summary>
    private readonly record struct LevelObject(StorageKey Key, long Length, string? Digest);
}
