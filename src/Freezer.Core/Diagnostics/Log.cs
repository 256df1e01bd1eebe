using Microsoft.Extensions.Logging;

namespace Freezer.Diagnostics;

/// <summary>Everything that the library logs. Event ids are stable: 1xx backup, 2xx restore, 3xx catalog, 4xx verification, 5xx repair.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "Backup {BackupName} of {Resource} begins: level {Level} at {Timestamp:u}, {Compression}")]
    internal static partial void BackupBegins(ILogger logger, string backupName, string resource, int level, DateTimeOffset timestamp, string compression);

    [LoggerMessage(101, LogLevel.Information, "Backup {BackupName} is committed: level {Level}, {Entries} entries, {BytesRead} bytes read, {BytesStored} bytes stored")]
    internal static partial void BackupCommitted(ILogger logger, string backupName, int level, long entries, long bytesRead, long bytesStored);

    [LoggerMessage(102, LogLevel.Warning, "Backup {BackupName} is committed with {Skipped} entries skipped")]
    internal static partial void BackupHasSkips(ILogger logger, string backupName, long skipped);

    [LoggerMessage(103, LogLevel.Information, "Backup {BackupName} begins a new chain: {Reason}")]
    internal static partial void NewChain(ILogger logger, string backupName, string reason);

    [LoggerMessage(104, LogLevel.Error, "Backup {BackupName} failed")]
    internal static partial void BackupFailed(ILogger logger, string backupName, Exception exception);

    [LoggerMessage(105, LogLevel.Warning, "The unfinished object {Key} could not be removed; a sweep will")]
    internal static partial void UnfinishedNotRemoved(ILogger logger, string key, Exception exception);

    [LoggerMessage(106, LogLevel.Warning, "Backup {BackupName} is committed, and the storage {StorageName} of the mirror lacks it: {Reason}")]
    internal static partial void StorageLags(ILogger logger, string backupName, string storageName, string reason);

    [LoggerMessage(107, LogLevel.Warning, "Backup {BackupName} is committed, and could not be looked at once more")]
    internal static partial void NotConfirmed(ILogger logger, string backupName, Exception exception);

    [LoggerMessage(108, LogLevel.Information, "Backup {BackupName} was cancelled")]
    internal static partial void BackupCancelled(ILogger logger, string backupName);

    [LoggerMessage(200, LogLevel.Information, "Restore of {Backup} to {Destination} begins")]
    internal static partial void RestoreBegins(ILogger logger, string backup, string destination);

    [LoggerMessage(201, LogLevel.Information, "Restore of {Backup} is complete: {Entries} entries, {BytesWritten} bytes")]
    internal static partial void RestoreEnded(ILogger logger, string backup, long entries, long bytesWritten);

    [LoggerMessage(202, LogLevel.Warning, "Restore of {Backup} is complete with {Skipped} entries skipped")]
    internal static partial void RestoreHasSkips(ILogger logger, string backup, long skipped);

    [LoggerMessage(203, LogLevel.Error, "Restore of {BackupName} failed")]
    internal static partial void RestoreFailed(ILogger logger, string backupName, Exception exception);

    [LoggerMessage(204, LogLevel.Information, "Restore of {BackupName} was cancelled")]
    internal static partial void RestoreCancelled(ILogger logger, string backupName);

    [LoggerMessage(300, LogLevel.Warning, "The claim {Key} could not be renewed")]
    internal static partial void ClaimNotRenewed(ILogger logger, string key, Exception exception);

    [LoggerMessage(301, LogLevel.Warning, "The claim {Key} could not be removed; a sweep will")]
    internal static partial void ClaimNotRemoved(ILogger logger, string key, Exception exception);

    [LoggerMessage(302, LogLevel.Information, "Swept the unfinished backup {Folder}, last written at {LastSign:u}")]
    internal static partial void SweptLeftover(ILogger logger, string folder, DateTimeOffset lastSign);

    [LoggerMessage(303, LogLevel.Information, "Deleted {Backup}")]
    internal static partial void BackupDeleted(ILogger logger, string backup);

    [LoggerMessage(304, LogLevel.Warning, "{Backup} was put back: its deletion could not go on")]
    internal static partial void BackupPutBack(ILogger logger, string backup);

    [LoggerMessage(306, LogLevel.Information, "Copied {Backup}")]
    internal static partial void BackupCopied(ILogger logger, string backup);

    [LoggerMessage(307, LogLevel.Warning, "{Refusal}")]
    internal static partial void RepairRefused(ILogger logger, string refusal);

    [LoggerMessage(305, LogLevel.Warning, "{Backup} stays: its deletion could not begin")]
    internal static partial void BackupKept(ILogger logger, string backup);

    [LoggerMessage(308, LogLevel.Warning, "The storage is full: {Backup} is deleted without a claim")]
    internal static partial void DeletedWithoutClaim(ILogger logger, string backup, Exception exception);

    [LoggerMessage(400, LogLevel.Warning, "Damaged: {Object}: {Reason}")]
    internal static partial void DefectFound(ILogger logger, string @object, string reason);

    [LoggerMessage(401, LogLevel.Error, "The verification of {BackupName} failed")]
    internal static partial void VerifyFailed(ILogger logger, string backupName, Exception exception);

    [LoggerMessage(402, LogLevel.Information, "The verification of {BackupName} was cancelled")]
    internal static partial void VerifyCancelled(ILogger logger, string backupName);

    [LoggerMessage(500, LogLevel.Information, "The repair of {Backup} begins: {Problem}")]
    internal static partial void RepairBegins(ILogger logger, string backup, string problem);

    [LoggerMessage(501, LogLevel.Information, "Repaired: {Document}")]
    internal static partial void BackupRepaired(ILogger logger, string document);

    [LoggerMessage(502, LogLevel.Warning, "{Backup} is not repaired")]
    internal static partial void NotRepaired(ILogger logger, string backup, Exception exception);

    [LoggerMessage(503, LogLevel.Error, "The repair of {BackupName} failed")]
    internal static partial void RepairFailed(ILogger logger, string backupName, Exception exception);

    [LoggerMessage(504, LogLevel.Information, "The repair of {BackupName} was cancelled")]
    internal static partial void RepairCancelled(ILogger logger, string backupName);
}
