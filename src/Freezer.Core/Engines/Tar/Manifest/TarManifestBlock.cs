namespace Freezer.Engines.Tar.Manifest;

/// <summary>A directory as the manifest has it: its own record and all its direct entries by the unsigned bytes of their names.
/// Everything in it has been checked.</summary>
/// <remarks>Belongs to the reader and is valid, with everything taken from it, until the next block is read.</remarks>
internal sealed class TarManifestBlock
{
    private ReadOnlyMemory<byte> _body;
    private long _origin;
    private Entry[] _entries = new Entry[64];
    private int _ownOffset;
    private int _ownEnd;

    /// <summary>The directory's path from the root.</summary>
    internal EntryPath Path { get; private set; }

    /// <summary>How many entries the directory has, subdirectories included.</summary>
    internal int Count { get; private set; }

    /// <summary>The sum of the sizes of the regular files.</summary>
    internal long TotalSize { get; private set; }

    /// <summary>How many skips there are among the entries and the directory itself.</summary>
    internal int Skipped { get; private set; }

    /// <summary>The directory's own record.</summary>
    internal TarManifestRecord Own()
    {
        var cursor = new ManifestCursor(_body, _origin, _ownOffset);
        return TarManifestRecordCodec.ReadOwn(ref cursor);
    }

    internal ReadOnlySpan<byte> OwnBytes => _body.Span[_ownOffset.._ownEnd];

    internal ReadOnlyMemory<byte> Name(int index) => _body.Slice(_entries[index].NameOffset, _entries[index].NameLength);

    /// <summary>The record of an entry; that of a subdirectory is brief.</summary>
    internal TarManifestRecord Record(int index)
    {
        var cursor = new ManifestCursor(_body, _origin, _entries[index].RecordOffset);
        return TarManifestRecordCodec.ReadEntry(ref cursor);
    }

    /// <summary>The record as it stands in the manifest, for one that has not changed.</summary>
    internal ReadOnlySpan<byte> RecordBytes(int index) => _body.Span[_entries[index].RecordOffset.._entries[index].RecordEnd];

    /// <summary>Finds an entry by its name; −1 where there is none.</summary>
    internal int Find(ReadOnlySpan<byte> name)
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = name.SequenceCompareTo(Name(middle).Span);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (low, middle - 1) : (middle + 1, high);
        }

        return -1;
    }

    /// <summary>Takes in the body of a directory block behind its kind, and checks all of it.</summary>
    internal void Load(ReadOnlyMemory<byte> body, long origin, int position)
    {
        _body = body;
        _origin = origin;
        (Count, TotalSize) = (0, 0);
        var cursor = new ManifestCursor(body, origin, position);
        Path = new EntryPath(cursor.ReadBytes("the length of a path", TarManifestFormat.LongestPath));
        if (!ManifestNames.IsPath(Path.Bytes.Span))
        {
            throw cursor.Malformed("the path of a directory has a component that is no name");
        }

        _ownOffset = cursor.Position;
        Skipped = TarManifestRecordCodec.ReadOwn(ref cursor).IsSkipped ? 1 : 0;
        _ownEnd = cursor.Position;
        ReadOnlySpan<byte> last = default;
        while (!cursor.IsAtEnd)
        {
            ReadOnlyMemory<byte> name = cursor.ReadBytes("the length of a name", TarManifestFormat.LongestName);
            if (!ManifestNames.IsName(name.Span))
            {
                throw cursor.Malformed("an entry's name is not that of something in a directory");
            }

            // The first name is greater than none.
            if (name.Span.SequenceCompareTo(last) <= 0)
            {
                throw cursor.Malformed("the entries of a directory are not sorted");
            }

            int recordOffset = cursor.Position;
            TarManifestRecord record = TarManifestRecordCodec.ReadEntry(ref cursor);
            if (record.IsLaterName && !IsEarlier(record.FirstName, name.Span))
            {
                throw cursor.Malformed("the first name of a hard link does not come before it");
            }

            Add(new Entry(recordOffset - name.Length, name.Length, recordOffset, cursor.Position));
            TotalSize += record.Kind == Platform.FileKind.Regular ? record.Size : 0;
            Skipped += record.IsSkipped ? 1 : 0;
            last = name.Span;
        }
    }

    private bool IsEarlier(EntryPath first, ReadOnlySpan<byte> name)
    {
        int byDirectory = first.Parent.CompareTo(Path);
        return byDirectory < 0 || (byDirectory == 0 && first.Name.Span.SequenceCompareTo(name) < 0);
    }

    private void Add(Entry entry)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, 2 * _entries.Length);
        }

        _entries[Count++] = entry;
    }

    private readonly record struct Entry(int NameOffset, int NameLength, int RecordOffset, int RecordEnd);
}
