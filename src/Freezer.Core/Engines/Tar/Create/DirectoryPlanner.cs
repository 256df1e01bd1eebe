using Freezer.Engines.Tar.Manifest;
using Freezer.Engines.Tar.Walk;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Decides what is done with the entries of a directory, from what the walk found and what the parent's manifest says.</summary>
/// <remarks>Directories come in the order of the archive; what is known of hard links carries over from one to the next.</remarks>
internal sealed class DirectoryPlanner(BackupContext context, FileTree tree, ChangeRule rule)
{
    private readonly Dictionary<(ulong Device, ulong Inode), HardLinkGroup> _groups = [];
    private readonly RecordMaker _records = new(tree, rule);

    /// <summary>Directories that could not be read and of which earlier levels hold something, with the reason.</summary>
    internal Dictionary<EntryPath, string> Carried { get; } = [];

    /// <summary>Plans a directory. The plan owns what the walk opened.</summary>
    /// <param name="walked">The directory, which could be read.</param>
    /// <param name="parent">What the parent has of it; <see langword="null"/> for nothing.</param>
    internal DirectoryPlan Plan(WalkedDirectory walked, TarManifestBlock? parent)
    {
        var plan = new DirectoryPlan
        {
            Path = walked.Path,
            Source = walked.Source,
            Listing = walked.Listing,
            Entries = new PlannedEntry[walked.Count],
            ReadAt = walked.ReadAt,
            NeedsMember = parent is null,
        };
        PlanOwn(plan, walked, parent);
        int next = 0;
        for (int i = 0; i < plan.Entries.Length; i++)
        {
            plan.Entries[i].Index = walked.Index(i);
            if (parent is null)
            {
                PlanEntry(plan, i, default, []);
                continue;
            }

            int order = SkipTo(plan, parent, plan.Name(i), ref next);
            TarManifestRecord record = order == 0 ? parent.Record(next) : default;
            if (order == 0 && record.IsStored)
            {
                plan.Entries[i].SetParent(record, plan.Status(i).Kind);
                PlanEntry(plan, i, record, parent.RecordBytes(next));
            }
            else
            {
                PlanEntry(plan, i, default, []);
            }

            next += order == 0 ? 1 : 0;
        }

        if (parent is not null)
        {
            SkipTo(plan, parent, [], ref next, toEnd: true);
        }

        return plan;
    }

    /// <summary>Plans a directory that could not be read, and of which no level holds anything: it is stored empty.</summary>
    /// <param name="walked">The directory, with what the listing above it tells.</param>
    /// <param name="reason">Why it is a skip; <see langword="null"/> for one that has vanished or become something else.</param>
    internal DirectoryPlan PlanEmpty(WalkedDirectory walked, string? reason)
    {
        TarManifestRecord own = _records.Make(walked.Status, walked.ReadAt);
        own.Flags = TarManifestFlags.Stale;
        if (reason is not null)
        {
            own.Flags |= TarManifestFlags.Skipped;
            own.SkipKind = SkipKind.Unreadable;
            own.SkipReason = reason;
        }

        return new DirectoryPlan { Path = walked.Path, Source = null, Listing = DirectoryListing.Empty, Entries = [], Own = own, NeedsMember = true };
    }

    /// <summary>Plans a directory that is not read this time: everything is kept as the parent has it, marked as stale.</summary>
    internal static DirectoryPlan PlanCarried(TarManifestBlock parent, EntryPath carriedRoot, string reason)
    {
        TarManifestRecord own = parent.Own().ToOwned();
        own.Flags = (own.Flags & ~TarManifestFlags.Skipped) | TarManifestFlags.Stale;
        var path = new EntryPath(parent.Path.Bytes.ToArray());
        if (path == carriedRoot)
        {
            own.Flags |= TarManifestFlags.Skipped;
            own.SkipKind = SkipKind.Unreadable;
            own.SkipReason = reason;
        }

        var plan = new DirectoryPlan
        {
            Path = path,
            Source = null,
            Listing = CarriedListing.Of(parent),
            Entries = new PlannedEntry[parent.Count],
            Own = own,
        };
        for (int i = 0; i < parent.Count; i++)
        {
            ref PlannedEntry entry = ref plan.Entries[i];
            TarManifestRecord record = parent.Record(i);
            entry.Index = i;
            if (record.IsStored)
            {
                entry.ParentKind = record.Kind;
                record.Flags |= TarManifestFlags.Stale;

                // A first name outside may have gone; where the content is stands in the record itself.
                record.Flags &= record.FirstName.IsAtOrBelow(carriedRoot) ? record.Flags : ~TarManifestFlags.LaterName;
            }

            plan.Keep(ref entry, record);
        }

        return plan;
    }

    private void PlanOwn(DirectoryPlan plan, WalkedDirectory walked, TarManifestBlock? parent)
    {
        if (parent is not null && rule.IsUnchanged(parent.Own(), walked.Status))
        {
            plan.OwnUnchanged = parent.OwnBytes.ToArray();
            return;
        }

        TarManifestRecord own = _records.Make(walked.Status, walked.ReadAt);
        try
        {
            own.Attributes = walked.Source!.ReadAttributes();
        }
        catch (FileSystemException error)
        {
            context.ReportNote(new Note(plan.Path, $"Its extended attributes could not be read: {error.Message}"));
        }

        plan.Own = own;
        plan.NeedsMember = true;
        if (parent is not null && HasLostAttribute(parent.Own().Attributes, own.Attributes))
        {
            context.ReportNote(new Note(plan.Path, "An extended attribute was taken off the directory; GNU tar leaves it there when it extracts this level over the one before."));
        }
    }

    private static bool HasLostAttribute(IReadOnlyList<FileAttribute> before, IReadOnlyList<FileAttribute> now)
    {
        foreach (FileAttribute attribute in before)
        {
            bool isThere = false;
            foreach (FileAttribute other in now)
            {
                isThere |= other.Name.AsSpan().SequenceEqual(attribute.Name);
            }

            if (!isThere)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Moves over the parent's entries that come before a name: those are not there any more.</summary>
    /// <returns>0 where the parent has the name.</returns>
    private static int SkipTo(DirectoryPlan plan, TarManifestBlock parent, ReadOnlySpan<byte> name, ref int next, bool toEnd = false)
    {
        for (; next < parent.Count; next++)
        {
            int order = toEnd ? -1 : parent.Name(next).Span.SequenceCompareTo(name);
            if (order >= 0)
            {
                return order;
            }

            plan.NeedsMember |= parent.Record(next).IsStored;
        }

        return 1;
    }

    /// <param name="plan">The directory.</param>
    /// <param name="index">The entry.</param>
    /// <param name="parent">What the parent has stored of it; only its kind counts where <paramref name="parentBytes"/> is empty.</param>
    /// <param name="parentBytes">The parent's record; empty where it has stored nothing.</param>
    private void PlanEntry(DirectoryPlan plan, int index, in TarManifestRecord parent, ReadOnlySpan<byte> parentBytes)
    {
        ref PlannedEntry entry = ref plan.Entries[index];
        ref readonly FileStatus status = ref plan.Status(index);
        plan.SetRecord(ref entry, parentBytes);
        if (plan.Listing.Error(entry.Index) is { } error)
        {
            PlanUnreadable(plan, index, error);
            return;
        }

        switch (status.Kind)
        {
            case FileKind.Directory:
                entry.Action = EntryAction.Directory;
                plan.NeedsMember |= entry.ParentKind != FileKind.Directory;
                break;
            case FileKind.Socket:
                plan.Omit(index);
                context.ReportNote(new Note(plan.PathOf(index), "It is a socket, which has no content to store."));
                break;
            case FileKind.Unknown:
                Skip(plan, index, "It is of a kind that an archive has no place for.");
                break;
            default:
                plan.NeedsMember |= entry.ParentKind == FileKind.Directory;
                if (status is { LinkCount: > 1, Inode: not 0 })
                {
                    PlanLinked(plan, index, parent);
                }
                else
                {
                    PlanSingle(plan, index, parent);
                }

                break;
        }
    }

    private void PlanUnreadable(DirectoryPlan plan, int index, FileSystemException error)
    {
        ref PlannedEntry entry = ref plan.Entries[index];
        if (error.Error == FileError.NotFound)
        {
            plan.Omit(index);
        }
        else if (entry.ParentKind == FileKind.Directory)
        {
            plan.Keep(ref entry, new TarManifestRecord { Kind = FileKind.Directory, Flags = TarManifestFlags.Stale });
            EntryPath path = plan.PathOf(index);
            Carried.Add(path, error.Message);
            context.ReportSkip(new SkippedEntry(path, SkipKind.Unreadable, error.Message));
        }
        else
        {
            Skip(plan, index, error.Message);
        }
    }

    private void Skip(DirectoryPlan plan, int index, string reason)
    {
        plan.Skip(index, SkipKind.Unreadable, reason);
        context.ReportSkip(new SkippedEntry(plan.PathOf(index), SkipKind.Unreadable, reason));
    }

    private void PlanSingle(DirectoryPlan plan, int index, in TarManifestRecord parent)
    {
        ref PlannedEntry entry = ref plan.Entries[index];
        if (!IsUnchanged(plan, index, parent))
        {
            PlanRead(ref entry, plan.Status(index));
        }
        else if (parent.IsLaterName)
        {
            // The name that it refers to is gone, or is another inode: it stands for itself now.
            plan.Keep(ref entry, parent with { Flags = parent.Flags & ~TarManifestFlags.LaterName });
        }
        else
        {
            entry.Action = EntryAction.Keep;
            entry.Size = parent.Size;
        }
    }

    private void PlanLinked(DirectoryPlan plan, int index, in TarManifestRecord parent)
    {
        ref PlannedEntry entry = ref plan.Entries[index];
        ref readonly FileStatus status = ref plan.Status(index);
        if (_groups.TryGetValue((status.Device, status.Inode), out HardLinkGroup? group))
        {
            entry.Group = group;
            PlanLaterName(plan, index, group, parent);
            return;
        }

        bool isUnchanged = IsUnchanged(plan, index, parent);
        EntryPath path = plan.PathOf(index);
        group = new HardLinkGroup(!isUnchanged)
        {
            ParentFirstName = parent.IsLaterName ? new EntryPath(parent.FirstName.Bytes.ToArray()) : path,
        };
        entry.Group = group;
        _groups.Add((status.Device, status.Inode), group);
        if (!isUnchanged)
        {
            PlanRead(ref entry, status);
            return;
        }

        TarManifestRecord record = parent.ToOwned();
        record.Flags = (record.Flags & ~TarManifestFlags.LaterName) | TarManifestFlags.MultiplyLinked;
        record.LinkCount = status.LinkCount;
        group.SetStored(path, record);
        plan.Keep(ref entry, record);
    }

    private static void PlanLaterName(DirectoryPlan plan, int index, HardLinkGroup group, in TarManifestRecord parent)
    {
        ref PlannedEntry entry = ref plan.Entries[index];
        if (group.IsChanged || !WasInGroup(plan.Path, plan.Name(index), group, parent))
        {
            entry.Action = EntryAction.Link;
            return;
        }

        if (parent.IsLaterName && parent.FirstName == group.StoredAs)
        {
            entry.Action = EntryAction.Keep;
            entry.Size = parent.Size;
            return;
        }

        TarManifestRecord record = group.LaterName();
        plan.Keep(ref entry, record);
    }

    /// <summary>Whether the name led to the same inode in the parent, as its archive chain restores it.</summary>
    private static bool WasInGroup(EntryPath directory, ReadOnlySpan<byte> name, HardLinkGroup group, in TarManifestRecord parent)
    {
        // Nothing is known of an entry that the parent does not have: its kind is then unknown.
        if (parent.Kind != group.Record.Kind || (parent.Flags & (TarManifestFlags.Stale | TarManifestFlags.Skipped)) != 0)
        {
            return false;
        }

        EntryPath first = parent.IsLaterName ? parent.FirstName : directory.Append(name);
        return first == group.ParentFirstName && (parent.Kind != FileKind.Regular || parent.Content == group.Record.Content);
    }

    private bool IsUnchanged(DirectoryPlan plan, int index, in TarManifestRecord parent) =>
        rule.IsUnchanged(parent, plan.Status(index))
        && (parent.Kind != FileKind.SymbolicLink || rule.SeesReplacedLinks || HasTarget(plan, index, parent.LinkTarget.Span));

    private static bool HasTarget(DirectoryPlan plan, int index, ReadOnlySpan<byte> target)
    {
        try
        {
            return plan.Source!.ReadLink(plan.Name(index)).AsSpan().SequenceEqual(target);
        }
        catch (FileSystemException)
        {
            // Reading it for the archive will say what is wrong.
            return false;
        }
    }

    private static void PlanRead(ref PlannedEntry entry, in FileStatus status) =>
        entry.Action = status.Kind == FileKind.Regular && status.Size > MemberReader.LargestSmall ? EntryAction.ReadLarge : EntryAction.Read;
}
