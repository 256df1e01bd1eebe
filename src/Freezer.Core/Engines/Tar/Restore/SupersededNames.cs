using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Removes from a destination that was not empty what earlier levels contained and the last one does not, as a replay would.</summary>
/// <remarks>Each earlier manifest is read beside the last one, in step: no more than two directories of them are in memory. A directory that
/// the last level does not have is removed once what earlier levels had in it is; one that holds anything else stays.</remarks>
internal sealed class SupersededNames : IDisposable
{
    private readonly Destination _destination;
    private readonly RestoreReport _report;
    private readonly DirectoryChain _directories;

    // Directories that go once the merge has left them, the innermost last.
    private readonly Stack<EntryPath> _leaving = new();

    // Directories that could not go because they hold something. The names of a later level may be all that it is.
    private readonly HashSet<EntryPath> _standing;

    private SupersededNames(Destination destination, HashSet<EntryPath> standing)
    {
        _destination = destination;
        _standing = standing;
        _report = destination.Report;
        _directories = new DirectoryChain(destination);
    }

    /// <summary>Removes what a chain no longer has.</summary>
    /// <exception cref="BackupDamagedException">A manifest is damaged.</exception>
    internal static async Task RemoveAsync(Destination destination, RestoreContext context, CancellationToken cancellationToken)
    {
        var standing = new HashSet<EntryPath>();
        foreach (Backup level in context.Chain)
        {
            if (level == context.Target)
            {
                break;
            }

            using var names = new SupersededNames(destination, standing);
            await names.RemoveAsync(context, level, cancellationToken).ConfigureAwait(false);
        }

        foreach (EntryPath path in standing.Order())
        {
            destination.Report.Note(path, "The backup has no such directory; it stays because it holds names that no backup of the chain had.");
        }
    }

    public void Dispose() => _directories.Dispose();

    private async Task RemoveAsync(RestoreContext context, Backup level, CancellationToken cancellationToken)
    {
        PulledPipe earlier = await OpenAsync(context, level, cancellationToken).ConfigureAwait(false);
        await using (earlier.ConfigureAwait(false))
        {
            PulledPipe last = await OpenAsync(context, context.Target, cancellationToken).ConfigureAwait(false);
            await using (last.ConfigureAwait(false))
            {
                await MergeAsync(
                    new Side(new LevelManifest(earlier.Reader, level, _destination.LongestBlock)),
                    new Side(new LevelManifest(last.Reader, context.Target, _destination.LongestBlock)),
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Task<PulledPipe> OpenAsync(RestoreContext context, Backup level, CancellationToken cancellationToken) =>
        PulledPipe.OpenAsync((consume, token) => context.ReadManifestAsync(level, consume, token), cancellationToken);

    private async Task MergeAsync(Side earlier, Side last, CancellationToken cancellationToken)
    {
        await earlier.OpenAsync(cancellationToken).ConfigureAwait(false);
        await last.OpenAsync(cancellationToken).ConfigureAwait(false);
        await last.MoveAsync(cancellationToken).ConfigureAwait(false);
        while (await earlier.MoveAsync(cancellationToken).ConfigureAwait(false))
        {
            TarManifestBlock block = earlier.Block!;
            while (last.Block is { } behind && behind.Path < block.Path)
            {
                await last.MoveAsync(cancellationToken).ConfigureAwait(false);
            }

            LeaveUpTo(block.Path);
            bool isGone = last.Block?.Path != block.Path;
            if (isGone && _destination.Include.Classify(block.Path) != Selection.Outside)
            {
                _leaving.Push(new EntryPath(block.Path.Bytes.ToArray()));
            }

            RemoveFrom(block, isGone ? null : last.Block);
            cancellationToken.ThrowIfCancellationRequested();
        }

        LeaveUpTo(EntryPath.Root);
    }

    /// <summary>Removes the names of a directory, but for its subdirectories, whose turn comes.</summary>
    private void RemoveFrom(TarManifestBlock block, TarManifestBlock? now)
    {
        DirectoryFrame? directory = null;
        for (int i = 0; i < block.Count; i++)
        {
            TarManifestRecord record = block.Record(i);
            if (record.Kind == FileKind.Directory || !record.IsStored || Has(now, block.Name(i).Span))
            {
                continue;
            }

            EntryPath path = block.Path.Append(block.Name(i).Span);
            if (_destination.Include.Classify(path) != Selection.Selected)
            {
                continue;
            }

            directory ??= Enter(path.Parent);
            if (directory is null)
            {
                return;
            }

            Remove(directory, path, isDirectory: false);
        }
    }

    private static bool Has(TarManifestBlock? block, ReadOnlySpan<byte> name)
    {
        int index = block?.Find(name) ?? -1;
        return index >= 0 && block!.Record(index).IsStored;
    }

    private void LeaveUpTo(EntryPath path)
    {
        while (_leaving.TryPeek(out EntryPath left) && !path.IsAtOrBelow(left))
        {
            _leaving.Pop();
            if (Enter(left.Parent) is { } parent)
            {
                Remove(parent, left, isDirectory: true);
            }
        }
    }

    /// <summary>Enters a directory as far as it is there; what stands in its place was not made by the chain's last restore.</summary>
    private DirectoryFrame? Enter(EntryPath path)
    {
        try
        {
            return _directories.Enter(path, creates: false);
        }
        catch (FileSystemException e) when (e.Error is FileError.NotFound or FileError.IsALink or FileError.NotADirectory)
        {
            return null;
        }
        catch (FileSystemException e)
        {
            _report.Skip(path, SkipKind.Unwritable, $"What earlier backups had in it could not be removed: {e.Message}.");
            return null;
        }
    }

    private void Remove(DirectoryFrame directory, EntryPath path, bool isDirectory)
    {
        try
        {
            if (!_directories.TryStat(directory, path.Name.Span, out FileStatus status) || (status.Kind == FileKind.Directory) != isDirectory)
            {
                return;
            }

            _directories.BeginChange(directory);
            if (isDirectory)
            {
                directory.Handle.RemoveDirectory(path.Name.Span);
                _standing.Remove(path);
            }
            else
            {
                directory.Handle.RemoveFile(path.Name.Span);
            }
        }
        catch (FileSystemException e) when (e.Error is FileError.DirectoryNotEmpty or FileError.Exists)
        {
            _standing.Add(path);
        }
        catch (FileSystemException e)
        {
            _report.Skip(path, SkipKind.Unwritable, $"It could not be removed: {e.Message}.");
        }
    }

    /// <summary>One of the two manifests.</summary>
    private sealed class Side(LevelManifest manifest)
    {
        /// <summary>The directory that it has come to; <see langword="null"/> behind its end.</summary>
        internal TarManifestBlock? Block { get; private set; }

        internal ValueTask OpenAsync(CancellationToken cancellationToken) => manifest.OpenAsync(cancellationToken);

        internal async ValueTask<bool> MoveAsync(CancellationToken cancellationToken)
        {
            Block = await manifest.ReadBlockAsync(cancellationToken).ConfigureAwait(false) ? manifest.Block : null;
            return Block is not null;
        }
    }
}
