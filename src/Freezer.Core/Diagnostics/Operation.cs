using Microsoft.Extensions.Logging;

namespace Freezer.Diagnostics;

/// <summary>What an engine is asked to do, as its activities, its meter and its log tell of it.</summary>
internal sealed record Operation(string Name, string ActivityName, Action<ILogger, string> LogCancelled, Action<ILogger, string, Exception> LogFailed)
{
    internal static readonly Operation Backup = new("backup", "Freezer.Backup", Log.BackupCancelled, Log.BackupFailed);

    internal static readonly Operation Restore = new("restore", "Freezer.Restore", Log.RestoreCancelled, Log.RestoreFailed);

    internal static readonly Operation Verify = new("verify", "Freezer.Verify", Log.VerifyCancelled, Log.VerifyFailed);

    internal static readonly Operation Repair = new("repair", "Freezer.Repair", Log.RepairCancelled, Log.RepairFailed);
}
