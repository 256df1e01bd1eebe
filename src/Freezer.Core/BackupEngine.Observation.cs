using System.Diagnostics;
using Freezer.Diagnostics;

namespace Freezer;

public abstract partial class BackupEngine
{
    /// <summary>Does what the engine is asked for, and tells of it however it ends: in an activity, in the log, and to the meter.</summary>
    private async Task<T> ObserveAsync<T>(
        Operation operation,
        string backupName,
        IProgress<BackupProgress>? progress,
        Func<OperationReport, Task<(T Result, string Outcome)>> run,
        CancellationToken cancellationToken)
    {
        var report = new OperationReport(progress, EngineOptions.TimeProvider);
        using Activity? activity = Telemetry.Activities.StartActivity(operation.ActivityName);
        activity?.SetTag("freezer.engine", Name).SetTag("freezer.backup_name", backupName);
        string outcome = "failed";
        try
        {
            (T result, outcome) = await run(report).ConfigureAwait(false);
            report.Finish();
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = "cancelled";
            operation.LogCancelled(EngineOptions.Logger, backupName);
            throw;
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            operation.LogFailed(EngineOptions.Logger, backupName, exception);
            throw;
        }
        finally
        {
            activity?.SetTag("freezer.outcome", outcome);
            Telemetry.Record(operation.Name, Name, outcome, report);
        }
    }
}
