using System.Globalization;
using System.Text;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Follows the rename records of GNU tar's own incremental archives. This library writes none.</summary>
/// <remarks>
/// Every path is taken as a member's name is: below the destination, and through no link. A record that means a temporary directory
/// gets one inside the destination. As in GNU tar the first rename that fails ends those of the listing, and the directory is not purged.
/// Unlike there, a directory that the chain made and that has the new name gives way: the source cannot have had both.
/// </remarks>
internal sealed class RenameReplay(Destination destination, TreeWriter writer)
{
    private const int MostTemporaryNames = 1000;

    private readonly RestoreReport _report = destination.Report;

    // An empty path in a rename means this one.
    private EntryPath? _temporary;

    /// <summary>Follows the records of one listing. False where one failed, which was reported.</summary>
    /// <param name="listed">The directory that has the listing.</param>
    /// <param name="records">The records in their order.</param>
    internal async ValueTask<bool> RunAsync(EntryPath listed, IReadOnlyList<(byte Code, EntryPath Path)> records)
    {
        await writer.DrainAsync().ConfigureAwait(false);
        _temporary = null;
        for (int i = 0; i < records.Count; i++)
        {
            (byte code, EntryPath stored) = records[i];
            if (code == DumpDirectory.RenameThrough)
            {
                if (!TryResolve(listed, stored, out EntryPath within))
                {
                    return false;
                }

                _temporary = ChooseTemporary(within);
                continue;
            }

            if (code != DumpDirectory.RenameFrom || i + 1 == records.Count || records[i + 1].Code != DumpDirectory.RenameTo)
            {
                _report.Skip(listed, SkipKind.Refused, "Its listing has a rename that is not whole.");
                return false;
            }

            if (!TryResolve(listed, stored, out EntryPath source) || !TryResolve(listed, records[++i].Path, out EntryPath target))
            {
                return false;
            }

            if (!await RenameAsync(source, target, IsSourceLater(records, i + 1, target)).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryResolve(EntryPath listed, EntryPath stored, out EntryPath path)
    {
        if (stored.IsRoot && _temporary is { } temporary)
        {
            path = temporary;
            return true;
        }

        if (MemberPath.TryParse(stored.Bytes, out path, out _, out string refusal))
        {
            return true;
        }

        _report.Skip(listed, SkipKind.Refused, $"Its listing has a rename of '{stored}', which is refused: {refusal}");
        return false;
    }

    private EntryPath ChooseTemporary(EntryPath within)
    {
        for (int i = 0; i < MostTemporaryNames; i++)
        {
            EntryPath candidate = within.Append(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $".renaming-{i}")));
            if (!destination.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new FileSystemException(FileError.Exists, $"No temporary name is left in '{within}'");
    }

    private static bool IsSourceLater(IReadOnlyList<(byte Code, EntryPath Path)> records, int from, EntryPath target)
    {
        for (int i = from; i < records.Count; i++)
        {
            if (records[i].Code == DumpDirectory.RenameFrom
                && MemberPath.TryParse(records[i].Path.Bytes, out EntryPath source, out _, out _)
                && source == target)
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<bool> RenameAsync(EntryPath source, EntryPath target, bool isSourceLater)
    {
        if (source.IsRoot || target.IsRoot || target.IsAtOrBelow(source) || source.IsAtOrBelow(target))
        {
            _report.Skip(target, SkipKind.Refused, $"It cannot be renamed from '{source}': one of them holds the other.");
            return false;
        }

        if (destination.Include.Classify(source) == Selection.Outside && destination.Include.Classify(target) == Selection.Outside)
        {
            return true;
        }

        DirectoryChain directories = writer.Directories;
        DirectoryFrame? from = null;
        try
        {
            from = directories.Enter(source.Parent, creates: false);
            directories.Retain(from);
            directories.BeginChange(from);
            if (!from.Handle.TryStat(source.Name.Span, out _) || !destination.Owned.Contains(source))
            {
                _report.Skip(target, SkipKind.Unwritable, $"It cannot be renamed from '{source}', which is not there.");
                return false;
            }

            DirectoryFrame to = directories.Enter(target.Parent, creates: true);
            directories.BeginChange(to);
            if (to.Handle.TryStat(target.Name.Span, out _)
                && (isSourceLater || !await writer.RemoveAsync(to, target).ConfigureAwait(false)))
            {
                _report.Skip(target, SkipKind.Unwritable, $"It cannot be renamed from '{source}': the name is taken.");
                return false;
            }

            from.Handle.Rename(source.Name.Span, to.Handle, target.Name.Span);
            Own(to.Handle, source, target);
            return true;
        }
        catch (FileSystemException e)
        {
            _report.ThrowIfFatal(target, e);
            _report.Skip(target, SkipKind.Unwritable, $"It cannot be renamed from '{source}': {e.Message}.");
            return false;
        }
        finally
        {
            if (from is not null)
            {
                directories.Release(from);
            }
        }
    }

    /// <summary>Carries over what is known to be the chain's to the new paths. Where everything is, nothing needs to be known.</summary>
    private void Own(TargetDirectory directory, EntryPath source, EntryPath target)
    {
        destination.Owned.Add(target);
        if (destination.Owned.IsEverything)
        {
            return;
        }

        var waiting = new Stack<(EntryPath Source, EntryPath Target)>();
        waiting.Push((source, target));
        while (waiting.TryPop(out (EntryPath Source, EntryPath Target) moved))
        {
            if (!IsDirectory(moved.Target))
            {
                continue;
            }

            using TargetDirectory inside = destination.Root.OpenPath(moved.Target.Bytes.Span);
            foreach (byte[] name in inside.ListNames())
            {
                EntryPath before = moved.Source.Append(name);
                if (destination.Owned.Contains(before))
                {
                    EntryPath after = moved.Target.Append(name);
                    destination.Owned.Add(after);
                    waiting.Push((before, after));
                }
            }
        }
    }

    private bool IsDirectory(EntryPath path)
    {
        using TargetDirectory parent = destination.Root.OpenPath(path.Parent.Bytes.Span);
        return parent.TryStat(path.Name.Span, out FileStatus status) && status.Kind == FileKind.Directory;
    }
}
