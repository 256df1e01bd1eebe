using System.IO.Pipelines;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;
using Freezer.Keys;
using Freezer.Storage;

namespace Freezer;

public abstract partial class BackupEngine
{
    /// <summary>One run of the workflow: choose a parent, claim a place, write, look again, commit.</summary>
    private sealed class BackupOperation(
        BackupEngine engine, string resource, string backupName, BackupOptions options, CodecSet codecs, OperationReport report)
    {
        private readonly BackupEngineOptions _settings = engine.EngineOptions;
        private readonly IStorage _storage = engine.Storage;
        private readonly BackupCatalog _catalog = new(engine.Storage, engine.EngineOptions.Logger, engine.EngineOptions.Keys);
        private readonly Guid _id = Guid.NewGuid();
        private readonly SourceIdentity _source = new(engine.EngineOptions.SourceHost, engine.IdentifySource(resource));

        internal async Task<BackupResult> RunAsync(CancellationToken cancellationToken)
        {
            Compression compression = options.Compression ?? codecs.Default;
            (ICompressionCodec codec, int level) = codecs.GetAvailable(compression);
            var stream = new StoredStreamOptions
            {
                Codec = codec,
                Level = level,
                FrameSize = options.FrameSize ?? codec.DefaultFrameSize,
                Parallelism = _settings.Parallelism,
            };
            string? unusableParent = null;
            while (true)
            {
                ParentChoice choice = await ChooseParentAsync(unusableParent, cancellationToken).ConfigureAwait(false);
                DataKey? dataKey = await KeyRing.ChooseDataKeyAsync(_storage, _settings.Keys, choice.Parent?.DataKey, cancellationToken).ConfigureAwait(false);
                BackupClaim claim = await ClaimAsync(choice, cancellationToken).ConfigureAwait(false);
                await using (claim.ConfigureAwait(false))
                {
                    // The parent may have been forgotten between the choice and the claim that protects it: choose again.
                    if (!await IsThereAsync(choice.Parent, cancellationToken).ConfigureAwait(false))
                    {
                        continue;
                    }

                    BackupDocument document;
                    try
                    {
                        document = await WriteAsync(claim.Location, choice, stream, dataKey, cancellationToken).ConfigureAwait(false);
                    }
                    catch (BackupDamagedException exception) when (choice.Parent is not null)
                    {
                        // The parent's manifest turned out to be damaged: what is stored of this level is gone again.
                        unusableParent = exception.Message;
                        report.Reset();
                        continue;
                    }

                    IReadOnlyList<LaggingStorage> lagging = FindLagging();
                    return new BackupResult
                    {
                        Outcome = lagging.Count > 0 && report.Skipped == 0 ? BackupOutcome.CompleteWithDegradedMirror : report.Outcome,
                        Lagging = lagging,
                        Backup = new CommittedBackup(claim.Location, document, dataKey).ToBackup(),
                        NewChainReason = choice.NewChainReason,
                        Compression = new Compression(codec.Name, level),
                        Skips = report.Skips,
                        Notes = report.Notes,
                        Duration = report.Elapsed,
                    };
                }
            }
        }

        private async Task<ParentChoice> ChooseParentAsync(string? unusableParent, CancellationToken cancellationToken)
        {
            List<BackupLocation> locations = await _catalog.ListLocationsAsync(engine.Name, backupName, cancellationToken).ConfigureAwait(false);
            long newest = locations.Count == 0 ? 0 : locations[^1].Time;
            (BackupLocation? parent, string? reason) =
                unusableParent is not null ? (null, CannotBuildOn(unusableParent))
                : options.Parent is { } wanted ? (Locate(wanted, locations), null)
                : ChooseByRules(locations);
            List<CommittedBackup> chain = [];
            if (parent is not null)
            {
                (chain, reason) = await ReadParentsAsync(parent, locations, cancellationToken).ConfigureAwait(false);
            }

            return reason is null ? new ParentChoice(chain, [.. chain.Select(level => locations.Find(location => location == level.Location)!)], newest, null)
                : new ParentChoice([], [], newest, reason);
        }

        private static BackupLocation Locate(Backup parent, List<BackupLocation> locations)
        {
            var location = BackupLocation.Of(parent);
            return locations.Contains(location) ? location : throw IsMissing(parent);
        }

        private (BackupLocation? Parent, string? NewChainReason) ChooseByRules(List<BackupLocation> locations)
        {
            if (locations.Count == 0)
            {
                return (null, null);
            }

            BackupLocation newest = locations[^1];
            LevelDecision decision = LevelPolicy.Decide(newest, options, _settings.TimeProvider.GetUtcNow());
            if (decision.ParentLevel is not { } parentLevel)
            {
                return (null, decision.Reason);
            }

            int parent = locations.FindLastIndex(location => location.Level == parentLevel && location.ChainTime == newest.ChainTime);
            return parent < 0 ? (null, $"the chain has no backup of level {parentLevel}") : (locations[parent], null);
        }

        /// <summary>Reads the parent and all that it builds on, and says why a new backup cannot build on them.</summary>
        private async Task<(List<CommittedBackup> Chain, string? Reason)> ReadParentsAsync(
            BackupLocation parent, List<BackupLocation> locations, CancellationToken cancellationToken)
        {
            List<CommittedBackup> chain;
            try
            {
                chain = await _catalog.ReadChainAsync(parent, locations, mayLackKey: false, cancellationToken).ConfigureAwait(false);
                if (options.Parent is { } wanted && wanted.Id != chain[^1].Document.Id)
                {
                    throw IsMissing(wanted);
                }

                if (chain.Any(static level => level.IsForeign))
                {
                    return ([], "the newest chain was made by another program");
                }

                if (_settings.Keys is not null && !chain[^1].Document.IsSealed)
                {
                    return ([], "the newest chain is not encrypted, and this backup is");
                }

                if (chain[^1].Document.Source != _source)
                {
                    SourceIdentity source = chain[^1].Document.Source;
                    return ([], $"the newest backup is of '{source.Path}' on {source.Host}, and this one of '{_source.Path}' on {_source.Host}");
                }

                using var reader = new ChainReader(_storage, chain, codecs, _settings.Parallelism, options.QueueSize);
                await reader.CheckObjectsAsync(cancellationToken).ConfigureAwait(false);
                var context = new BackupPlanContext(resource, reader.Chain[^1], (consume, token) => reader.ReadManifestAsync(reader.Chain[^1], consume, token));
                BackupPlan plan = await engine.PlanAsync(context, cancellationToken).ConfigureAwait(false);
                return (chain, plan.NewChainReason);
            }
            catch (Exception exception) when (exception is BackupDamagedException or BackupUnsupportedException or CompressionUnavailableException)
            {
                return ([], CannotBuildOn(exception.Message));
            }
        }

        private static BackupNotFoundException IsMissing(Backup parent) =>
            new($"{parent}, the backup {parent.Id:N}, is not in this storage: nothing can build on it. Take a full backup, or choose another parent.");

        private static string CannotBuildOn(string problem) => $"the newest chain cannot be built on: {problem}";

        private Task<BackupClaim> ClaimAsync(ParentChoice choice, CancellationToken cancellationToken)
        {
            // Later than every backup of the name, also where a clock was put back.
            long earliest = Math.Max(_settings.TimeProvider.GetUtcNow().ToUnixTimeSeconds(), choice.NewestTime + 1);
            CommittedBackup? parent = choice.Parent;
            return BackupClaim.AcquireAsync(
                _storage,
                time => new BackupLocation(engine.Name, backupName, parent?.Location.ChainTime ?? time, (parent?.Location.Level + 1) ?? 0, time),
                earliest,
                // Where names are secrets, that of this machine is too.
                new ClaimDocument(_id, parent?.Document.Id, _settings.Keys is null ? _settings.SourceHost : "", Environment.ProcessId),
                _settings.TimeProvider,
                _settings.Logger,
                cancellationToken);
        }

        private async Task<BackupDocument> WriteAsync(
            BackupLocation location, ParentChoice choice, StoredStreamOptions stream, DataKey? dataKey, CancellationToken cancellationToken)
        {
            DateTimeOffset timestamp = DateTimeOffset.FromUnixTimeSeconds(location.Time);
            Log.BackupBegins(_settings.Logger, backupName, resource, location.Level, timestamp, stream.Codec.Name);
            if (choice.NewChainReason is { } reason)
            {
                Log.NewChain(_settings.Logger, backupName, reason);
            }

            var facts = new SortedDictionary<string, string>(StringComparer.Ordinal);
            BackupDocument document;
            byte[] bytes;
            DateTimeOffset lookedAt;
            try
            {
                LevelObjects objects = await WriteLevelAsync(location, choice, stream, dataKey, facts, cancellationToken).ConfigureAwait(false);
                document = Describe(location, choice, stream, dataKey, objects, facts);
                bytes = document.ToBytes(dataKey);
                if (bytes.Length > CommittedBackup.LongestDocument)
                {
                    throw new BackupException($"The metadata document of the backup would have {bytes.Length} bytes, and at most {CommittedBackup.LongestDocument} are read back. Shorten the name of the resource, or the facts of the engine.");
                }

                lookedAt = _settings.TimeProvider.GetUtcNow();
                await CheckObjectsAsync([.. choice.Chain, new CommittedBackup(location, document, dataKey)], cancellationToken).ConfigureAwait(false);
                await CheckParentsAsync(choice, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch
            {
                await RemoveUnfinishedAsync(location).ConfigureAwait(false);
                throw;
            }

            // From here on nothing is deleted but the claim: the commit may be there although its answer was lost.
            await CommitAsync(location, bytes, cancellationToken).ConfigureAwait(false);
            await ConfirmAsync(new CommittedBackup(location, document, dataKey), choice.Parent, lookedAt).ConfigureAwait(false);
            Log.BackupCommitted(_settings.Logger, backupName, location.Level, document.Entries, document.BytesRead, report.BytesStored);
            if (document.Skipped > 0)
            {
                Log.BackupHasSkips(_settings.Logger, backupName, document.Skipped);
            }

            return document;
        }

        private async Task CheckObjectsAsync(IReadOnlyList<CommittedBackup> levels, CancellationToken cancellationToken)
        {
            using var reader = new ChainReader(_storage, levels, codecs, _settings.Parallelism, options.QueueSize);
            await reader.CheckObjectsAsync(cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Looks that what the backup builds on is still there, and is still what its manifest refers to.</summary>
        private async Task CheckParentsAsync(ParentChoice choice, CancellationToken cancellationToken)
        {
            if (choice.Parent is not { } parent)
            {
                return;
            }

            if (!await IsThereAsync(parent, cancellationToken).ConfigureAwait(false))
            {
                throw new BackupException($"The parent {parent.ToBackup()} was removed while this backup was written. Run it again.");
            }

            // Two places that differ in their repairs alone are equal.
            HashSet<BackupLocation> now = [.. await _catalog.ListLocationsAsync(engine.Name, backupName, cancellationToken).ConfigureAwait(false)];
            foreach (BackupLocation level in choice.Listed)
            {
                if (now.TryGetValue(level, out BackupLocation? listed) && listed.Repair != level.Repair)
                {
                    throw new BackupException($"{level.ToBackup()}, which this backup builds on, was repaired while it was written, and other objects have taken the place of what it refers to. Run it again.");
                }
            }
        }

        /// <summary>Looks once more after the commit. A deletion of the parent that has died cannot put the parent back, and where the commit took long a sweep may have
        /// taken the backup for abandoned: it is listed then, and must not pass for a success.</summary>
        private async Task ConfirmAsync(CommittedBackup commit, CommittedBackup? parent, DateTimeOffset lookedAt)
        {
            try
            {
                if (!await IsThereAsync(parent, CancellationToken.None).ConfigureAwait(false))
                {
                    throw new BackupException($"{commit.ToBackup()} is committed, and its parent {parent!.ToBackup()} is being deleted. It restores only if that is put back: verify it, or take a full backup.");
                }

                if (_settings.TimeProvider.GetUtcNow() - lookedAt >= BackupCatalog.ClaimRenewal)
                {
                    await CheckObjectsAsync([commit], CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (BackupDamagedException exception)
            {
                throw new BackupException($"{commit.ToBackup()} is committed and not whole, since it stood still for so long that it was swept: {exception.Message} Delete it, and run the backup again.", exception);
            }
            catch (StorageException exception)
            {
                // All was there just before.
                Log.NotConfirmed(_settings.Logger, backupName, exception);
            }
        }

        private async Task<LevelObjects> WriteLevelAsync(
            BackupLocation location, ParentChoice choice, StoredStreamOptions stream, DataKey? dataKey, SortedDictionary<string, string> facts, CancellationToken cancellationToken)
        {
            var writer = new LevelWriter(_storage, location, _id, stream, dataKey, options.QueueSize, report);
            ICompressionCodec plain = codecs.GetAvailable("none");
            if (choice.Chain.Count == 0)
            {
                return await writer.WriteAsync(
                    (archive, manifest, token) => RunEngineAsync(null, null, archive, manifest, facts, token), null, plain, cancellationToken).ConfigureAwait(false);
            }

            using var parents = new ChainReader(_storage, choice.Chain, codecs, _settings.Parallelism, options.QueueSize);
            var parentFrames = new ManifestFrameSet();
            Backup parent = parents.Chain[^1];
            return await writer.WriteAsync(
                (archive, manifest, token) => parents.ReadManifestAsync(
                    parent,
                    parentFrames,
                    (parentManifest, manifestToken) => RunEngineAsync(parent, parentManifest, archive, manifest, facts, manifestToken),
                    token),
                parentFrames,
                plain,
                cancellationToken).ConfigureAwait(false);
        }

        private async Task RunEngineAsync(
            Backup? parent, PipeReader? parentManifest, PipeWriter archive, ManifestWriter manifest, SortedDictionary<string, string> facts, CancellationToken cancellationToken)
        {
            var context = new BackupContext(report)
            {
                Resource = resource,
                BackupName = backupName,
                BackupId = _id,
                Parent = parent,
                Timestamp = _settings.TimeProvider.GetUtcNow(),
                Options = options,
                ParentManifest = parentManifest,
                Manifest = manifest,
                Logger = _settings.Logger,
            };
            await engine.WriteArchiveAsync(context, archive, cancellationToken).ConfigureAwait(false);
            foreach ((string name, string value) in context.Facts)
            {
                facts[name] = value ?? throw new InvalidOperationException($"The engine {engine.Name} gave the fact '{name}' no value.");
            }
        }

        private BackupDocument Describe(
            BackupLocation location, ParentChoice choice, StoredStreamOptions stream, DataKey? dataKey, LevelObjects objects, SortedDictionary<string, string> facts) => new()
            {
                EngineName = engine.Name,
                Compression = stream.Codec.Name,
                Encryption = dataKey is not null,
                Format = BackupDocument.CurrentFormat,
                Requires = dataKey is null ? [] : [BackupDocument.SealedFeature],
                Id = _id,
                BackupName = backupName,
                ChainTimestamp = location.ChainTime,
                Timestamp = location.Time,
                Level = location.Level,
                ParentId = choice.Parent?.Document.Id,
                ParentTimestamp = choice.Parent?.Location.Time,
                DataKey = dataKey?.Id,
                Source = _source,
                CompressionLevel = stream.Level,
                Archive = objects.Archive,
                Manifest = objects.Manifest,
                Index = objects.Index,
                Outcome = CommittedBackup.NameOf(report.Outcome),
                Entries = report.Entries,
                Skipped = report.Skipped,
                BytesRead = report.Bytes,
                Library = BackupDocument.ThisLibrary,
                Facts = facts,
                ApplicationFacts = options.Facts.Count == 0 ? null : new(new Dictionary<string, string>(options.Facts), StringComparer.Ordinal),
            };

        private async Task CommitAsync(BackupLocation location, byte[] document, CancellationToken cancellationToken)
        {
            try
            {
                await _storage.WriteBytesAsync(location.Metadata, document, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException exception)
            {
                if (!exception.LeavesOutcomeOpen || !await IsOursAsync(location, cancellationToken).ConfigureAwait(false))
                {
                    throw new BackupException($"The commit {location.Metadata} could not be written, or not be confirmed: {exception.Message} Run the backup again.", exception);
                }
            }
        }

        /// <summary>The storages of a mirror that lack the backup, now that it is committed.</summary>
        private IReadOnlyList<LaggingStorage> FindLagging()
        {
            IReadOnlyList<LaggingStorage> lagging = _storage.GetFeature<IReplicatedStorage>()?.Lagging ?? [];
            foreach (LaggingStorage storage in lagging)
            {
                Log.StorageLags(_settings.Logger, backupName, storage.Name, storage.Reason);
            }

            return lagging;
        }

        private async Task<bool> IsOursAsync(BackupLocation location, CancellationToken cancellationToken)
        {
            try
            {
                CommittedBackup commit = await CommittedBackup.ReadAsync(_storage, location, _settings.Keys, cancellationToken).ConfigureAwait(false);
                return commit.Problem is null && commit.Document.Id == _id;
            }
            catch (StorageException)
            {
                // It cannot be read either: the first failure is the one to tell of.
                return false;
            }
        }

        private async Task<bool> IsThereAsync(CommittedBackup? parent, CancellationToken cancellationToken) =>
            parent is null || await _storage.FindAsync(parent.Location.Metadata, cancellationToken).ConfigureAwait(false) is not null;

        private async Task RemoveUnfinishedAsync(BackupLocation location)
        {
            try
            {
                if (await _storage.FindAsync(location.Metadata, CancellationToken.None).ConfigureAwait(false) is not null)
                {
                    // A storage that lists late has hidden that this place is taken: what lies here is another backup's.
                    return;
                }
            }
            catch (Exception exception)
            {
                Log.UnfinishedNotRemoved(_settings.Logger, location.Folder, exception);
                return;
            }

            foreach (StorageKey key in (StorageKey[])[location.Archive, location.Manifest, location.Index])
            {
                try
                {
                    await _storage.DeleteAsync(key, CancellationToken.None).ConfigureAwait(false);
                }
                catch (Exception exception)
                {
                    Log.UnfinishedNotRemoved(_settings.Logger, key.Value, exception);
                }
            }
        }

        /// <summary>The chain to build on, level 0 first; empty for a new chain. Its places are kept as they were listed, each with its newest repair.</summary>
        private sealed record ParentChoice(List<CommittedBackup> Chain, List<BackupLocation> Listed, long NewestTime, string? NewChainReason)
        {
            internal CommittedBackup? Parent => Chain.Count == 0 ? null : Chain[^1];
        }
    }
}
