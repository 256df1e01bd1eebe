using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Diagnostics;
using Freezer.Storage;
using Microsoft.Extensions.Logging;

namespace Freezer.Catalog;

/// <summary>A place in the storage at which nobody else writes, for as long as the claim is renewed.</summary>
internal sealed class BackupClaim : IAsyncDisposable
{
    private readonly IStorage _storage;
    private readonly byte[] _content;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly PeriodicTimer _renewal;
    private readonly Task _renewing;

    private BackupClaim(IStorage storage, BackupLocation location, byte[] content, TimeProvider timeProvider, ILogger logger)
    {
        _storage = storage;
        Location = location;
        _content = content;
        _logger = logger;
        _renewal = new PeriodicTimer(BackupCatalog.ClaimRenewal, timeProvider);
        _renewing = RenewAsync();
    }

    internal BackupLocation Location { get; }

    /// <summary>Claims the first second that no other backup of the name has.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="locate">Gives the place for a timestamp.</param>
    /// <param name="earliest">The first timestamp that is wanted.</param>
    /// <param name="document">What the claim says.</param>
    /// <param name="timeProvider">The clock by which the claim is renewed.</param>
    /// <param name="logger">Where log messages go.</param>
    /// <param name="cancellationToken">Cancels the claiming.</param>
    internal static async Task<BackupClaim> AcquireAsync(
        IStorage storage, Func<long, BackupLocation> locate, long earliest, ClaimDocument document, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        byte[] content = document.ToBytes();
        for (long time = earliest; ; time++)
        {
            BackupLocation location = locate(time);
            if (!await TryWriteAsync(storage, location.Claim, content, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            var claim = new BackupClaim(storage, location, content, timeProvider, logger);
            bool isTaken = true;
            try
            {
                isTaken = await IsTakenAsync(storage, location, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Whatever comes of it, a claim that nobody uses stays nowhere.
                if (isTaken)
                {
                    await claim.DisposeAsync().ConfigureAwait(false);
                }
            }

            if (!isTaken)
            {
                return claim;
            }

            // Two that met at one second both move on, and not in step.
            time += RandomNumberGenerator.GetInt32(3);
        }
    }

    /// <summary>Claims the place of a backup that is copied or repaired. The claim that was left where that was interrupted is taken over.</summary>
    /// <exception cref="BackupException">Another backup is being written there.</exception>
    internal static async Task<BackupClaim> TakeAsync(
        IStorage storage, BackupLocation location, ClaimDocument document, TimeProvider timeProvider, ILogger logger, CancellationToken cancellationToken)
    {
        byte[] content = document.ToBytes();
        if (!await TryWriteAsync(storage, location.Claim, content, cancellationToken).ConfigureAwait(false))
        {
            string taken = $"Another backup is being written at {location.Folder}, or was and its claim is left. Try again later, or sweep the storage first.";
            try
            {
                byte[] there = await storage.ReadBytesAsync(location.Claim, ReadOptions.Whole, CommittedBackup.LongestDocument, cancellationToken).ConfigureAwait(false);
                if (ClaimDocument.Parse(there).Id != document.Id)
                {
                    throw new BackupException(taken);
                }
            }
            catch (InvalidDataException exception)
            {
                throw new BackupException(taken, exception);
            }

            await storage.WriteBytesAsync(location.Claim, content, WriteMode.Replace, cancellationToken).ConfigureAwait(false);
        }

        return new BackupClaim(storage, location, content, timeProvider, logger);
    }

    /// <summary>Stops the renewal and removes the claim. What goes wrong is logged: a sweep removes it later.</summary>
    public async ValueTask DisposeAsync()
    {
        _renewal.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        _stop.Dispose();
        try
        {
            await _storage.DeleteAsync(Location.Claim, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.ClaimNotRemoved(_logger, Location.Claim.Value, exception);
        }
    }

    private static async Task<bool> TryWriteAsync(IStorage storage, StorageKey key, byte[] content, CancellationToken cancellationToken)
    {
        try
        {
            await storage.WriteBytesAsync(key, content, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StorageException exception) when (exception.Kind == StorageErrorKind.AlreadyExists)
        {
            return false;
        }
    }

    /// <summary>Whether another backup of the name has this second, at whatever level, finished or not.</summary>
    private static async Task<bool> IsTakenAsync(IStorage storage, BackupLocation location, CancellationToken cancellationToken)
    {
        foreach (StoragePrefix prefix in (StoragePrefix[])
            [BackupLocation.DataOf(location.EngineName, location.BackupName), BackupLocation.MetadataOf(location.EngineName, location.BackupName)])
        {
            await foreach (StorageEntry entry in storage.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            {
                if (entry.Key != location.Claim && BackupLocation.TryParse(entry.Key, out BackupLocation? other, out _) && other.Time == location.Time)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private async Task RenewAsync()
    {
        while (await _renewal.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await RenewOnceAsync().ConfigureAwait(false);
        }
    }

    private async Task RenewOnceAsync()
    {
        try
        {
            await _storage.WriteBytesAsync(Location.Claim, _content, WriteMode.Replace, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The claim is given up.
            return;
        }
        catch (Exception exception)
        {
            // The next renewal comes before a sweep would take the claim for abandoned.
            Log.ClaimNotRenewed(_logger, Location.Claim.Value, exception);
        }
    }
}
