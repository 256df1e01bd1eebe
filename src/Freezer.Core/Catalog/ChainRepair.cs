using Freezer.Dataflow.Compression;
using Freezer.Diagnostics;

namespace Freezer.Catalog;

/// <summary>One run of a repair: goes through chains from level 0 up, since a level is rebuilt with the manifest of the one before.</summary>
internal sealed class ChainRepair(
    BackupCatalog catalog,
    RepairOptions options,
    CodecSet codecs,
    BackupEngineOptions settings,
    OperationReport report,
    Func<RepairContext, CancellationToken, Task> rebuildManifest)
{
    /// <summary>The commits that were read, with the repairs of this run.</summary>
    private readonly Dictionary<BackupLocation, CommittedBackup> _commits = [];

    /// <summary>Repairs chains of a name.</summary>
    /// <exception cref="BackupNotFoundException">There is none.</exception>
    internal async Task<IReadOnlyList<RepairedBackup>> RunAsync(string engineName, string backupName, CancellationToken cancellationToken)
    {
        List<BackupLocation> locations = await catalog.ListLocationsAsync(engineName, backupName, cancellationToken).ConfigureAwait(false);
        List<RepairedBackup> backups = [];
        foreach (BackupLocation location in Choose(locations))
        {
            if (await RepairAsync(location, locations, cancellationToken).ConfigureAwait(false) is { } repaired)
            {
                backups.Add(repaired);
            }
        }

        return backups.Count > 0 ? backups
            : throw new BackupNotFoundException($"There is no {engineName} backup of the name '{backupName}' to repair in this storage{(options.To is { } to ? $", as old as {to:u}" : "")}.");
    }

    /// <summary>The backups of the chains that are meant, parents first.</summary>
    private IEnumerable<BackupLocation> Choose(List<BackupLocation> locations)
    {
        long latest = options.To?.ToUnixTimeSeconds() ?? long.MaxValue;
        BackupLocation? newest = locations.FindLast(location => location.Time <= latest);
        return locations
            .Where(location => options.All || location.ChainTime == newest?.ChainTime)
            .OrderBy(static location => (location.ChainTime, location.Level, location.Time));
    }

    /// <summary>Repairs a backup, if it needs that; <see langword="null"/> where it was deleted meanwhile.</summary>
    private async Task<RepairedBackup?> RepairAsync(BackupLocation location, List<BackupLocation> locations, CancellationToken cancellationToken)
    {
        if (await FindAsync(location, cancellationToken).ConfigureAwait(false) is not { } commit)
        {
            return null;
        }

        LevelRepair? level = null;
        string? problem = null;
        try
        {
            List<CommittedBackup> chain = await BackupCatalog.ReadChainAsync(location, locations, mayLackKey: false, FindAsync, cancellationToken).ConfigureAwait(false);
            catalog.ThrowIfNotVouchedFor(commit);
            if (commit.IsForeign)
            {
                // Another program's has neither a manifest of ours nor an index.
                return new RepairedBackup { Backup = commit.ToBackup(), Outcome = RepairOutcome.Sound };
            }

            level = new LevelRepair(catalog.Storage, chain, codecs, settings, options.QueueSize, report, rebuildManifest);
            problem = await level.FindProblemAsync(cancellationToken).ConfigureAwait(false);
            if (problem is null)
            {
                return new RepairedBackup { Backup = commit.ToBackup(), Outcome = RepairOutcome.Sound };
            }

            Log.RepairBegins(settings.Logger, commit.ToBackup().ToString(), problem);
            _commits[location] = await level.RunAsync(cancellationToken).ConfigureAwait(false);
            Log.BackupRepaired(settings.Logger, _commits[location].Location.RepairDocument.Value);
            return new RepairedBackup
            {
                Backup = _commits[location].ToBackup(),
                Outcome = RepairOutcome.Repaired,
                Problem = problem,
                IsFromArchive = level.IsFromArchive,
            };
        }
        catch (Exception exception) when (exception is BackupDamagedException or BackupUnsupportedException or CompressionUnavailableException)
        {
            Log.NotRepaired(settings.Logger, commit.ToBackup().ToString(), exception);
            return new RepairedBackup
            {
                Backup = commit.ToBackup(),
                Outcome = RepairOutcome.NotRepaired,
                Problem = problem ?? exception.Message,
                Obstacle = exception.Message,
            };
        }
        finally
        {
            level?.Dispose();
        }
    }

    /// <summary>Reads a commit, once.</summary>
    private async Task<CommittedBackup?> FindAsync(BackupLocation location, CancellationToken cancellationToken)
    {
        if (!_commits.TryGetValue(location, out CommittedBackup? commit)
            && await catalog.FindAsync(location, cancellationToken).ConfigureAwait(false) is { } found)
        {
            _commits.Add(location, commit = found);
        }

        return commit;
    }
}
