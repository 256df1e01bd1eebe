using System.IO.Pipelines;
using Freezer.Engines.Tar.Exclude;
using Freezer.Engines.Tar.Walk;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Writes one level: a walk, a planner and readers that run ahead of the writer, each bounded.</summary>
/// <remarks>
/// <code>
/// walk (a thread) → directories → planner ← parent's manifest
///                                    ↓ slices → readers (threads)
///                                    writer → archive, manifest
/// </code>
/// </remarks>
internal sealed class TarBackup(FileTree tree, TarEngineOptions options, IgnoreRules rules, int parallelism, TimeProvider timeProvider)
{
    private const int MostReaders = 8;

    /// <summary>How many slices are planned and read ahead, beside those that are being read.</summary>
    private const int SlicesAhead = 8;

    internal async Task WriteAsync(BackupContext context, PipeWriter archive, CancellationToken cancellationToken)
    {
        var rule = new ChangeRule(options, tree.Capabilities);
        int readers = Math.Min(parallelism, MostReaders);
        using SourceDirectory root = TarSource.Parse(context.Resource).Open(tree);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken stopToken = stop.Token;
        using var walked = new WalkQueue();
        var walk = new TreeWalk(root, options, rules, timeProvider, walked);
        var readAhead = new ReadAhead(tree, rule, readers, stopToken);
        var plans = new PlanQueue(context, new DirectoryPlanner(context, tree, rule), walked, readAhead, SlicesAhead + readers);

        // The walk waits for the disk and for room in its queue, which a thread of the pool should not.
        Task walking = Task.Factory.StartNew(() => Walk(walk, walked, stopToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task planning = plans.RunAsync(stopToken);
        using var writer = new ArchiveWriter(context, archive, tree, rule);
        try
        {
            await writer.RunAsync(plans.Slices, stopToken).ConfigureAwait(false);
            context.Facts["directories"] = writer.Counts.Directories.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await walking.ConfigureAwait(false);
            await planning.ConfigureAwait(false);
            await readAhead.CompleteAsync().ConfigureAwait(false);
            plans.Drain();
        }
    }

    /// <summary>A failure goes to whoever reads the queue.</summary>
    private static void Walk(TreeWalk walk, WalkQueue queue, CancellationToken cancellationToken)
    {
        try
        {
            walk.Run(cancellationToken);
            queue.Complete(null);
        }
        catch (Exception failure)
        {
            queue.Complete(failure);
        }
    }
}
