using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Writes entries into the destination, one after another: what a replay and a direct restore have in common.</summary>
/// <remarks>
/// <para>Every object is made new under its final name. What has the name is removed first: anything but a directory, and a
/// directory as far as the chain made it. Nothing is ever written through an existing name.</para>
/// <para>An entry that cannot be written is reported, and the restore goes on. Not for several threads.</para>
/// </remarks>
internal sealed class TreeWriter : IAsyncDisposable
{
    private readonly Destination _destination;
    private readonly RestoreReport _report;
    private readonly FileWriter _files;
    private readonly FileQueue _queue;
    private readonly TreeRemoval _removal;

    internal TreeWriter(Destination destination, CancellationToken cancellationToken)
    {
        _destination = destination;
        _report = destination.Report;
        _files = new FileWriter(destination);
        _removal = new TreeRemoval(destination, cancellationToken);
        Directories = new DirectoryChain(destination);
        _queue = new FileQueue(Directories, _files, cancellationToken);
    }

    internal DirectoryChain Directories { get; }

    internal void ThrowIfFailed() => _queue.ThrowIfFailed();

    /// <summary>Waits for everything that is in flight, and finishes every directory.</summary>
    internal async ValueTask CompleteAsync()
    {
        await _queue.DrainAsync().ConfigureAwait(false);
        Directories.Dispose();
    }

    /// <summary>Drops what is in flight, and puts the directories back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        Directories.Dispose();
    }

    /// <summary>Makes a directory, or takes one that is there, and enters it.</summary>
    /// <returns>The directory, and whether it was made now; <see langword="null"/> where it was reported that it cannot be had.</returns>
    internal async ValueTask<(DirectoryFrame Directory, bool IsNew)?> WriteDirectoryAsync(EntryPath path, NodeMetadata metadata)
    {
        try
        {
            (DirectoryFrame Directory, bool IsNew) entered = path.IsRoot
                ? (Directories.Enter(path, creates: false), false)
                : await EnterOrCreateAsync(path).ConfigureAwait(false);
            entered.Directory.Member = metadata;
            _destination.Owned.Add(path);
            _report.Progress(0, path);
            return entered;
        }
        catch (FileSystemException e)
        {
            _report.SkipUnwritable(path, e);
            return null;
        }
    }

    /// <summary>Writes a regular file.</summary>
    /// <param name="request">What is written.</param>
    /// <param name="content">Its content, which is read to its end unless the file is skipped. May be <see langword="null"/> for one without content.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    internal async ValueTask WriteFileAsync(FileRequest request, TarReader? content, CancellationToken cancellationToken)
    {
        if (!_destination.IsTrusted && request.Size > _destination.Limits.LargestFile)
        {
            _report.Skip(request.Path, SkipKind.Refused, $"It claims {request.Size} bytes, which is beyond {nameof(ReaderLimits)}.{nameof(ReaderLimits.LargestFile)} of a backup that is not trusted.");
            return;
        }

        try
        {
            (DirectoryFrame Directory, bool Replaces)? place = await PrepareAsync(request.Path, isFile: true).ConfigureAwait(false);
            if (place is not { } at)
            {
                return;
            }

            if (request.StoredSize > FileQueue.LargestFile)
            {
                Directories.Retain(at.Directory);
                try
                {
                    await _files.WriteAsync(at.Directory, request, content!, at.Replaces, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    Directories.Release(at.Directory);
                }

                return;
            }

            await _queue.AddAsync(at.Directory, request, content, at.Replaces, cancellationToken).ConfigureAwait(false);
        }
        catch (FileSystemException e)
        {
            SkipUnwritable(request.Path, e);
        }
    }

    /// <summary>Makes a symbolic link as it is, wherever it leads to: nothing here follows it.</summary>
    internal ValueTask WriteSymbolicLinkAsync(EntryPath path, ReadOnlyMemory<byte> target, NodeMetadata metadata)
    {
        if (!target.IsEmpty && !target.Span.Contains((byte)0))
        {
            return WriteNodeAsync(path, FileKind.SymbolicLink, target, 0, 0, metadata);
        }

        _report.Skip(path, SkipKind.Refused, "It is a symbolic link whose target is empty or holds a zero byte.");
        return ValueTask.CompletedTask;
    }

    internal ValueTask WriteFifoAsync(EntryPath path, NodeMetadata metadata) =>
        WriteNodeAsync(path, FileKind.Fifo, default, 0, 0, metadata);

    internal ValueTask WriteDeviceAsync(EntryPath path, FileKind kind, uint major, uint minor, NodeMetadata metadata)
    {
        if (_destination.IsTrusted)
        {
            return WriteNodeAsync(path, kind, default, major, minor, metadata);
        }

        _report.Skip(path, SkipKind.Refused, "It is a device, and the backup is not trusted.");
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives a further name to an entry that was restored before.</summary>
    /// <returns>Whether it was done; otherwise it was reported.</returns>
    internal async ValueTask<bool> WriteHardLinkAsync(EntryPath path, EntryPath target)
    {
        DirectoryFrame? held = null;
        try
        {
            if (target.IsRoot)
            {
                _report.Skip(path, SkipKind.Refused, "It is a hard link to the root of the backup, and a directory has one name.");
                return false;
            }

            if (Directories.IsBusy(target.Parent, orBelow: false))
            {
                await _queue.DrainAsync().ConfigureAwait(false);
            }

            using TargetDirectory targetDirectory = OpenForLink(target, ref held);
            if (!targetDirectory.TryStat(target.Name.Span, out FileStatus status)
                || status.Kind == FileKind.Directory
                || !_destination.Owned.Contains(target))
            {
                _report.Skip(path, SkipKind.Refused, $"It is a hard link to '{target}', which was not restored before it.");
                return false;
            }

            if (path == target)
            {
                _report.Progress(0, path);
                return true;
            }

            (DirectoryFrame Directory, bool Replaces)? place = await PrepareAsync(path, isFile: false).ConfigureAwait(false);
            if (place is not { } at)
            {
                return false;
            }

            if (at.Replaces)
            {
                at.Directory.Handle.RemoveFile(path.Name.Span);
            }

            at.Directory.Handle.CreateHardLink(path.Name.Span, targetDirectory, target.Name.Span);
            _report.Progress(0, path);
            return true;
        }
        catch (FileSystemException e) when (e.Error is FileError.NotFound or FileError.IsALink or FileError.NotADirectory)
        {
            _report.Skip(path, SkipKind.Refused, $"It is a hard link to '{target}', which was not restored before it: {e.Message}.");
        }
        catch (FileSystemException e)
        {
            SkipUnwritable(path, e);
        }
        finally
        {
            if (held is not null)
            {
                Directories.Release(held);
            }
        }

        return false;
    }

    /// <summary>The names in a directory that was entered, those of files in flight included.</summary>
    internal async ValueTask<IReadOnlyList<byte[]>> ListAsync(DirectoryFrame directory)
    {
        if (Directories.IsBusy(directory.Path, orBelow: false))
        {
            await _queue.DrainAsync().ConfigureAwait(false);
        }

        return Directories.ListNames(directory);
    }

    /// <summary>Removes a name of a directory that was entered, with everything below it that is the chain's.</summary>
    internal async ValueTask<bool> RemoveAsync(DirectoryFrame directory, EntryPath path)
    {
        if (_queue.MayHold(directory, path.Name.Span) || (!_queue.IsIdle && Directories.IsBusy(path, orBelow: true)))
        {
            await _queue.DrainAsync().ConfigureAwait(false);
        }

        Directories.BeginChange(directory);
        return _removal.Remove(directory.Handle, path);
    }

    /// <summary>Waits for everything that is in flight.</summary>
    internal ValueTask DrainAsync() => _queue.DrainAsync();

    private async ValueTask<(DirectoryFrame Directory, bool IsNew)> EnterOrCreateAsync(EntryPath path)
    {
        DirectoryFrame parent = Directories.Enter(path.Parent, creates: true);
        ReadOnlyMemory<byte> name = path.Name;
        if (_queue.MayHold(parent, name.Span))
        {
            await _queue.DrainAsync().ConfigureAwait(false);
        }

        if (Directories.TryStat(parent, name.Span, out FileStatus status))
        {
            if (status.Kind == FileKind.Directory)
            {
                return (Directories.Enter(path, creates: false), false);
            }

            Directories.BeginChange(parent);
            parent.Handle.RemoveFile(name.Span);
        }

        return (Directories.Create(parent, path), true);
    }

    /// <summary>Enters the directory of an entry that is no directory, and sees to it that the name can be taken.</summary>
    /// <returns>The directory, and whether something that is no directory has the name; <see langword="null"/> where it was reported that it cannot be taken.</returns>
    private async ValueTask<(DirectoryFrame Directory, bool Replaces)?> PrepareAsync(EntryPath path, bool isFile)
    {
        if (path.IsRoot)
        {
            _report.Skip(path, SkipKind.Refused, "The root of a backup can only be a directory.");
            return null;
        }

        DirectoryFrame directory = Directories.Enter(path.Parent, creates: true);
        ReadOnlyMemory<byte> name = path.Name;
        if (_queue.MayHold(directory, name.Span))
        {
            await _queue.DrainAsync().ConfigureAwait(false);
        }

        Directories.BeginChange(directory);
        _destination.Owned.Add(path);

        // In a new directory only an earlier member can have the name, and who writes a file finds that out himself.
        if (isFile && directory.IsFresh && !directory.HasDirectories)
        {
            return (directory, false);
        }

        if (!directory.Handle.TryStat(name.Span, out FileStatus status))
        {
            return (directory, false);
        }

        if (status.Kind != FileKind.Directory)
        {
            return (directory, true);
        }

        if (await RemoveAsync(directory, path).ConfigureAwait(false))
        {
            return (directory, false);
        }

        _report.Skip(path, SkipKind.Unwritable, "A directory has its name, and holds names that no backup of the chain had. Move them away and restore again.");
        return null;
    }

    private async ValueTask WriteNodeAsync(EntryPath path, FileKind kind, ReadOnlyMemory<byte> target, uint major, uint minor, NodeMetadata metadata)
    {
        try
        {
            (DirectoryFrame Directory, bool Replaces)? place = await PrepareAsync(path, isFile: false).ConfigureAwait(false);
            if (place is not { } at)
            {
                return;
            }

            TargetDirectory directory = at.Directory.Handle;
            if (at.Replaces)
            {
                directory.RemoveFile(path.Name.Span);
            }

            switch (kind)
            {
                case FileKind.SymbolicLink:
                    directory.CreateSymbolicLink(path.Name.Span, target.Span);
                    break;
                case FileKind.Fifo:
                    directory.CreateFifo(path.Name.Span);
                    break;
                default:
                    directory.CreateDevice(path.Name.Span, kind, major, minor);
                    break;
            }

            using TargetNode node = directory.OpenNode(path.Name.Span);
            _destination.Metadata.Apply(node, path, metadata, kind, at.Directory.GivesAccessList && kind != FileKind.SymbolicLink);
            _report.Progress(0, path);
        }
        catch (FileSystemException e)
        {
            SkipUnwritable(path, e);
        }
    }

    /// <summary>Opens the directory that a hard link leads into.</summary>
    /// <param name="target">What the link leads to.</param>
    /// <param name="held">The directory where its owner may not enter it any more and it had to be entered as one that is written into is: to be released.</param>
    private TargetDirectory OpenForLink(EntryPath target, ref DirectoryFrame? held)
    {
        TargetDirectory? directory = null;
        try
        {
            directory = _destination.Root.OpenPath(target.Parent.Bytes.Span);
            directory.TryStat(target.Name.Span, out _);
            return directory;
        }
        catch (FileSystemException e)
        {
            directory?.Dispose();
            if (!Directories.IsHeldBack(e))
            {
                throw;
            }

            held = Directories.Enter(target.Parent, creates: false);
            Directories.Retain(held);
            Directories.BeginChange(held);
            return held.Handle.Duplicate();
        }
    }

    /// <summary>Reports an entry that could not be written. What has its name now is not the chain's, and no hard link may lead there.</summary>
    private void SkipUnwritable(EntryPath path, FileSystemException failure)
    {
        _destination.Owned.Remove(path);
        _report.SkipUnwritable(path, failure);
    }
}
