using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>What is done with a directory and its entries.</summary>
/// <remarks>The planner fills it in, then hands it slice by slice to whoever writes the archive, who alone changes it from then on.</remarks>
internal sealed class DirectoryPlan
{
    private int _users = 1;

    internal required EntryPath Path { get; init; }

    /// <summary>The open directory; <see langword="null"/> for one that is not read.</summary>
    internal required SourceDirectory? Source { get; init; }

    internal required DirectoryListing Listing { get; init; }

    /// <summary>The entries in the order of their names.</summary>
    internal required PlannedEntry[] Entries { get; init; }

    /// <summary>The records that entries refer to.</summary>
    internal ManifestBuffer Records { get; } = new();

    /// <summary>The directory's own record, unless it has not changed.</summary>
    internal TarManifestRecord Own { get; set; }

    /// <summary>The own record as the parent has it, where nothing of it has changed; otherwise <see langword="null"/>.</summary>
    internal byte[]? OwnUnchanged { get; set; }

    /// <summary>When the directory was listed.</summary>
    internal UnixTime ReadAt { get; init; }

    /// <summary>Whether the directory gets a member whatever becomes of its entries: it is new, or it or its listing has changed.</summary>
    internal bool NeedsMember { get; set; }

    internal ReadOnlySpan<byte> Name(int entry) => Listing.Name(Entries[entry].Index);

    internal ref readonly FileStatus Status(int entry) => ref Listing.Status(Entries[entry].Index);

    internal EntryPath PathOf(int entry) => Path.Append(Name(entry));

    internal ReadOnlySpan<byte> RecordBytes(int entry) => Records.Written.Slice(Entries[entry].RecordOffset, Entries[entry].RecordLength);

    /// <summary>The directory's own record.</summary>
    internal TarManifestRecord ReadOwn()
    {
        if (OwnUnchanged is null)
        {
            return Own;
        }

        var cursor = new ManifestCursor(OwnUnchanged, origin: 0);
        return TarManifestRecordCodec.ReadOwn(ref cursor);
    }

    /// <summary>Refers an entry to a record as the parent has it.</summary>
    internal void SetRecord(ref PlannedEntry entry, ReadOnlySpan<byte> recordBytes)
    {
        entry.RecordOffset = Records.Length;
        Records.WriteFixed(recordBytes);
        entry.RecordLength = recordBytes.Length;
    }

    /// <summary>Keeps an entry with this record.</summary>
    internal void Keep(ref PlannedEntry entry, in TarManifestRecord record)
    {
        entry.Action = EntryAction.Keep;
        entry.RecordOffset = Records.Length;
        TarManifestRecordCodec.WriteEntry(Records, record);
        entry.RecordLength = Records.Length - entry.RecordOffset;
        entry.IsSkip = record.IsSkipped;
        entry.Size = record.Kind == FileKind.Regular && record.IsStored ? record.Size : 0;
    }

    /// <summary>Skips an entry: what earlier levels hold of it is kept, and where they hold nothing, its name.</summary>
    internal void Skip(int index, SkipKind kind, string reason)
    {
        ref PlannedEntry entry = ref Entries[index];
        if (entry.ParentKind is FileKind.Unknown or FileKind.Directory)
        {
            ForgetAndSkip(index, kind, reason);
            return;
        }

        var cursor = new ManifestCursor(RecordBytes(index).ToArray(), origin: 0);
        TarManifestRecord record = TarManifestRecordCodec.ReadEntry(ref cursor);

        // The first name of its inode may not be in this manifest any more; where the content is stands in the record itself.
        record.Flags = (record.Flags & ~TarManifestFlags.LaterName) | TarManifestFlags.Stale | TarManifestFlags.Skipped;
        record.SkipKind = kind;
        record.SkipReason = reason;
        Keep(ref entry, record);
    }

    /// <summary>Skips an entry of which nothing is to be kept but its name.</summary>
    internal void ForgetAndSkip(int index, SkipKind kind, string reason)
    {
        ref PlannedEntry entry = ref Entries[index];
        var record = new TarManifestRecord { Kind = Status(index).Kind, Flags = TarManifestFlags.Skipped, SkipKind = kind, SkipReason = reason };
        Keep(ref entry, record);
        entry.Action = EntryAction.SkipOnly;
        NeedsMember |= entry.ParentKind != FileKind.Unknown;
    }

    /// <summary>Leaves an entry out: it is not there any more.</summary>
    internal void Omit(int index)
    {
        Entries[index].Action = EntryAction.Omit;
        NeedsMember |= Entries[index].ParentKind != FileKind.Unknown;
    }

    internal void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Closes the directory once the planner and all slices are done with it.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Source?.Dispose();
        }
    }
}
