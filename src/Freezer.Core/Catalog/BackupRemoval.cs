using Freezer.Dataflow;
using Freezer.Diagnostics;
using Freezer.Storage;
using Microsoft.Extensions.Logging;

namespace Freezer.Catalog;

/// <summary>Deletes one backup, without a lock, beside backups that may come to build on it.</summary>
/// <remarks>
/// <para>A backup writes its claim, looks that its parent is there, writes, looks again, commits, and removes the claim. A deletion
/// looks for children and for claims that name it, deletes the commit, and looks again. So whoever claims before the second look is seen
/// by it, and the commit is put back; whoever claims later sees that the parent is gone, and chooses another one.</para>
/// <para>As long as the commit can be put back no other object is touched. A claim of the deletion's own stands there meanwhile: it
/// tells a sweep that somebody is at work, and keeps the parent, without which there would be nothing to put back.</para>
/// </remarks>
internal sealed class BackupRemoval(BackupCatalog catalog, Backup backup, ILogger logger)
{
    private readonly IStorage _storage = catalog.Storage;
    private readonly BackupLocation _location = BackupLocation.Of(backup);

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        if (await ReadCommitAsync(cancellationToken).ConfigureAwait(false) is { } document)
        {
            CommittedBackup commit = await CommittedBackup.ParseAsync(_location, document, catalog.Keys, cancellationToken).ConfigureAwait(false);
            if ((commit.Problem is null or BackupKeyException) && commit.Outline.Id != backup.Id)
            {
                // The place was taken by another backup, so that this one must be gone.
                return;
            }

            // An encrypted document names its parent to everybody.
            await RemoveCommitAsync(document, commit.ToBackup().ParentId, cancellationToken).ConfigureAwait(false);
        }
        else if (await IsClaimedByAnotherAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        await RemoveObjectsAsync(cancellationToken).ConfigureAwait(false);
        Log.BackupDeleted(logger, backup.ToString());
    }

    private async Task<byte[]?> ReadCommitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _storage.ReadBytesAsync(_location.Metadata, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return null;
        }
        catch (InvalidDataException exception)
        {
            throw new BackupDamagedException($"{backup} is not deleted, since nobody could put it back: {exception.Message} Delete this object by hand first.", exception);
        }
    }

    private async Task RemoveCommitAsync(byte[] document, Guid? parentId, CancellationToken cancellationToken)
    {
        await RefuseWhereBuiltOnAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ClaimAsync(parentId, cancellationToken).ConfigureAwait(false);
            await _storage.DeleteAsync(_location.Metadata, cancellationToken).ConfigureAwait(false);
            await RefuseWhereBuiltOnAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Something builds on it now, or nobody knows whether something does: as it was is what is safe.
            await PutBackAsync(document, exception).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Says that somebody is at work here. Where the storage is full, and only there, the deletion goes on without: it is what makes room again, and
    /// nothing that would need the claim can be written meanwhile.</summary>
    private async Task ClaimAsync(Guid? parentId, CancellationToken cancellationToken)
    {
        byte[] claim = new ClaimDocument(backup.Id, parentId, Environment.MachineName, Environment.ProcessId).ToBytes();
        try
        {
            await _storage.WriteBytesAsync(_location.Claim, claim, WriteMode.Replace, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NoSpace)
        {
            Log.DeletedWithoutClaim(logger, backup.ToString(), exception);
        }
    }

    private async Task PutBackAsync(byte[] document, Exception cause)
    {
        try
        {
            await _storage.WriteBytesAsync(_location.Metadata, document, WriteMode.CreateNew, CancellationToken.None).ConfigureAwait(false);
            Log.BackupPutBack(logger, backup.ToString());
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.AlreadyExists)
        {
            Log.BackupKept(logger, backup.ToString());
        }
        catch (StorageException exception)
        {
            throw new StorageException(
                exception.Kind, _location.Metadata.Value, $"the backup is not listed any more, and cannot be put back: {exception.Message} It was to be since: {cause.Message}", exception.IsTransient, cause);
        }

        try
        {
            await _storage.DeleteAsync(_location.Claim, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.ClaimNotRemoved(logger, _location.Claim.Value, exception);
        }
    }

    private async Task RefuseWhereBuiltOnAsync(CancellationToken cancellationToken)
    {
        List<string> dependants = [];
        // Claims first: what ends between the two looks is among the commits.
        await AddClaimsAsync(dependants, cancellationToken).ConfigureAwait(false);
        await AddCommitsAsync(dependants, cancellationToken).ConfigureAwait(false);
        if (dependants.Count > 0)
        {
            throw new BackupException($"{backup} cannot be deleted: it is needed by {string.Join(", ", dependants)}.");
        }
    }

    private async Task AddClaimsAsync(List<string> dependants, CancellationToken cancellationToken)
    {
        await foreach (StorageEntry entry in _storage.ListAsync(BackupLocation.DataOf(_location.EngineName, _location.BackupName), cancellationToken).ConfigureAwait(false))
        {
            if (!BackupLocation.TryParse(entry.Key, out BackupLocation? other, out string? role) || role != BackupLocation.ClaimRole || !IsAbove(other))
            {
                continue;
            }

            (bool isThere, ClaimDocument? claim) = await ReadClaimAsync(other, cancellationToken).ConfigureAwait(false);
            if (isThere && (claim is null || claim.ParentId == backup.Id))
            {
                dependants.Add($"what is being written or deleted at {other.Folder}");
            }
        }
    }

    private async Task AddCommitsAsync(List<string> dependants, CancellationToken cancellationToken)
    {
        foreach (BackupLocation other in await catalog.ListLocationsAsync(_location.EngineName, _location.BackupName, cancellationToken).ConfigureAwait(false))
        {
            if (IsAbove(other)
                && await catalog.FindAsync(other, cancellationToken).ConfigureAwait(false) is { } commit
                && MayBuildOnThis(commit))
            {
                dependants.Add(commit.ToBackup().ToString());
            }
        }
    }

    /// <summary>Whether another level needs this one. What cannot be read may; other programs name no parents, and take the newest of the level before.</summary>
    private bool MayBuildOnThis(CommittedBackup other) =>
        other.Problem is not null
        || (other.IsForeign ? other.Location.Time > _location.Time : other.Document.ParentTimestamp == _location.Time);

    private bool IsAbove(BackupLocation other) => other.ChainTime == _location.ChainTime && other.Level > _location.Level;

    /// <summary>Whether somebody else is writing, or has died writing, where this backup was: what lies there is not this one's.</summary>
    private async Task<bool> IsClaimedByAnotherAsync(CancellationToken cancellationToken)
    {
        (bool isThere, ClaimDocument? claim) = await ReadClaimAsync(_location, cancellationToken).ConfigureAwait(false);
        return isThere && claim?.Id != backup.Id;
    }

    /// <summary>Reads a claim; one that cannot be understood is there and says nothing.</summary>
    private async Task<(bool IsThere, ClaimDocument? Claim)> ReadClaimAsync(BackupLocation location, CancellationToken cancellationToken)
    {
        try
        {
            byte[] bytes = await _storage.ReadBytesAsync(location.Claim, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
            return (true, ClaimDocument.Parse(bytes));
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
        {
            return (false, null);
        }
        catch (InvalidDataException)
        {
            return (true, null);
        }
    }

    /// <summary>Removes what is left once the commit is gone. The claim comes last: until then it says whose this is.</summary>
    private async Task RemoveObjectsAsync(CancellationToken cancellationToken)
    {
        List<StorageKey> keys = [];
        await foreach (StorageEntry entry in _storage.ListAsync(_location.MetadataFolder, cancellationToken).ConfigureAwait(false))
        {
            if (BackupLocation.TryParse(entry.Key, out _, out string? role) && role == BackupLocation.RepairRole)
            {
                keys.Add(entry.Key);
            }
        }

        await foreach (StorageEntry entry in _storage.ListAsync(_location.DataFolder, cancellationToken).ConfigureAwait(false))
        {
            keys.Add(entry.Key);
        }

        // Documents of repairs first: their keys are behind all others.
        keys.Sort(static (a, b) => b.CompareTo(a));
        foreach (StorageKey key in keys)
        {
            await _storage.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        }
    }
}
