using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>Writes archive and manifest from slices, in order, and settles what happened to entries after the walk had seen them.</summary>
internal sealed class ArchiveWriter(BackupContext context, PipeWriter destination, FileTree tree, ChangeRule rule) : IDisposable
{
    private readonly ArchiveStream _archive = new(destination);
    private readonly TarManifestWriter _manifest = new(context.Manifest);
    private readonly ArrayBufferWriter<byte> _listing = new();
    private readonly TarEntry _entry = new();
    private readonly RecordMaker _records = new(tree, rule);
    private LargeFileWriter? _largeFiles;
    private MemberReader? _lateReader;
    private bool _isBegun;
    private bool _listingIsWrong;

    private LargeFileWriter LargeFiles => _largeFiles ??= new LargeFileWriter(context, _archive, _records);

    private MemberReader LateReader => _lateReader ??= new MemberReader(_records);

    /// <summary>What the manifest holds so far.</summary>
    internal TarManifestCounts Counts => _manifest.Counts;

    internal async Task RunAsync(ChannelReader<PlanSlice> slices, CancellationToken cancellationToken)
    {
        _manifest.WriteHeader();
        while (await slices.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            while (slices.TryRead(out PlanSlice? slice))
            {
                using (slice)
                {
                    await slice.Completion.ConfigureAwait(false);
                    await WriteAsync(slice, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        await _archive.FinishAsync(cancellationToken).ConfigureAwait(false);
        await _manifest.FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _largeFiles?.Dispose();

    private async ValueTask WriteAsync(PlanSlice slice, CancellationToken cancellationToken)
    {
        DirectoryPlan plan = slice.Plan;
        if (slice.IsFirst)
        {
            _isBegun = false;
            _listingIsWrong = false;
        }

        SettleFailures(slice);
        if (slice.IsFirst)
        {
            BeginDirectory(plan, alreadyRead: slice.End);
        }

        int kept = 0;
        for (int i = slice.Start; i < slice.End; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            kept += await WriteAsync(slice, i, cancellationToken).ConfigureAwait(false);
            await _archive.FlushIfDueAsync(cancellationToken).ConfigureAwait(false);
        }

        _archive.WritePending();
        context.ReportProgress(0, kept + (slice.IsFirst ? 1 : 0), plan.Path);
        if (slice.IsLast)
        {
            if (_listingIsWrong)
            {
                WriteDirectory(plan, clearsTheWay: false);
            }

            await _manifest.EndDirectoryAsync(cancellationToken).ConfigureAwait(false);
            await _archive.FlushIfDueAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes an entry and gives 1 if it takes no more than a line in the manifest.</summary>
    private async ValueTask<int> WriteAsync(PlanSlice slice, int index, CancellationToken cancellationToken)
    {
        DirectoryPlan plan = slice.Plan;
        switch (plan.Entries[index].Action)
        {
            case EntryAction.Keep or EntryAction.SkipOnly:
                _manifest.AddUnchanged(plan.Name(index), plan.RecordBytes(index), plan.Entries[index].Size, plan.Entries[index].IsSkip);
                return 1;
            case EntryAction.Directory:
                // Subdirectories are counted when they come themselves.
                _manifest.Add(plan.Name(index), new TarManifestRecord { Kind = FileKind.Directory });
                return 0;
            case EntryAction.Read:
                WriteRead(slice, index);
                return 0;
            case EntryAction.ReadLarge:
                await WriteLargeAsync(slice, index, cancellationToken).ConfigureAwait(false);
                return 0;
            case EntryAction.Link:
                await WriteLinkAsync(slice, index, cancellationToken).ConfigureAwait(false);
                return 0;
            default:
                return 0;
        }
    }

    private void BeginDirectory(DirectoryPlan plan, int alreadyRead)
    {
        bool getsMember = plan.NeedsMember;
        bool isInTheWay = false;
        foreach (ref readonly PlannedEntry entry in plan.Entries.AsSpan())
        {
            getsMember |= entry.GetsMember;
            isInTheWay |= entry.GetsMember && entry.IsInTheWay;
        }

        if (isInTheWay)
        {
            SettleDenied(plan, alreadyRead);

            // A listing without a name removes what is there under it.
            WriteDirectory(plan, clearsTheWay: true);
        }

        if (getsMember)
        {
            WriteDirectory(plan, clearsTheWay: false);
        }

        if (plan.OwnUnchanged is { } own)
        {
            _manifest.BeginDirectory(plan.Path, own);
        }
        else
        {
            _manifest.BeginDirectory(plan.Path, plan.Own);
        }

        _isBegun = true;
    }

    private void WriteDirectory(DirectoryPlan plan, bool clearsTheWay)
    {
        _listing.ResetWrittenCount();
        for (int i = 0; i < plan.Entries.Length; i++)
        {
            ref readonly PlannedEntry entry = ref plan.Entries[i];
            if (entry.Code != 0 && !(clearsTheWay && entry.GetsMember && entry.IsInTheWay))
            {
                DumpDirectory.Append(_listing, entry.Code, plan.Name(i));
            }
        }

        DumpDirectory.End(_listing);
        _records.Fill(_entry, plan.ReadOwn());
        _entry.Path = MemberName.OfDirectory(plan.Path);
        _entry.DumpDirectory = _listing.WrittenSpan.ToArray();
        _archive.WriteHeader(_entry);
        _entry.DumpDirectory = null;
    }

    private void WriteRead(PlanSlice slice, int index)
    {
        DirectoryPlan plan = slice.Plan;
        ref ReadResult result = ref slice.Results[plan.Entries[index].Result];
        result.Record.Content = new ContentLocation(context.BackupId, _archive.Position);
        _archive.WriteMember(slice.Buffer, result.Offset, result.Length);
        _manifest.Add(plan.Name(index), result.Record);
        SetStored(plan, index, result.Path, result.Record);
        ReportChange(result.Path, result.HasChanged);
        ReportAttributes(result.Path, result.AttributesError);
        context.ReportProgress(result.StoredSize, 1, result.Path);
    }

    private async ValueTask WriteLargeAsync(PlanSlice slice, int index, CancellationToken cancellationToken)
    {
        DirectoryPlan plan = slice.Plan;
        EntryPath path = plan.PathOf(index);
        LargeFileOutcome outcome;
        try
        {
            outcome = await LargeFiles.WriteAsync(plan, index, cancellationToken).ConfigureAwait(false);
        }
        catch (FileSystemException error)
        {
            Settle(slice, index, error);
            await WriteAsync(slice, index, cancellationToken).ConfigureAwait(false);
            return;
        }

        TarManifestRecord record = LargeFiles.Record;
        switch (outcome)
        {
            case LargeFileOutcome.Stored:
                SetStored(plan, index, path, record);
                ReportChange(path, LargeFiles.HasChanged);
                ReportAttributes(path, LargeFiles.Error);
                break;
            case LargeFileOutcome.Inconsistent:
                const string reason = "It shrank again and again while it was read; what is stored of it ends with zeros.";
                record.Flags |= TarManifestFlags.Stale | TarManifestFlags.Skipped;
                (record.SkipKind, record.SkipReason) = (SkipKind.Inconsistent, reason);
                context.ReportSkip(new SkippedEntry(path, SkipKind.Inconsistent, reason));
                break;
            default:
                // The member that was begun is removed again by the corrected listing.
                Forget(plan, index, LargeFiles.Error!.Message);
                _manifest.AddUnchanged(plan.Name(index), plan.RecordBytes(index), 0, isSkip: true);
                return;
        }

        _manifest.Add(plan.Name(index), record);
        context.ReportProgress(0, 1, path);
    }

    private async ValueTask WriteLinkAsync(PlanSlice slice, int index, CancellationToken cancellationToken)
    {
        DirectoryPlan plan = slice.Plan;
        HardLinkGroup group = plan.Entries[index].Group!;
        if (group.StoredAs is { } first)
        {
            WriteLink(plan, index, group, first);
            return;
        }

        // No earlier name of the inode could be stored: this one has to carry the content.
        ReadLate(slice, index, plan.Status(index));
        await WriteAsync(slice, index, cancellationToken).ConfigureAwait(false);
    }

    private void WriteLink(DirectoryPlan plan, int index, HardLinkGroup group, EntryPath first)
    {
        TarManifestRecord record = group.LaterName();
        _records.Fill(_entry, record);
        _entry.Type = TarEntryType.HardLink;
        _entry.Path = MemberName.Of(plan.Path, plan.Name(index));
        _entry.LinkTarget = MemberName.Of(first);
        _entry.Size = 0;
        _entry.Extents = null;
        _entry.Attributes = [];
        (_entry.DeviceMajor, _entry.DeviceMinor) = (0, 0);
        _archive.WriteHeader(_entry);
        _manifest.Add(plan.Name(index), record);
        context.ReportProgress(0, 1, MemberName.ToPath(_entry.Path));
    }

    /// <summary>Settles what became of the entries of a slice that could not be read ahead.</summary>
    private void SettleFailures(PlanSlice slice)
    {
        DirectoryPlan plan = slice.Plan;
        for (int i = slice.Start; i < slice.End; i++)
        {
            ref PlannedEntry entry = ref plan.Entries[i];
            if (entry.Action != EntryAction.Read)
            {
                continue;
            }

            ref readonly ReadResult result = ref slice.Results[entry.Result];
            if (result.Error is { } error)
            {
                Settle(slice, i, error);
            }
            else if (result.IsLarge)
            {
                entry.Action = EntryAction.ReadLarge;
            }
        }
    }

    /// <summary>Settles what may not be read before anything is removed to make way for it: what earlier levels hold of it is to stay.</summary>
    private void SettleDenied(DirectoryPlan plan, int alreadyRead)
    {
        for (int i = 0; i < plan.Entries.Length; i++)
        {
            ref readonly PlannedEntry entry = ref plan.Entries[i];
            bool willBeRead = entry.Action == EntryAction.ReadLarge || (entry.Action == EntryAction.Read && i >= alreadyRead);
            if (!entry.IsInTheWay || !willBeRead || plan.Status(i).Kind != FileKind.Regular)
            {
                continue;
            }

            try
            {
                plan.Source!.OpenFile(plan.Name(i)).Dispose();
            }
            catch (FileSystemException error) when (error.Error == FileError.AccessDenied)
            {
                Skip(plan, i, error.Message);
            }
            catch (FileSystemException)
            {
                // Whatever else it is will be settled when the entry is read.
                continue;
            }
        }
    }

    /// <summary>Decides about an entry that could not be read: it has vanished, has become something else, or is a skip.</summary>
    private void Settle(PlanSlice slice, int index, FileSystemException error)
    {
        DirectoryPlan plan = slice.Plan;
        if (error.Error == FileError.TooManyOpenFiles)
        {
            throw error;
        }

        FileStatus now;
        try
        {
            now = plan.Source!.Stat(plan.Name(index));
        }
        catch (FileSystemException gone)
        {
            if (gone.Error == FileError.NotFound)
            {
                Omit(plan, index, "It vanished while the backup ran.");
            }
            else
            {
                Skip(plan, index, error.Message);
            }

            return;
        }

        if (now.Kind is FileKind.Directory or FileKind.Socket or FileKind.Unknown)
        {
            Omit(plan, index, $"It became a {now.Kind} while the backup ran.");
        }
        else if (now.Kind != plan.Status(index).Kind && !plan.Entries[index].IsReadAgain)
        {
            ReadAsItIsNow(slice, index, now);
        }
        else
        {
            Skip(plan, index, error.Message);
        }
    }

    /// <summary>Reads an entry that is of another kind than the walk saw.</summary>
    private void ReadAsItIsNow(PlanSlice slice, int index, in FileStatus now)
    {
        DirectoryPlan plan = slice.Plan;
        plan.Entries[index].IsReadAgain = true;
        ReadLate(slice, index, now);
        plan.Entries[index].IsInTheWay = plan.Entries[index].ParentKind != FileKind.Unknown;
        if (_isBegun && plan.Entries[index].GetsMember && plan.Entries[index].IsInTheWay)
        {
            WriteDirectory(plan, clearsTheWay: true);
            WriteDirectory(plan, clearsTheWay: false);
        }
    }

    /// <summary>Reads an entry now, behind the others of its slice. A regular file becomes one that is written directly.</summary>
    private void ReadLate(PlanSlice slice, int index, in FileStatus status)
    {
        DirectoryPlan plan = slice.Plan;
        if (status.Kind == FileKind.Regular)
        {
            plan.Entries[index].Action = EntryAction.ReadLarge;
            return;
        }

        ref ReadResult result = ref slice.AddResult(ref plan.Entries[index]);
        LateReader.Read(plan, plan.Name(index), status, slice.Buffer, ref result);
        plan.Entries[index].Action = EntryAction.Read;
        if (result.Error is { } error)
        {
            Skip(plan, index, error.Message);
        }
    }

    private void Omit(DirectoryPlan plan, int index, string reason)
    {
        plan.Omit(index);
        _listingIsWrong |= _isBegun;
        context.ReportNote(new Note(plan.PathOf(index), reason));
    }

    private void Skip(DirectoryPlan plan, int index, string reason)
    {
        if (_isBegun && plan.Entries[index].IsInTheWay)
        {
            // What earlier levels hold of it has made way already.
            Forget(plan, index, reason);
            return;
        }

        plan.Skip(index, SkipKind.Unreadable, reason);
        _listingIsWrong |= _isBegun;
        context.ReportSkip(new SkippedEntry(plan.PathOf(index), SkipKind.Unreadable, reason));
    }

    private void Forget(DirectoryPlan plan, int index, string reason)
    {
        plan.ForgetAndSkip(index, SkipKind.Unreadable, reason);
        _listingIsWrong = true;
        context.ReportSkip(new SkippedEntry(plan.PathOf(index), SkipKind.Unreadable, reason));
    }

    private static void SetStored(DirectoryPlan plan, int index, EntryPath path, in TarManifestRecord record)
    {
        // A name that was given to another inode since the walk saw it must not become the others' target.
        ref readonly FileStatus listed = ref plan.Status(index);
        if (plan.Entries[index].Group is { } group && record.Inode == listed.Inode && record.Device == listed.Device)
        {
            group.SetStored(path, record);
        }
    }

    private void ReportChange(EntryPath path, bool hasChanged)
    {
        if (hasChanged)
        {
            context.ReportNote(new Note(path, "It changed while it was read; the next level stores it again."));
        }
    }

    private void ReportAttributes(EntryPath path, FileSystemException? error)
    {
        if (error is not null)
        {
            context.ReportNote(new Note(path, $"Its extended attributes could not be read: {error.Message}"));
        }
    }
}
