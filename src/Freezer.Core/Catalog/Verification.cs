using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Keys;
using Freezer.Storage;
using Microsoft.Extensions.Logging;

namespace Freezer.Catalog;

/// <summary>One run of a verification: finds the chains, looks at their objects, hashes them, has the engine read their content, and goes
/// on behind every defect. Writes nothing.</summary>
internal sealed class Verification(BackupCatalog catalog, VerifyOptions options, int parallelism, OperationReport report, ILogger logger)
{
    private readonly IStorage _storage = catalog.Storage;
    private readonly List<FoundDefect> _defects = [];
    private readonly List<OrphanedObject> _orphans = [];
    private readonly Dictionary<BackupLocation, CommittedBackup> _commits = [];
    private readonly Dictionary<BackupLocation, VerifiedLevel> _levels = [];
    private readonly Dictionary<StorageKey, StorageEntry> _entries = [];

    /// <summary>Verifies backups.</summary>
    /// <param name="engineName">Only this engine's; <see langword="null"/> for all.</param>
    /// <param name="backupName">Only those of this name; <see langword="null"/> for all.</param>
    /// <param name="codecs">What decompresses.</param>
    /// <param name="verifyContent">The engine's part, for the depth that has one.</param>
    /// <param name="cancellationToken">Cancels the run.</param>
    internal async Task<VerifyResult> RunAsync(
        string? engineName, string? backupName, CodecSet codecs, Func<VerifyContext, CancellationToken, Task>? verifyContent, CancellationToken cancellationToken)
    {
        List<BackupLocation> locations = await catalog.ListLocationsAsync(engineName, backupName, cancellationToken).ConfigureAwait(false);
        await ListObjectsAsync(engineName, backupName, locations, cancellationToken).ConfigureAwait(false);
        List<VerifiedChain> chains = [];
        foreach (BackupLocation location in Choose(locations))
        {
            var chain = new VerifiedChain(location);
            if (await ReadChainAsync(chain, locations, cancellationToken).ConfigureAwait(false))
            {
                chains.Add(chain);
            }
        }

        if (chains.Count == 0 && _orphans.Count == 0)
        {
            throw new BackupNotFoundException($"There is no {engineName} backup{(backupName is null ? "" : $" of the name '{backupName}'")} to verify in this storage{(options.To is { } to ? $", as old as {to:u}" : "")}.");
        }

        await CheckKeysAsync(chains, cancellationToken).ConfigureAwait(false);
        foreach (VerifiedLevel level in _levels.Values)
        {
            await CheckStructureAsync(level, cancellationToken).ConfigureAwait(false);
        }

        if (options.Depth >= VerifyDepth.Stored)
        {
            await CheckDigestsAsync(cancellationToken).ConfigureAwait(false);
        }

        AffectChains(chains);
        if (options.Depth == VerifyDepth.Content)
        {
            await CheckContentAsync(chains, codecs, verifyContent!, cancellationToken).ConfigureAwait(false);
        }

        return Summarize(chains);
    }

    internal FoundDefect Add(DefectKind kind, StorageKey key, long? offset, string reason)
    {
        Log.DefectFound(logger, key.Value, reason);
        var defect = new FoundDefect(kind, key, offset, reason);
        _defects.Add(defect);
        return defect;
    }

    /// <summary>All of them, or the newest of each name that is not later than the date.</summary>
    private IEnumerable<BackupLocation> Choose(List<BackupLocation> locations)
    {
        long latest = options.To?.ToUnixTimeSeconds() ?? long.MaxValue;
        return options.All ? locations
            : locations.Where(location => location.Time <= latest).GroupBy(static location => (location.EngineName, location.BackupName)).Select(static name => name.Last());
    }

    /// <summary>Takes in what is stored, and finds what belongs to no backup.</summary>
    private async Task ListObjectsAsync(string? engineName, string? backupName, List<BackupLocation> locations, CancellationToken cancellationToken)
    {
        HashSet<BackupLocation> committed = [.. locations];
        var uncommitted = new Dictionary<BackupLocation, List<StorageEntry>>();
        List<StorageEntry> unfinished = [];
        await foreach (StorageEntry entry in _storage.ListAsync(BackupLocation.DataOf(engineName, backupName), cancellationToken).ConfigureAwait(false))
        {
            if (!BackupLocation.TryParse(entry.Key, out BackupLocation? location, out _))
            {
                _orphans.Add(new OrphanedObject(entry.Key, entry.Length, IsClaimed: false));
            }
            else if (committed.Contains(location) && (location.Repair == 0 || await IsDescribedAsync(location, cancellationToken).ConfigureAwait(false)))
            {
                _entries[entry.Key] = entry;
            }
            else if (committed.Contains(location))
            {
                unfinished.Add(entry);
            }
            else if (uncommitted.TryGetValue(location, out List<StorageEntry>? entries))
            {
                entries.Add(entry);
            }
            else
            {
                uncommitted.Add(location, [entry]);
            }
        }

        // What repairs left behind that did not come to their end.
        foreach (StorageEntry entry in unfinished)
        {
            bool isClaimed = BackupLocation.TryParse(entry.Key, out BackupLocation? location, out _) && _entries.ContainsKey(location.Claim);
            _orphans.Add(new OrphanedObject(entry.Key, entry.Length, isClaimed));
        }

        foreach ((BackupLocation location, List<StorageEntry> entries) in uncommitted)
        {
            // A backup that has ended since the commits were listed is none of this run, and no orphan.
            if (!await IsDescribedAsync(location with { Repair = 0 }, cancellationToken).ConfigureAwait(false))
            {
                bool isClaimed = entries.Exists(entry => entry.Key == location.Claim);
                _orphans.AddRange(entries.Select(entry => new OrphanedObject(entry.Key, entry.Length, isClaimed)));
            }
        }
    }

    private async Task<bool> IsDescribedAsync(BackupLocation location, CancellationToken cancellationToken) =>
        await _storage.FindAsync(location.Document, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Reads the documents of a chain. False where the backup was deleted meanwhile.</summary>
    private async Task<bool> ReadChainAsync(VerifiedChain chain, List<BackupLocation> locations, CancellationToken cancellationToken)
    {
        try
        {
            List<CommittedBackup> commits = await BackupCatalog.ReadChainAsync(
                chain.Location, locations, mayLackKey: options.Depth < VerifyDepth.Content, GetCommitAsync, cancellationToken).ConfigureAwait(false);
            chain.Backup = commits[^1].ToBackup();
            chain.Levels = [.. commits.Select(GetLevel)];
            if (catalog.Keys is not null && !commits[^1].Outline.IsSealed)
            {
                AddCommitDefect(chain.Location.Metadata, "It is not encrypted, and a key was given: nothing vouches for it.").Affect(chain.Location);
            }
        }
        catch (BackupException exception) when (exception is BackupDamagedException or BackupUnsupportedException)
        {
            if (await _storage.FindAsync(chain.Location.Metadata, cancellationToken).ConfigureAwait(false) is null)
            {
                return false;
            }

            chain.Backup = _commits[chain.Location].ToBackup();
            foreach (CommittedBackup readable in _commits.Values.Where(static commit => commit.Problem is null or BackupKeyException))
            {
                // What the chain still has is verified all the same.
                GetLevel(readable);
            }

            AddCommitDefect((exception as BackupDamagedException)?.Object ?? chain.Location.Metadata, exception.Message).Affect(chain.Location);
        }

        return true;
    }

    /// <summary>Reads a commit, once.</summary>
    private async Task<CommittedBackup?> GetCommitAsync(BackupLocation location, CancellationToken cancellationToken)
    {
        if (!_commits.TryGetValue(location, out CommittedBackup? commit)
            && await catalog.DescribeAsync(location, cancellationToken).ConfigureAwait(false) is { } found)
        {
            _commits.Add(location, commit = found);
        }

        return commit;
    }

    private VerifiedLevel GetLevel(CommittedBackup commit)
    {
        if (!_levels.TryGetValue(commit.Location, out VerifiedLevel? level))
        {
            _levels.Add(commit.Location, level = new VerifiedLevel(commit));
            if (commit.RefusedRepair is { } refused)
            {
                AddCommitDefect(refused.Object!.Value, refused.Message);
            }
        }

        return level;
    }

    /// <summary>What is wrong with one document is one defect, however many backups need it.</summary>
    private FoundDefect AddCommitDefect(StorageKey key, string reason) =>
        _defects.Find(defect => defect.Kind == DefectKind.Commit && defect.Key == key) ?? Add(DefectKind.Commit, key, null, reason);

    /// <summary>Opens every data key anew: that this process knows one does not say that it is still stored.</summary>
    private async Task CheckKeysAsync(List<VerifiedChain> chains, CancellationToken cancellationToken)
    {
        List<Guid> keys = [.. _commits.Values.Select(static commit => commit.DataKeyId).OfType<Guid>()];
        if (catalog.Keys is not null)
        {
            keys.AddRange(await KeyRing.ListDataKeysAsync(_storage, cancellationToken).ConfigureAwait(false));
            await foreach (KeySlot slot in KeyRing.ListAsync(_storage, cancellationToken).ConfigureAwait(false))
            {
                if (slot.Problem is { } problem)
                {
                    Add(DefectKind.Altered, StorageKey.Parse($"{KeySlotDocument.Prefix}/{slot.Name}"), null, problem);
                }
            }
        }

        foreach (Guid id in keys.Distinct())
        {
            if (await KeyRing.FindProblemAsync(_storage, catalog.Keys, id, cancellationToken).ConfigureAwait(false) is not { } problem)
            {
                continue;
            }

            FoundDefect defect = Add(problem.IsMissing ? DefectKind.Missing : DefectKind.Altered, KeyRing.DataKeyObject(id), null, problem.Reason);
            foreach (VerifiedChain chain in chains.Where(chain => _commits[chain.Location].DataKeyId == id))
            {
                defect.Affect(chain.Location);
            }
        }
    }

    /// <summary>Looks that every object is there, with the length that its commit says.</summary>
    private async Task CheckStructureAsync(VerifiedLevel level, CancellationToken cancellationToken)
    {
        foreach (VerifiedObject stored in level.Objects)
        {
            if (!_entries.TryGetValue(stored.Key, out StorageEntry? entry))
            {
                // What was deleted since the listing is gone as a whole.
                if (await _storage.FindAsync(level.Commit.Location.Metadata, cancellationToken).ConfigureAwait(false) is not null)
                {
                    stored.Defects.Add(Add(DefectKind.Missing, stored.Key, null, "The object is missing."));
                }

                continue;
            }

            stored.StoredLength = entry.Length;
            if (stored.Length is { } length && length != entry.Length)
            {
                stored.Defects.Add(Add(DefectKind.WrongLength, stored.Key, Math.Min(length, entry.Length), $"The object has {entry.Length} bytes, and {length} were stored."));
            }
        }
    }

    /// <summary>Hashes every object, and finds where those are damaged whose digest is not the one of their commit.</summary>
    private async Task CheckDigestsAsync(CancellationToken cancellationToken)
    {
        List<(VerifiedLevel Level, VerifiedObject Object)> objects =
            [.. _levels.Values.SelectMany(level => level.Objects.Where(stored => stored.Defects.Count == 0 && _entries.ContainsKey(stored.Key)).Select(stored => (level, stored)))];
        List<(VerifiedLevel Level, VerifiedObject Object)> damaged = [];
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (LeafStretch stretch in ReadAsync([.. objects.Select(static item => item.Object)], cancellationToken).ConfigureAwait(false))
        {
            VerifiedObject stored = objects[stretch.Object].Object;
            if (stretch.Failure is { } failure)
            {
                AddUnreadable(stored, stretch, failure);
            }

            foreach (Sha256Digest leaf in stretch.Leaves)
            {
                root.AppendData(leaf);
            }

            if (stretch.IsLast)
            {
                string digest = Convert.ToHexStringLower(root.GetHashAndReset());
                if (stored.Defects.Count == 0 && stored.Digest is not null && stored.Digest != digest)
                {
                    damaged.Add(objects[stretch.Object]);
                }
            }
        }

        foreach ((VerifiedLevel level, VerifiedObject stored) in damaged)
        {
            await LocateDamageAsync(level, stored, cancellationToken).ConfigureAwait(false);
        }
    }

    private IAsyncEnumerable<LeafStretch> ReadAsync(IReadOnlyList<VerifiedObject> objects, CancellationToken cancellationToken) =>
        CountAsync(LeafDigests.ReadAsync(_storage, [.. objects.Select(static stored => (stored.Key, stored.StoredLength))], parallelism, cancellationToken), objects);

    private async IAsyncEnumerable<LeafStretch> CountAsync(IAsyncEnumerable<LeafStretch> stretches, IReadOnlyList<VerifiedObject> objects)
    {
        await foreach (LeafStretch stretch in stretches.ConfigureAwait(false))
        {
            report.AddStored(stretch.Length);
            report.Add(0, 0, new EntryPath(System.Text.Encoding.UTF8.GetBytes(objects[stretch.Object].Key.Value)));
            yield return stretch;
        }
    }

    private void AddUnreadable(VerifiedObject stored, LeafStretch stretch, StorageException failure)
    {
        if (stored.Defects.Count > 0 && stored.Defects[^1].End == stretch.Offset)
        {
            stored.Defects[^1].Length += stretch.Length;
            return;
        }

        FoundDefect defect = Add(DefectKind.Unreadable, stored.Key, stretch.Offset, $"The storage cannot deliver it: {failure.Message}");
        defect.Length = stretch.Length;
        stored.Defects.Add(defect);
    }

    /// <summary>Reads a damaged object again and compares its leaves with those of the index, where that can be read.</summary>
    private async Task LocateDamageAsync(VerifiedLevel level, VerifiedObject stored, CancellationToken cancellationToken)
    {
        const string Reason = "The bytes are not those that were stored: their digest differs from the one of the commit.";
        IAsyncEnumerable<Sha256Digest>? leaves =
            stored.StoredLength <= StoredStreamOptions.LeafSize ? null : await OpenLeavesAsync(level, stored, cancellationToken).ConfigureAwait(false);
        if (leaves is not null)
        {
            try
            {
                await CompareLeavesAsync(stored, leaves, Reason, cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidDataException)
            {
                // A page of the index is damaged too, which is a defect of its own: nothing tells where this object is.
                stored.Defects.Clear();
            }
        }

        if (stored.Defects.Count == 0)
        {
            long? offset = stored.StoredLength <= StoredStreamOptions.LeafSize ? 0 : null;
            FoundDefect defect = Add(DefectKind.Altered, stored.Key, offset, Reason);
            defect.Length = offset is null ? null : stored.StoredLength;
            stored.Defects.Add(defect);
        }
    }

    private async Task CompareLeavesAsync(VerifiedObject stored, IAsyncEnumerable<Sha256Digest> leaves, string reason, CancellationToken cancellationToken)
    {
        IAsyncEnumerator<Sha256Digest> expected = leaves.GetAsyncEnumerator(cancellationToken);
        await using (expected.ConfigureAwait(false))
        {
            FoundDefect? open = null;
            await foreach (LeafStretch stretch in ReadAsync([stored], cancellationToken).ConfigureAwait(false))
            {
                long offset = stretch.Offset;
                foreach (Sha256Digest leaf in stretch.Leaves)
                {
                    long length = Math.Min(StoredStreamOptions.LeafSize, stored.StoredLength - offset);
                    bool isSound = await expected.MoveNextAsync().ConfigureAwait(false) && leaf.Equals(expected.Current);
                    if (isSound)
                    {
                        open = null;
                    }
                    else if (open is not null)
                    {
                        open.Length += length;
                    }
                    else
                    {
                        open = Add(DefectKind.Altered, stored.Key, offset, reason);
                        open.Length = length;
                        stored.Defects.Add(open);
                    }

                    offset += length;
                }
            }
        }
    }

    /// <summary>The leaves of an archive or a manifest as the index has them, or <see langword="null"/> where it cannot be read.</summary>
    private async Task<IAsyncEnumerable<Sha256Digest>?> OpenLeavesAsync(VerifiedLevel level, VerifiedObject stored, CancellationToken cancellationToken)
    {
        CommittedBackup commit = level.Commit;
        if (stored == level.Index || (commit.Outline.IsSealed && commit.DataKey is null))
        {
            return null;
        }

        try
        {
            using StoredObject index = commit.OpenObject(_storage, level.Index.Key, commit.Document.Index.Length, SealedRole.Index);
            LevelIndexReader reader = await LevelIndexReader.OpenAsync(index, commit.IndexDirectory, cancellationToken).ConfigureAwait(false);
            return stored == level.Archive ? reader.ReadArchiveLeavesAsync(0, cancellationToken) : reader.ReadManifestLeavesAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException || (exception is StorageException failure && LeafDigests.IsOfObject(failure)))
        {
            return null;
        }
    }

    /// <summary>Whose restore a damaged object stands in the way of. What was only altered may not be needed; at the depth of the content that is found out.</summary>
    private void AffectChains(List<VerifiedChain> chains)
    {
        foreach (VerifiedChain chain in chains)
        {
            foreach (FoundDefect defect in DefectsOf(chain).Where(defect => defect.StopsRestore || options.Depth < VerifyDepth.Content))
            {
                defect.Affect(chain.Location);
            }
        }
    }

    internal static IEnumerable<FoundDefect> DefectsOf(VerifiedChain chain) =>
        chain.Levels.SelectMany(static level => level.Objects).SelectMany(static stored => stored.Defects);

    private async Task CheckContentAsync(
        List<VerifiedChain> chains, CodecSet codecs, Func<VerifyContext, CancellationToken, Task> verifyContent, CancellationToken cancellationToken)
    {
        HashSet<BackupLocation> sound = [];
        // By time, so that parents come before what builds on them.
        foreach (VerifiedChain chain in chains.Where(static chain => chain.Levels.Count > 0))
        {
            bool isParentSound = chain.Levels.Count > 1 && sound.Contains(chain.Levels[^2].Commit.Location);
            try
            {
                using var content = new ContentVerification(this, _storage, chain, isParentSound, codecs, parallelism, options.QueueSize, report);
                await content.RunAsync(verifyContent, cancellationToken).ConfigureAwait(false);
            }
            catch (CompressionUnavailableException exception)
            {
                Add(DefectKind.Unreadable, chain.Levels[^1].Archive.Key, null, exception.Message).Affect(chain.Location);
            }

            if (!_defects.Exists(defect => defect.Affects(chain.Location)))
            {
                sound.Add(chain.Location);
            }
        }
    }

    private VerifyResult Summarize(List<VerifiedChain> chains) => new()
    {
        Depth = options.Depth,
        Backups = [.. chains.Select(chain => new VerifiedBackup(chain.Backup, !_defects.Exists(defect => defect.Affects(chain.Location))))],
        Defects = [.. _defects.Take(BackupResult.ReportLimit).Select(defect => defect.ToDefect(chains))],
        DefectCount = _defects.Count,
        Orphans = _orphans,
        BytesVerified = report.BytesStored,
        Duration = default,
    };
}
