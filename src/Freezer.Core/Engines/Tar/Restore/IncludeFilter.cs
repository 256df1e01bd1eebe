namespace Freezer.Engines.Tar.Restore;

/// <summary>How a path stands to what is asked for.</summary>
internal enum Selection
{
    /// <summary>Neither asked for nor above anything that is.</summary>
    Outside,

    /// <summary>Something that is asked for lies below it: a directory is restored for its sake.</summary>
    Above,

    /// <summary>Asked for, or below something that is.</summary>
    Selected,
}

/// <summary>The paths that a restore is limited to, and which of them were found.</summary>
internal sealed class IncludeFilter(IReadOnlyList<EntryPath> include)
{
    private readonly bool[] _found = new bool[include.Count];

    /// <summary>Whether everything is asked for.</summary>
    internal bool IsEverything => include.Count == 0;

    internal Selection Classify(EntryPath path)
    {
        if (IsEverything)
        {
            return Selection.Selected;
        }

        var selection = Selection.Outside;
        foreach (EntryPath wanted in include)
        {
            if (path.IsAtOrBelow(wanted))
            {
                return Selection.Selected;
            }

            if (wanted.IsAtOrBelow(path))
            {
                selection = Selection.Above;
            }
        }

        return selection;
    }

    /// <summary>Remembers that the backup holds a path.</summary>
    internal void MarkFound(EntryPath path)
    {
        for (int i = 0; i < include.Count; i++)
        {
            _found[i] |= path.IsAtOrBelow(include[i]);
        }
    }

    /// <summary>Takes back what was found at or below a path that a later level removed.</summary>
    internal void MarkRemoved(EntryPath path)
    {
        for (int i = 0; i < include.Count; i++)
        {
            _found[i] &= !include[i].IsAtOrBelow(path);
        }
    }

    /// <exception cref="BackupException">A path that was asked for is not in the backup.</exception>
    internal void ThrowIfMissing(Backup backup)
    {
        int missing = Array.IndexOf(_found, false);
        if (missing >= 0)
        {
            throw new BackupException($"The path '{include[missing]}' is not in the backup {backup}. Browse the backup to see what it holds.");
        }
    }
}
