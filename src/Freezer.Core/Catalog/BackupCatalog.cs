using System.Runtime.CompilerServices;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Keys;
using Freezer.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Freezer.Catalog;

/// <summary>Finds the backups of a storage, and sweeps up what was never committed.</summary>
/// <remarks>A backup exists if and only if its metadata document does. Holds no state: any number of catalogs, in any number of
/// processes, may work on one storage. The storage is not disposed.</remarks>
/// <param name="storage">Where the backups live. Stays the caller's.</param>
/// <param name="logger">Where log messages go; nowhere by default.</param>
/// <param name="keys">The keys of an encrypted repository. Stay the caller's. Without them an encrypted backup is listed with its
/// <see cref="Backup.Problem"/>, and with what everybody may see of it.</param>
public sealed class BackupCatalog(IStorage storage, ILogger? logger = null, KeyRing? keys = null)
{
    /// <summary>A backup that is being written renews its claim this often, so nothing younger than a few of these may be swept.</summary>
    internal static readonly TimeSpan ClaimRenewal = TimeSpan.FromMinutes(4);

    /// <summary>The least age that <see cref="SweepAsync"/> takes: a backup in progress shows a sign of life every four minutes.</summary>
    public static TimeSpan LeastSweepAge { get; } = TimeSpan.FromMinutes(15);

    /// <summary>Objects that only ask something of the storage, and are gone at once.</summary>
    internal const string ProbeRoot = "probe";

    private readonly ILogger _logger = logger ?? NullLogger.Instance;

    internal IStorage Storage => storage;

    internal KeyRing? Keys => keys;

    /// <summary>Lists the committed backups, by engine, name and timestamp. One whose document is damaged is listed with its <see cref="Backup.Problem"/>.</summary>
    /// <param name="engineName">Only this engine's; <see langword="null"/> for all.</param>
    /// <param name="backupName">Only those of this name; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public async IAsyncEnumerable<Backup> ListAsync(
        string? engineName = null, string? backupName = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Engines are few: listing them all and leaving the others out serves a name without an engine too.
        foreach (BackupLocation location in await ListLocationsAsync(engineName, engineName is null ? null : backupName, cancellationToken).ConfigureAwait(false))
        {
            // One that was deleted meanwhile is left out.
            if ((backupName is null || location.BackupName == backupName)
                && await DescribeAsync(location, cancellationToken).ConfigureAwait(false) is { } commit)
            {
                yield return commit.ToBackup();
            }
        }
    }

    /// <summary>Deletes one backup: it is not listed any more, and all of its objects are gone.</summary>
    /// <param name="backup">The backup as it was listed. One that is not in the storage any more counts as deleted, and what an
    /// earlier deletion left of it is removed.</param>
    /// <param name="cancellationToken">Cancels the deletion. The backup is either still there, whole, or not listed any more; deleting it again
    /// removes what is left of it then, as a sweep does.</param>
    /// <exception cref="BackupException">Another backup builds on it, or may do so: one that is committed, whose document cannot be
    /// read, or that is being written. It is unchanged.</exception>
    /// <exception cref="StorageException">The storage failed. What holds after a cancellation holds then too.</exception>
    /// <remarks>Safe beside backups and deletions by anybody else: a backup that comes to build on this one meanwhile either begins anew
    /// or keeps this one alive.</remarks>
    public Task DeleteAsync(Backup backup, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backup);
        var location = BackupLocation.Of(backup);
        // Names that are not one segment would point to other backups' objects.
        return BackupLocation.TryParse(location.Metadata, out BackupLocation? same, out _) && same == location
            ? new BackupRemoval(this, backup, _logger).RunAsync(cancellationToken)
            : throw new ArgumentException($"{backup} cannot be a backup of a storage.", nameof(backup));
    }

    /// <summary>Copies a backup, and all that it builds on, to another storage of any kind: byte for byte, verified, and listed there only when it is whole.</summary>
    /// <param name="backup">The backup as it was listed.</param>
    /// <param name="destination">The other storage. Stays the caller's.</param>
    /// <param name="progress">Hears how far it is, a few times a second at most.</param>
    /// <param name="cancellationToken">Cancels the copy. What was copied stays; the next copy verifies it, and goes on.</param>
    /// <returns>What was done. Look at its outcome, where the destination is a mirror.</returns>
    /// <exception cref="BackupNotFoundException">The backup is not in this catalog's storage.</exception>
    /// <exception cref="BackupDamagedException">Its chain has a gap, or what is stored is not what was committed. Nothing damaged is published.</exception>
    /// <exception cref="BackupException">The other storage has another backup in its place, or one is being written there.</exception>
    /// <exception cref="StorageException">A storage failed.</exception>
    /// <remarks>Parents come first. Neither the source nor a key is needed; the key slots of a sealed backup are copied too. What the other
    /// storage has with the right length and digest is not sent again, and where the same commit is there, the lengths are enough.</remarks>
    public Task<BackupCopyResult> CopyAsync(
        Backup backup, IStorage destination, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(backup);
        ArgumentNullException.ThrowIfNull(destination);
        return new BackupCopy(this, destination, new OperationReport(progress, TimeProvider.System), _logger).RunAsync(backup, cancellationToken);
    }

    /// <summary>Removes what backups left behind that were never committed: killed or cut off in the middle.</summary>
    /// <param name="olderThan">Only what showed no sign of life for this long, by the storage's clock; at least <see cref="LeastSweepAge"/>.</param>
    /// <param name="cancellationToken">Cancels the sweep; what was removed so far stays removed.</param>
    /// <returns>How many unfinished backups were removed. What an interrupted write left inside the storage is swept too, where it has an <see cref="IStorageSweeper"/>.</returns>
    public async Task<int> SweepAsync(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, LeastSweepAge);
        if (storage.GetFeature<IStorageSweeper>() is { } sweeper)
        {
            await sweeper.SweepAsync(olderThan, cancellationToken).ConfigureAwait(false);
        }

        Dictionary<BackupLocation, Leftover> leftovers = await FindLeftoversAsync(cancellationToken).ConfigureAwait(false);
        List<StorageEntry> probes = await ListProbesAsync(cancellationToken).ConfigureAwait(false);
        if (leftovers.Count == 0 && probes.Count == 0)
        {
            return 0;
        }

        DateTimeOffset now = await ReadClockAsync(cancellationToken).ConfigureAwait(false);
        foreach (StorageEntry probe in probes.Where(probe => now - probe.LastModified >= olderThan))
        {
            await storage.DeleteAsync(probe.Key, cancellationToken).ConfigureAwait(false);
        }

        int removed = 0;
        foreach ((BackupLocation location, Leftover leftover) in leftovers)
        {
            if (now - leftover.LastSign < olderThan)
            {
                continue;
            }

            // Somebody may have come since the listing: a copy that goes on where another one was interrupted.
            if (await storage.FindAsync(location.Claim, cancellationToken).ConfigureAwait(false) is { } claim && now - claim.LastModified < olderThan)
            {
                continue;
            }

            // The commit, or the document of a repair, may have been written since the listing.
            bool isCommitted = await IsThereAsync(location.Metadata, cancellationToken).ConfigureAwait(false);
            foreach ((StorageKey key, BackupLocation place) in leftover.Objects)
            {
                if (!isCommitted || key == location.Claim
                    || (place.Repair > 0 && !await IsThereAsync(place.RepairDocument, cancellationToken).ConfigureAwait(false)))
                {
                    await storage.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
                }
            }

            if (!isCommitted)
            {
                removed++;
                Log.SweptLeftover(_logger, location.Folder, leftover.LastSign);
            }
        }

        return removed;
    }

    /// <summary>Verifies that backups are there and are what was stored, at the depths for which no engine is needed. Writes nothing.</summary>
    /// <param name="engineName">Only this engine's; <see langword="null"/> for all.</param>
    /// <param name="backupName">Only those of this name; <see langword="null"/> for all.</param>
    /// <param name="options">Which ones of each name, and how deeply; <see langword="null"/> for every stored byte of what the newest one needs.</param>
    /// <param name="progress">Hears how far it is, a few times a second at most, on a thread of the verification.</param>
    /// <param name="cancellationToken">Cancels the verification.</param>
    /// <returns>What was found. Look at <see cref="VerifyResult.IsSound"/>: a defect is not an exception, and the verification goes on behind it.</returns>
    /// <remarks>An encrypted repository is verified without its keys too; only with them is it noticed that a metadata document was altered by somebody who adapted
    /// all that everybody may see of it.</remarks>
    /// <exception cref="ArgumentException">The depth is <see cref="VerifyDepth.Content"/>: only <see cref="BackupEngine.VerifyAsync"/> knows what the content is.</exception>
    /// <exception cref="BackupNotFoundException">There is no such backup, nor anything left of one.</exception>
    /// <exception cref="StorageException">The storage cannot be reached.</exception>
    public async Task<VerifyResult> VerifyAsync(
        string? engineName = null, string? backupName = null, VerifyOptions? options = null, IProgress<BackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= VerifyOptions.Default;
        options.Validate();
        if (options.Depth == VerifyDepth.Content)
        {
            throw new ArgumentException($"What the content of a backup is only its engine knows: call {nameof(BackupEngine)}.{nameof(BackupEngine.VerifyAsync)}.", nameof(options));
        }

        if (backupName is not null && engineName is null)
        {
            throw new ArgumentException("Name the engine too: backups of one name by two engines have nothing to do with one another.", nameof(engineName));
        }

        long started = TimeProvider.System.GetTimestamp();
        var report = new OperationReport(progress, TimeProvider.System);
        var verification = new Verification(this, options, Environment.ProcessorCount, report, _logger);
        VerifyResult result = await verification.RunAsync(engineName, backupName, CodecSet.BuiltIn, null, cancellationToken).ConfigureAwait(false);
        report.Finish();
        return result with { Duration = TimeProvider.System.GetElapsedTime(started) };
    }

    /// <summary>Reads the commit at a place, or returns <see langword="null"/> where there is none.</summary>
    internal async Task<CommittedBackup?> FindAsync(BackupLocation location, CancellationToken cancellationToken)
    {
        try
        {
            CommittedBackup commit = await CommittedBackup.ReadAsync(storage, location, keys, cancellationToken).ConfigureAwait(false);
            if (commit.RefusedRepair is { } refused)
            {
                Log.RepairRefused(_logger, refused.Message);
            }

            return commit;
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads the commit at a place as <see cref="FindAsync"/> does, but for one that the storage has and cannot deliver: that is told as what is wrong with it.</summary>
    internal async Task<CommittedBackup?> DescribeAsync(BackupLocation location, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(location, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException failure) when (Dataflow.LeafDigests.IsOfObject(failure) && !failure.IsTransient)
        {
            return CommittedBackup.Unreadable(location, failure);
        }
    }

    /// <summary>Where the commits are, by engine, name and timestamp, each with its newest repair.</summary>
    internal async Task<List<BackupLocation>> ListLocationsAsync(string? engineName, string? backupName, CancellationToken cancellationToken)
    {
        var locations = new List<BackupLocation>();
        var repairs = new Dictionary<BackupLocation, int>();
        await foreach (StorageEntry entry in storage.ListAsync(BackupLocation.MetadataOf(engineName, backupName), cancellationToken).ConfigureAwait(false))
        {
            if (!BackupLocation.TryParse(entry.Key, out BackupLocation? location, out string? role))
            {
                continue;
            }

            if (role == BackupLocation.CommitRole)
            {
                locations.Add(location);
            }
            else if (role == BackupLocation.RepairRole)
            {
                repairs[location] = Math.Max(location.Repair, repairs.GetValueOrDefault(location));
            }
        }

        for (int i = 0; repairs.Count > 0 && i < locations.Count; i++)
        {
            locations[i] = locations[i] with { Repair = repairs.GetValueOrDefault(locations[i]) };
        }

        locations.Sort(static (a, b) =>
            string.CompareOrdinal(a.EngineName, b.EngineName) is not 0 and int byEngine ? byEngine
            : string.CompareOrdinal(a.BackupName, b.BackupName) is not 0 and int byName ? byName
            : (a.Time, a.Level, a.ChainTime).CompareTo((b.Time, b.Level, b.ChainTime)));
        // Directories may be named in ways that no backup is, and mean the same place.
        for (int i = locations.Count - 1; i > 0; i--)
        {
            if (locations[i] == locations[i - 1])
            {
                locations.RemoveAt(i);
            }
        }

        return locations;
    }

    /// <summary>Reads a backup and all that it builds on, level 0 first.</summary>
    /// <param name="target">The backup.</param>
    /// <param name="locations">Every commit of its name.</param>
    /// <param name="mayLackKey">Whether it is enough to know of encrypted levels what stands there for everybody.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="BackupDamagedException">A level is missing, or its document is damaged.</exception>
    internal Task<List<CommittedBackup>> ReadChainAsync(
        BackupLocation target, IReadOnlyList<BackupLocation> locations, bool mayLackKey, CancellationToken cancellationToken) =>
        ReadChainAsync(target, locations, mayLackKey, FindAsync, cancellationToken);

    /// <summary>Reads a backup and all that it builds on, level 0 first.</summary>
    /// <param name="target">The backup.</param>
    /// <param name="locations">Every commit of its name.</param>
    /// <param name="mayLackKey">Whether it is enough to know of encrypted levels what stands there for everybody.</param>
    /// <param name="find">Reads the commit at a place, or returns <see langword="null"/> where there is none.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="BackupDamagedException">A level is missing, or its document is damaged.</exception>
    internal static async Task<List<CommittedBackup>> ReadChainAsync(
        BackupLocation target,
        IReadOnlyList<BackupLocation> locations,
        bool mayLackKey,
        Func<BackupLocation, CancellationToken, Task<CommittedBackup?>> find,
        CancellationToken cancellationToken)
    {
        // The listing knows of repairs, which the place alone does not tell.
        target = locations.FirstOrDefault(location => location == target) ?? target;
        List<CommittedBackup> chain = [await GetAsync(target, find, cancellationToken).ConfigureAwait(false)];
        while (chain[^1].Location.Level > 0)
        {
            CommittedBackup child = chain[^1];
            BackupLocation parent = LocateParent(child, target.Time, locations);
            CommittedBackup found = await GetAsync(parent, find, cancellationToken).ConfigureAwait(false);
            if (!child.IsForeign && found.Outline.Id != child.Outline.ParentId)
            {
                throw new BackupDamagedException(
                    $"{child.ToBackup()} builds on the backup {child.Outline.ParentId:N}, but {parent.Metadata} describes another one, {found.Outline.Id:N}.") { Object = parent.Metadata };
            }

            chain.Add(found);
        }

        // Asking for a document throws where it is damaged, or cannot be opened.
        foreach (CommittedBackup level in chain)
        {
            _ = mayLackKey ? level.Outline : level.Document;
        }

        if (chain.Find(level => level.Outline.IsSealed != chain[0].Outline.IsSealed) is { } other)
        {
            throw new BackupDamagedException(
                $"{chain[0].ToBackup()} is {EncryptionOf(chain[0])}, and {other.ToBackup()} of its chain is {EncryptionOf(other)}: a chain is either encrypted as a whole or not at all.") { Object = other.Location.Metadata };
        }

        chain.Reverse();
        return chain;
    }

    /// <summary>Finds the newest backup that was not taken after a date, and its chain.</summary>
    /// <exception cref="BackupNotFoundException">There is none.</exception>
    /// <exception cref="BackupKeyException">It is encrypted and there are no keys, or the other way round.</exception>
    internal async Task<List<CommittedBackup>> FindChainAsync(string engineName, string backupName, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        List<BackupLocation> locations = await ListLocationsAsync(engineName, backupName, cancellationToken).ConfigureAwait(false);
        if (locations.Count == 0)
        {
            throw new BackupNotFoundException($"There is no {engineName} backup of the name '{backupName}' in this storage.");
        }

        long latest = to?.ToUnixTimeSeconds() ?? long.MaxValue;
        int newest = locations.FindLastIndex(location => location.Time <= latest);
        if (newest < 0)
        {
            throw new BackupNotFoundException(
                $"There is no {engineName} backup of the name '{backupName}' as old as {to:u}: the first one is of {DateTimeOffset.FromUnixTimeSeconds(locations[0].Time):u}.");
        }

        List<CommittedBackup> chain = await ReadChainAsync(locations[newest], locations, mayLackKey: false, cancellationToken).ConfigureAwait(false);
        ThrowIfNotVouchedFor(chain[^1]);
        return chain;
    }

    /// <summary>Whoever gives a key trusts what it vouches for. What is not encrypted may come from anybody who can write to the storage.</summary>
    /// <exception cref="BackupKeyException">The backup is not encrypted, and there are keys.</exception>
    internal void ThrowIfNotVouchedFor(CommittedBackup backup)
    {
        if (keys is not null && !backup.Document.IsSealed)
        {
            throw new BackupKeyException($"{backup.ToBackup()} is not encrypted, and a key was given: nothing vouches for it. Leave the key out if you want this backup all the same.");
        }
    }

    private static string EncryptionOf(CommittedBackup level) => level.Outline.IsSealed ? "encrypted" : "not encrypted";

    private static async Task<CommittedBackup> GetAsync(
        BackupLocation location, Func<BackupLocation, CancellationToken, Task<CommittedBackup?>> find, CancellationToken cancellationToken) =>
        await find(location, cancellationToken).ConfigureAwait(false)
            ?? throw new BackupDamagedException($"{location.ToBackup()} is missing: it was deleted when it was about to be read.") { Object = location.Metadata };

    private static BackupLocation LocateParent(CommittedBackup child, long latest, IReadOnlyList<BackupLocation> locations)
    {
        int level = child.Location.Level - 1;
        // Other programs name no parents: there it is the newest backup of the level before.
        IEnumerable<BackupLocation> candidates = locations.Where(location => location.Level == level && location.ChainTime == child.Location.ChainTime);
        candidates = child.IsForeign
            ? candidates.Where(location => location.Time <= latest)
            : candidates.Where(location => location.Time == child.Outline.ParentTimestamp);
        if (candidates.OrderBy(static location => location.Time).LastOrDefault() is { } parent)
        {
            return parent;
        }

        // Of another program's level only the number is known.
        StorageKey? missing = child.IsForeign ? null : (child.Location with { Level = level, Time = child.Outline.ParentTimestamp ?? 0 }).Metadata;
        throw new BackupDamagedException(child.IsForeign
            ? $"{child.ToBackup()} cannot be restored: its chain has no backup of level {level}."
            : $"{child.ToBackup()} cannot be restored: level {level} of its chain, the backup {child.Outline.ParentId:N}, is missing. Its document would be {missing}.")
        {
            Object = missing,
        };
    }

    /// <summary>What belongs to no commit, or to no document of a repair.</summary>
    private async Task<Dictionary<BackupLocation, Leftover>> FindLeftoversAsync(CancellationToken cancellationToken)
    {
        HashSet<BackupLocation> committed = [];
        HashSet<StorageKey> repairs = [];
        List<(StorageEntry Entry, BackupLocation Place)> documents = [];
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(BackupLocation.MetadataRoot), cancellationToken).ConfigureAwait(false))
        {
            if (!BackupLocation.TryParse(entry.Key, out BackupLocation? place, out string? role))
            {
                continue;
            }

            if (role == BackupLocation.CommitRole)
            {
                committed.Add(place);
            }
            else if (role == BackupLocation.RepairRole)
            {
                repairs.Add(entry.Key);
                documents.Add((entry, place));
            }
        }

        var leftovers = new Dictionary<BackupLocation, Leftover>();
        foreach ((StorageEntry entry, BackupLocation place) in documents.Where(document => !committed.Contains(document.Place)))
        {
            Add(entry, place);
        }

        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(BackupLocation.DataRoot), cancellationToken).ConfigureAwait(false))
        {
            if (BackupLocation.TryParse(entry.Key, out BackupLocation? place, out string? role)
                && (!committed.Contains(place) || role == BackupLocation.ClaimRole || (place.Repair > 0 && !repairs.Contains(place.RepairDocument))))
            {
                Add(entry, place);
            }
        }

        return leftovers;

        void Add(StorageEntry entry, BackupLocation place)
        {
            if (!leftovers.TryGetValue(place, out Leftover? leftover))
            {
                leftovers.Add(place, leftover = new Leftover());
            }

            leftover.Objects.Add((entry.Key, place));
            leftover.LastSign = entry.LastModified > leftover.LastSign ? entry.LastModified : leftover.LastSign;
        }
    }

    /// <summary>The probes that are there: of somebody who asks just now, or who died asking.</summary>
    private async Task<List<StorageEntry>> ListProbesAsync(CancellationToken cancellationToken)
    {
        List<StorageEntry> probes = [];
        await foreach (StorageEntry entry in storage.ListAsync(StoragePrefix.Parse(ProbeRoot), cancellationToken).ConfigureAwait(false))
        {
            probes.Add(entry);
        }

        return probes;
    }

    private async Task<bool> IsThereAsync(StorageKey key, CancellationToken cancellationToken) =>
        await storage.FindAsync(key, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Asks the storage for its time: ages are never measured with two clocks.</summary>
    private async Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken)
    {
        StorageKey probe = StorageKey.Parse($"{ProbeRoot}/{Guid.NewGuid():N}");
        StorageEntry entry = await Dataflow.StorageBytes.WriteBytesAsync(
            storage, probe, ReadOnlyMemory<byte>.Empty, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
        await storage.DeleteAsync(probe, cancellationToken).ConfigureAwait(false);
        return entry.LastModified;
    }

    private sealed class Leftover
    {
        internal List<(StorageKey Key, BackupLocation Place)> Objects { get; } = [];

        internal DateTimeOffset LastSign { get; set; } = DateTimeOffset.MinValue;
    }
}
