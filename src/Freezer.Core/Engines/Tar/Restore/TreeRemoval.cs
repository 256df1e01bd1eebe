using System.Buffers;
using System.Numerics;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Removes what levels contained: a name with everything below it, as far as it is the chain's. No link is followed and nothing recurses.</summary>
internal sealed class TreeRemoval(Destination destination, CancellationToken cancellationToken)
{
    private const int OpenLevels = 64;
    private const int OwnerMay = 0x1C0;

    private readonly OwnedNames _owned = destination.Owned;
    private readonly RestoreReport _report = destination.Report;
    private readonly List<Level> _levels = [];
    private EntryPath _base;

    /// <summary>Removes a name.</summary>
    /// <param name="directory">The directory that the name is in, ready to be changed.</param>
    /// <param name="path">The path of the name from the root.</param>
    /// <returns>Whether nothing has the name any more. What stays is the application's own, or was reported.</returns>
    internal bool Remove(TargetDirectory directory, EntryPath path)
    {
        ReadOnlySpan<byte> name = path.Name.Span;
        if (!directory.TryStat(name, out FileStatus status))
        {
            return true;
        }

        if (!_owned.Contains(path))
        {
            return false;
        }

        try
        {
            if (status.Kind != FileKind.Directory)
            {
                directory.RemoveFile(name);
                return true;
            }

            _base = path;
            RemoveContent(directory);
            return TryRemoveDirectory(directory, name);
        }
        catch (FileSystemException e)
        {
            _report.Skip(path, SkipKind.Unwritable, $"It could not be removed: {e.Message}.");
            return false;
        }
        finally
        {
            foreach (Level level in _levels)
            {
                level.Handle?.Dispose();
            }

            _levels.Clear();
        }
    }

    private void RemoveContent(TargetDirectory directory)
    {
        _levels.Add(Open(directory, _base.Name));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Level level = _levels[^1];
            if (level.Next < level.Names.Count)
            {
                byte[] name = level.Names[level.Next++];
                if (_owned.IsEverything || _owned.Contains(PathOf(name)))
                {
                    RemoveOrDescend(level.Handle!, name);
                }

                continue;
            }

            _levels.RemoveAt(_levels.Count - 1);
            level.Handle!.Dispose();
            if (_levels.Count == 0)
            {
                return;
            }

            Reopen(directory);
            TryRemoveDirectory(_levels[^1].Handle!, level.Name.Span);
        }
    }

    private void RemoveOrDescend(TargetDirectory directory, byte[] name)
    {
        try
        {
            if (!directory.TryStat(name, out FileStatus status))
            {
                return;
            }

            if (status.Kind != FileKind.Directory)
            {
                directory.RemoveFile(name);
                return;
            }

            _levels.Add(Open(directory, name));
            if (_levels.Count > OpenLevels)
            {
                Level far = _levels[^(OpenLevels + 1)];
                far.Handle?.Dispose();
                far.Handle = null;
            }
        }
        catch (FileSystemException e)
        {
            _report.Skip(PathOf(name), SkipKind.Unwritable, $"It could not be removed: {e.Message}.");
        }
    }

    /// <summary>Removes a directory that has been emptied. One that holds something of the application's own stays.</summary>
    private bool TryRemoveDirectory(TargetDirectory parent, ReadOnlySpan<byte> name)
    {
        try
        {
            parent.RemoveDirectory(name);
            return true;
        }
        catch (FileSystemException e) when (e.Error is FileError.DirectoryNotEmpty or FileError.Exists)
        {
            _report.Note(PathOf(name), "The backup has no such directory; it stays because it holds names that no backup of the chain had.");
        }
        catch (FileSystemException e)
        {
            _report.Skip(PathOf(name), SkipKind.Unwritable, $"It could not be removed: {e.Message}.");
        }

        return false;
    }

    /// <summary>The path of a name in the last level. Levels do not hold theirs: those of a deep tree would be longer than the tree.</summary>
    private EntryPath PathOf(ReadOnlySpan<byte> name)
    {
        if (_levels.Count == 0)
        {
            return _base;
        }

        var path = new ArrayBufferWriter<byte>();
        path.Write(_base.Bytes.Span);
        for (int i = 1; i < _levels.Count; i++)
        {
            path.Write("/"u8);
            path.Write(_levels[i].Name.Span);
        }

        path.Write("/"u8);
        path.Write(name);
        return new EntryPath(path.WrittenMemory);
    }

    private Level Open(TargetDirectory parent, ReadOnlyMemory<byte> name)
    {
        TargetDirectory handle = OpenForRemoval(parent, name.Span);
        try
        {
            return new Level(name, handle, handle.ListNames());
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Opens a directory whose names can be removed, also one that its owner has protected.</summary>
    private TargetDirectory OpenForRemoval(TargetDirectory parent, ReadOnlySpan<byte> name)
    {
        if (!destination.Metadata.IsPrivileged && destination.Metadata.KeepsModes)
        {
            using TargetNode node = parent.OpenNode(name);
            FileStatus status = node.Status;
            if (status.Kind == FileKind.Directory && (status.Mode & OwnerMay) != OwnerMay)
            {
                node.SetMode(status.Mode | OwnerMay);
            }
        }

        return parent.OpenDirectory(name);
    }

    /// <summary>Opens the last level again. Beside those next to it, levels stay open at distances that double, so that coming up from
    /// a great depth does not begin at the top again and again.</summary>
    private void Reopen(TargetDirectory directory)
    {
        int last = _levels.Count - 1;
        int open = last;
        while (open >= 0 && _levels[open].Handle is null)
        {
            open--;
        }

        TargetDirectory current = open < 0 ? directory : _levels[open].Handle!;
        TargetDirectory? passing = null;
        try
        {
            for (int i = open + 1; i <= last; i++)
            {
                TargetDirectory next = current.OpenDirectory(_levels[i].Name.Span);
                passing?.Dispose();
                passing = next;
                if (last - i < OpenLevels / 2 || BitOperations.IsPow2(last - i))
                {
                    _levels[i].Handle = next;
                    passing = null;
                }

                current = next;
            }
        }
        finally
        {
            passing?.Dispose();
        }
    }

    private sealed class Level(ReadOnlyMemory<byte> name, TargetDirectory handle, IReadOnlyList<byte[]> names)
    {
        internal ReadOnlyMemory<byte> Name { get; } = name;

        internal TargetDirectory? Handle { get; set; } = handle;

        internal IReadOnlyList<byte[]> Names { get; } = names;

        internal int Next { get; set; }
    }
}
