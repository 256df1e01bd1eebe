namespace Freezer.Engines.Tar.Repair;

/// <summary>The directories from the root down to the one that was written last, and which subdirectories each of them still has to come. So whether a directory of the
/// parent is still there is known without all of the tree in memory.</summary>
internal sealed class OpenDirectories
{
    private readonly List<(EntryPath Path, HashSet<EntryPath> Pending)> _open = [];

    /// <summary>Whether a directory is in the tree: the one above it lists it. Those that are asked for ascend.</summary>
    /// <exception cref="InvalidDataException">A directory that was passed lists one that did not come.</exception>
    internal bool Contains(EntryPath path)
    {
        LeaveUpTo(path);
        return _open.Count == 0 ? path.IsRoot : _open[^1].Path == path.Parent && _open[^1].Pending.Contains(new EntryPath(path.Name));
    }

    /// <summary>Enters a directory that is in the tree.</summary>
    /// <param name="path">The directory. Its bytes must not change.</param>
    /// <param name="subdirectories">The names of its subdirectories.</param>
    internal void Enter(EntryPath path, HashSet<EntryPath> subdirectories)
    {
        if (_open.Count > 0)
        {
            _open[^1].Pending.Remove(new EntryPath(path.Name));
        }

        _open.Add((path, subdirectories));
    }

    /// <summary>Leaves all directories.</summary>
    /// <exception cref="InvalidDataException">One of them lists one that did not come, or there was none.</exception>
    internal void End()
    {
        if (_open.Count == 0)
        {
            throw new InvalidDataException("There is no directory.");
        }

        while (_open.Count > 0)
        {
            Leave();
        }
    }

    private void LeaveUpTo(EntryPath path)
    {
        while (_open.Count > 0 && !path.IsAtOrBelow(_open[^1].Path))
        {
            Leave();
        }
    }

    private void Leave()
    {
        (EntryPath path, HashSet<EntryPath> pending) = _open[^1];
        if (pending.Count > 0)
        {
            throw new InvalidDataException($"The directory '{path.Append(pending.First().Bytes.Span)}' is listed and is not there.");
        }

        _open.RemoveAt(_open.Count - 1);
    }
}
