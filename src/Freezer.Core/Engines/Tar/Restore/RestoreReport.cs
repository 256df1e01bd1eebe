using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>What a restore tells its user, and which failures end it. Safe from any thread.</summary>
internal sealed class RestoreReport(RestoreContext context)
{
    private int _toldOfAbsoluteNames;
    private int _toldOfOwners;

    internal void Skip(EntryPath path, SkipKind kind, string reason) => context.ReportSkip(new SkippedEntry(path, kind, reason));

    internal void Note(EntryPath path, string reason) => context.ReportNote(new Note(path, reason));

    /// <summary>Counts an entry that is done.</summary>
    internal void Progress(long bytes, EntryPath path) => context.ReportProgress(bytes, 1, path);

    /// <summary>Counts content of an entry that is being written.</summary>
    internal void Count(long bytes, EntryPath path) => context.ReportProgress(bytes, 0, path);

    /// <summary>Metadata that could not be set: a note, or a skip where the options are strict.</summary>
    internal void Lose(EntryPath path, string reason)
    {
        if (context.Options.Strict)
        {
            Skip(path, SkipKind.Unwritable, reason);
        }
        else
        {
            Note(path, reason);
        }
    }

    /// <summary>An entry that could not be written. What no other entry would escape from ends the restore.</summary>
    /// <exception cref="BackupException">The destination is full, or the process may not open more files.</exception>
    internal void SkipUnwritable(EntryPath path, FileSystemException failure)
    {
        ThrowIfFatal(path, failure);
        (SkipKind kind, string reason) = failure.Error switch
        {
            FileError.IsALink => (SkipKind.Refused, "A symbolic link stands where its directory should be, and no link is followed."),
            FileError.NotADirectory => (SkipKind.Refused, "Something that is no directory stands where its directory should be."),
            _ => (SkipKind.Unwritable, $"It could not be written: {failure.Message}."),
        };
        Skip(path, kind, reason);
    }

    /// <summary>An entry whose content is not what was stored: a skip where the options say so, and otherwise the end of the restore.</summary>
    /// <exception cref="BackupDamagedException">The options do not say so.</exception>
    internal void SkipDamaged(EntryPath path, BackupDamagedException damage)
    {
        if (!context.Options.SkipDamaged)
        {
            throw damage;
        }

        Skip(path, SkipKind.Damaged, damage.Message);
    }

    /// <exception cref="BackupException">The failure is one that no other entry would escape from.</exception>
    internal void ThrowIfFatal(EntryPath path, FileSystemException failure)
    {
        switch (failure.Error)
        {
            case FileError.NoSpace:
                throw new BackupException($"The restore into '{context.Destination}' ran out of space at '{path}': {failure.Message}.", failure);
            case FileError.TooManyOpenFiles:
                throw new BackupException($"The restore into '{context.Destination}' could not open '{path}': {failure.Message}.", failure);
            default:
                break;
        }
    }

    internal void NoteAbsoluteName(EntryPath path)
    {
        if (Interlocked.Exchange(ref _toldOfAbsoluteNames, 1) == 0)
        {
            Note(path, "The archive has absolute names; their leading slash is left out. (Said once.)");
        }
    }

    internal void NoteMissingOwners(EntryPath path)
    {
        if (context.Options.Strict || Interlocked.Exchange(ref _toldOfOwners, 1) == 0)
        {
            Lose(path, "Owners cannot be set on this system.");
        }
    }
}
