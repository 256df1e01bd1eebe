using System.Numerics;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>The directories from the destination down to the one that is being written, all open, each entered from the one above it
/// without following a link.</summary>
/// <remarks>
/// <para>The disk is the memory of what a directory should look like. One that the restore leaves gets the mode and times of its
/// member at once; one that it enters again is looked at first, and put back as it was. So an archive may list all directories
/// first, or visit one again and again, and nothing is remembered of directories that were left.</para>
/// <para>No more than <see cref="OpenLevels"/> levels are open, however deep the path. Entering and leaving is for one thread;
/// <see cref="Release"/> is safe from any.</para>
/// </remarks>
internal sealed class DirectoryChain : IDisposable
{
    internal const int OpenLevels = 128;

    private const int OwnerWritesAndEnters = 0xC0;
    private const int OwnerMay = 0x1C0;

    private readonly Destination _destination;
    private readonly MetadataWriter _metadata;
    private readonly List<Level> _levels = [];
    private readonly List<DirectoryFrame> _left = [];
    private readonly Lock _lock = new();

    internal DirectoryChain(Destination destination)
    {
        _destination = destination;
        _metadata = destination.Metadata;
        Push(new DirectoryFrame(EntryPath.Root, destination.Root.Duplicate(), isFresh: false));
    }

    private readonly record struct Level(EntryPath Path, DirectoryFrame? Frame);

    /// <summary>Enters a directory.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="creates">Whether it is made, and what is missing above it, where it is not there.</param>
    /// <exception cref="FileSystemException">A component is a link (<see cref="FileError.IsALink"/>), no directory, not there, or cannot be opened.</exception>
    internal DirectoryFrame Enter(EntryPath path, bool creates)
    {
        ReadOnlyMemory<byte> bytes = path.Bytes;
        DirectoryFrame frame = LeaveUpTo(path);
        while (frame.Path.Bytes.Length < bytes.Length)
        {
            int start = frame.Path.IsRoot ? 0 : frame.Path.Bytes.Length + 1;
            int length = bytes.Span[start..].IndexOf((byte)'/');
            int end = length < 0 ? bytes.Length : start + length;
            frame = EnterChild(frame, bytes[start..end].Span, new EntryPath(bytes[..end]), creates);
        }

        return frame;
    }

    /// <summary>Makes a directory in one that was entered, and enters it. Fails where the name is taken.</summary>
    internal DirectoryFrame Create(DirectoryFrame parent, EntryPath path)
    {
        ReadOnlySpan<byte> name = path.Name.Span;
        BeginChange(parent);
        parent.Handle.CreateDirectory(name);
        TargetDirectory handle = parent.Handle.OpenDirectory(name);
        parent.HasDirectories = true;
        if (parent.GivesAccessList)
        {
            RemoveAccessLists(handle);
        }

        return Push(new DirectoryFrame(path, handle, isFresh: true));
    }

    /// <summary>To be called before something in the directory is changed: remembers what the change must not alter, and makes it possible.</summary>
    internal void BeginChange(DirectoryFrame frame)
    {
        if (frame.IsFresh || frame.Before is not null)
        {
            return;
        }

        FileStatus before = frame.Handle.Status;
        frame.Before = before;
        if (!_metadata.IsPrivileged && _metadata.KeepsModes && (before.Mode & OwnerWritesAndEnters) != OwnerWritesAndEnters)
        {
            frame.Handle.SetMode(before.Mode | OwnerMay);
            frame.IsWidened = true;
        }

        frame.GivesAccessList = _metadata.KeepsAttributes && HasDefaultAccessList(frame.Handle);
    }

    /// <summary>Looks at a name, also in a directory that its owner may list and not enter.</summary>
    internal bool TryStat(DirectoryFrame frame, ReadOnlySpan<byte> name, out FileStatus status)
    {
        try
        {
            return frame.Handle.TryStat(name, out status);
        }
        catch (FileSystemException e) when (IsHeldBack(e))
        {
            BeginChange(frame);
            return frame.Handle.TryStat(name, out status);
        }
    }

    /// <summary>The names in a directory, also in one that its owner may list and not enter.</summary>
    internal IReadOnlyList<byte[]> ListNames(DirectoryFrame frame)
    {
        try
        {
            return frame.Handle.ListNames();
        }
        catch (FileSystemException e) when (IsHeldBack(e))
        {
            BeginChange(frame);
            return frame.Handle.ListNames();
        }
    }

    /// <summary>Whether a call has failed for want of a right that the owner can give himself.</summary>
    internal bool IsHeldBack(FileSystemException e) => e.Error == FileError.AccessDenied && !_metadata.IsPrivileged && _metadata.KeepsModes;

    /// <summary>Holds a directory open until <see cref="Release"/>.</summary>
    internal void Retain(DirectoryFrame frame)
    {
        lock (_lock)
        {
            frame.References++;
        }
    }

    /// <summary>Lets go of a directory; whoever does so last finishes it.</summary>
    internal void Release(DirectoryFrame frame)
    {
        // Under the lock, so that nobody enters a directory that is about to get its times.
        lock (_lock)
        {
            if (--frame.References == 0)
            {
                _left.Remove(frame);
                Finish(frame);
            }
        }
    }

    /// <summary>Whether files are in flight in a directory or, if asked, below it.</summary>
    internal bool IsBusy(EntryPath path, bool orBelow)
    {
        lock (_lock)
        {
            foreach (DirectoryFrame frame in _left)
            {
                if (orBelow ? frame.Path.IsAtOrBelow(path) : frame.Path == path)
                {
                    return true;
                }
            }

            for (int i = _levels.Count - 1; i >= 0 && _levels[i].Path.IsAtOrBelow(path); i--)
            {
                if (_levels[i].Frame is { References: > 1 } && (orBelow || _levels[i].Path == path))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Leaves every directory. Files in flight hold on to theirs.</summary>
    public void Dispose()
    {
        while (_levels.Count > 0)
        {
            Pop();
        }
    }

    /// <summary>Leaves the directories that a path does not lead through, and gives the last one that it does.</summary>
    private DirectoryFrame LeaveUpTo(EntryPath path)
    {
        ReadOnlySpan<byte> bytes = path.Bytes.Span;
        int common = bytes.CommonPrefixLength(_levels[^1].Path.Bytes.Span);
        while (true)
        {
            int length = _levels[^1].Path.Bytes.Length;
            if (length == 0 || (length <= common && (length == bytes.Length || bytes[length] == (byte)'/')))
            {
                break;
            }

            Pop();
        }

        return _levels[^1].Frame ?? Reopen();
    }

    private DirectoryFrame EnterChild(DirectoryFrame parent, ReadOnlySpan<byte> name, EntryPath path, bool creates)
    {
        parent.HasDirectories = true;
        if (FindLeft(path) is { } left)
        {
            return Push(left);
        }

        try
        {
            return Push(new DirectoryFrame(path, parent.Handle.OpenDirectory(name), isFresh: false));
        }
        catch (FileSystemException e) when (e.Error == FileError.NotFound && creates)
        {
            return Create(parent, path);
        }
        catch (FileSystemException e) when (IsHeldBack(e))
        {
            return Push(OpenWidened(parent, name, path));
        }
    }

    /// <summary>Opens a directory that its owner may not read, by giving him the right for the time of the visit.</summary>
    private DirectoryFrame OpenWidened(DirectoryFrame parent, ReadOnlySpan<byte> name, EntryPath path)
    {
        using TargetNode node = OpenNode(parent, name);
        FileStatus before = node.Status;
        if (before.Kind != FileKind.Directory)
        {
            throw new FileSystemException(FileError.NotADirectory, $"'{path}' is not a directory");
        }

        node.SetMode(before.Mode | OwnerMay);
        return new DirectoryFrame(path, parent.Handle.OpenDirectory(name), isFresh: false) { Before = before, IsWidened = true };
    }

    private TargetNode OpenNode(DirectoryFrame parent, ReadOnlySpan<byte> name)
    {
        try
        {
            return parent.Handle.OpenNode(name);
        }
        catch (FileSystemException e) when (IsHeldBack(e))
        {
            BeginChange(parent);
            return parent.Handle.OpenNode(name);
        }
    }

    /// <summary>A directory that was left and still has files in flight is entered again as it is.</summary>
    private DirectoryFrame? FindLeft(EntryPath path)
    {
        lock (_lock)
        {
            foreach (DirectoryFrame frame in _left)
            {
                if (frame.Path == path)
                {
                    _left.Remove(frame);
                    frame.References++;
                    return frame;
                }
            }
        }

        return null;
    }

    private DirectoryFrame Push(DirectoryFrame frame)
    {
        _levels.Add(new Level(frame.Path, frame));
        int closing = _levels.Count - 1 - OpenLevels;
        if (closing > 0 && _levels[closing].Frame is { } far)
        {
            _levels[closing] = new Level(far.Path, null);
            Leave(far);
        }

        return frame;
    }

    private void Pop()
    {
        DirectoryFrame? frame = _levels[^1].Frame;
        _levels.RemoveAt(_levels.Count - 1);
        if (frame is not null)
        {
            Leave(frame);
        }
    }

    private void Leave(DirectoryFrame frame)
    {
        lock (_lock)
        {
            if (frame.References > 1)
            {
                _left.Add(frame);
            }
        }

        Release(frame);
    }

    /// <summary>Opens the last level again, after the restore has come up from far below. Beside those next to it, levels stay open at
    /// distances that double, so that coming up from a great depth does not begin at the top again and again.</summary>
    private DirectoryFrame Reopen()
    {
        int last = _levels.Count - 1;
        int open = last;
        while (_levels[open].Frame is null)
        {
            open--;
        }

        DirectoryFrame frame = _levels[open].Frame!;
        DirectoryFrame? passing = null;
        try
        {
            for (int i = open + 1; i <= last; i++)
            {
                EntryPath path = _levels[i].Path;
                DirectoryFrame next = FindLeft(path) ?? OpenAgain(frame, path);
                if (passing is not null)
                {
                    Leave(passing);
                }

                passing = next;
                if (last - i < OpenLevels / 2 || BitOperations.IsPow2(last - i))
                {
                    _levels[i] = new Level(path, next);
                    passing = null;
                }

                frame = next;
            }
        }
        finally
        {
            if (passing is not null)
            {
                Leave(passing);
            }
        }

        return frame;
    }

    private DirectoryFrame OpenAgain(DirectoryFrame parent, EntryPath path)
    {
        try
        {
            return new DirectoryFrame(path, parent.Handle.OpenDirectory(path.Name.Span), isFresh: false) { HasDirectories = true };
        }
        catch (FileSystemException e) when (IsHeldBack(e))
        {
            return OpenWidened(parent, path.Name.Span, path);
        }
    }

    private void Finish(DirectoryFrame frame)
    {
        using TargetDirectory handle = frame.Handle;
        if (frame.Member is { } member)
        {
            _metadata.Apply(handle, frame.Path, member, FileKind.Directory, hadAttributes: !frame.IsFresh);
        }
        else if (frame.Before is { } before)
        {
            PutBack(frame, before);
        }
    }

    private void PutBack(DirectoryFrame frame, in FileStatus before)
    {
        try
        {
            if (frame.IsWidened)
            {
                frame.Handle.SetMode(before.Mode);
            }

            // A directory that the backup does not hold has really changed now.
            if (_destination.Owned.Contains(frame.Path))
            {
                frame.Handle.SetTimes(before.Modified);
            }
        }
        catch (FileSystemException e)
        {
            _destination.Report.Lose(frame.Path, $"Its mode and times could not be put back: {e.Message}.");
        }
    }

    private static bool HasDefaultAccessList(TargetDirectory directory)
    {
        foreach (byte[] name in directory.ListAttributes())
        {
            if (name.AsSpan().SequenceEqual(PosixAccessControl.DefaultAttribute))
            {
                return true;
            }
        }

        return false;
    }

    private static void RemoveAccessLists(TargetDirectory directory)
    {
        directory.RemoveAttribute(PosixAccessControl.DefaultAttribute);
        foreach (byte[] name in directory.ListAttributes())
        {
            if (name.AsSpan().SequenceEqual(PosixAccessControl.AccessAttribute))
            {
                directory.RemoveAttribute(name);
            }
        }
    }
}
