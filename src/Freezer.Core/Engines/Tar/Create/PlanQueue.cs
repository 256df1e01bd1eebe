using System.Threading.Channels;
using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Walk;

namespace Freezer.Engines.Tar.Create;

/// <summary>Plans directory after directory in step with the walk and the parent's manifest, and queues the plans in slices, which are read ahead.</summary>
internal sealed class PlanQueue(BackupContext context, DirectoryPlanner planner, WalkQueue walk, ReadAhead readAhead, int capacity)
{
    private readonly ParentManifest? _parent = context.ParentManifest is { } manifest ? new ParentManifest(manifest) : null;

    private readonly Channel<PlanSlice> _slices = Channel.CreateBounded<PlanSlice>(
        new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = true });

    /// <summary>The slices in the order of the archive. Each belongs to whoever takes it.</summary>
    internal ChannelReader<PlanSlice> Slices => _slices.Reader;

    /// <summary>Plans until the walk has ended. A failure goes to the reader of the slices.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_parent is not null)
            {
                await _parent.OpenAsync(cancellationToken).ConfigureAwait(false);
            }

            while (await walk.ReadAsync(cancellationToken).ConfigureAwait(false) is { } directory)
            {
                await PlanAsync(directory, cancellationToken).ConfigureAwait(false);
            }

            if (planner.Carried.Count > 0)
            {
                await PassAsync(null, cancellationToken).ConfigureAwait(false);
            }

            _slices.Writer.Complete();
        }
        catch (Exception failure)
        {
            _slices.Writer.Complete(failure);
        }
    }

    /// <summary>Gives up what nobody has taken. Everything that runs has ended.</summary>
    internal void Drain()
    {
        while (_slices.Reader.TryRead(out PlanSlice? slice))
        {
            slice.Dispose();
        }
    }

    private async ValueTask PlanAsync(WalkedDirectory directory, CancellationToken cancellationToken)
    {
        DirectoryPlan? plan = null;
        try
        {
            await PassAsync(directory.Path, cancellationToken).ConfigureAwait(false);
            TarManifestBlock? parent = _parent?.Current is { } block && block.Path == directory.Path ? block : null;
            plan = directory.Error is null ? planner.Plan(directory, parent) : PlanUnread(directory, parent);
            if (plan is not null)
            {
                await QueueAsync(plan, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (plan is null)
            {
                directory.Source?.Dispose();
            }
            else
            {
                plan.Release();
            }
        }
    }

    private DirectoryPlan? PlanUnread(WalkedDirectory directory, TarManifestBlock? parent)
    {
        Platform.FileSystemException error = directory.Error!;
        if (error.Error is Platform.FileError.NotFound or Platform.FileError.NotADirectory or Platform.FileError.IsALink)
        {
            context.ReportNote(new Note(directory.Path, "The directory vanished, or became something else, while the backup ran; it is stored empty."));
            return planner.PlanEmpty(directory, reason: null);
        }

        context.ReportSkip(new SkippedEntry(directory.Path, SkipKind.Unreadable, error.Message));
        if (parent is null)
        {
            return planner.PlanEmpty(directory, error.Message);
        }

        // Passing the parent's blocks carries it over, with what is below it.
        planner.Carried.Add(directory.Path, error.Message);
        return null;
    }

    /// <summary>Moves the parent's manifest over the directories before a path. Those are gone, but for the ones to be carried over.</summary>
    private async ValueTask PassAsync(EntryPath? path, CancellationToken cancellationToken)
    {
        while (_parent?.Current is { } block && (path is not { } next || block.Path < next))
        {
            if (planner.Carried.Count > 0 && FindCarriedRoot(block.Path) is { } root)
            {
                DirectoryPlan plan = DirectoryPlanner.PlanCarried(block, root, planner.Carried[root]);
                await QueueAsync(plan, cancellationToken).ConfigureAwait(false);
                plan.Release();
            }

            await _parent.MoveNextAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private EntryPath? FindCarriedRoot(EntryPath path)
    {
        for (; !path.IsRoot; path = path.Parent)
        {
            if (planner.Carried.ContainsKey(path))
            {
                return path;
            }
        }

        return null;
    }

    private async ValueTask QueueAsync(DirectoryPlan plan, CancellationToken cancellationToken)
    {
        var slice = new PlanSlice(plan, start: 0);
        for (int i = 0; i < plan.Entries.Length; i++)
        {
            if (slice.IsFull)
            {
                await QueueAsync(slice, cancellationToken).ConfigureAwait(false);
                slice = new PlanSlice(plan, i);
            }

            slice.Add(i);
        }

        slice.IsLast = true;
        await QueueAsync(slice, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask QueueAsync(PlanSlice slice, CancellationToken cancellationToken)
    {
        slice.Plan.AddUser();
        if (slice.Reads > 0)
        {
            slice.PrepareResults();
            readAhead.Add(slice);
        }

        try
        {
            await _slices.Writer.WriteAsync(slice, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A thread may be reading into it.
            await slice.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            slice.Dispose();
            throw;
        }
    }
}
