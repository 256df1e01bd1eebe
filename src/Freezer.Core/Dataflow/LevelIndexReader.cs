using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Freezer.Dataflow;

/// <summary>The directory at the end of an index, as the metadata document tells of it.</summary>
internal sealed record LevelIndexDirectory(int Length, Sha256Digest Digest);

/// <summary>Reads a level's index, page by page, each verified.</summary>
internal sealed class LevelIndexReader
{
    // The end of an index holds its directory, and of all but huge backups everything else too.
    private const int TailLength = 1 << 20;

    // Farther than any object is long, and near enough that sums do not overflow.
    private const long FarthestOffset = long.MaxValue / 2;

    private readonly StoredObject _index;
    private readonly byte[] _tail;
    private readonly List<LevelIndexPage> _archiveFrames = [];
    private readonly List<LevelIndexPage> _archiveLeaves = [];
    private readonly List<LevelIndexPage> _manifestFrames = [];
    private readonly List<LevelIndexPage> _manifestLeaves = [];

    private LevelIndexReader(StoredObject index, byte[] tail)
    {
        _index = index;
        _tail = tail;
    }

    /// <exception cref="InvalidDataException">The index is not the one that the metadata document describes.</exception>
    internal static async Task<LevelIndexReader> OpenAsync(StoredObject index, LevelIndexDirectory directory, CancellationToken cancellationToken)
    {
        if (directory.Length < 0 || directory.Length > index.Length || directory.Length % LevelIndexLayout.DirectoryEntrySize != 0)
        {
            throw new InvalidDataException($"The metadata document gives the index {index.Key} a directory of {directory.Length} bytes, which cannot be.");
        }

        int tailLength = (int)Math.Min(index.Length, Math.Max(TailLength, directory.Length));
        return await index.ReadSoundAsync(async copy =>
        {
            byte[] tail = await copy.ReadBytesAsync(index.Length - tailLength, tailLength, cancellationToken).ConfigureAwait(false);
            var reader = new LevelIndexReader(index, tail);
            reader.ReadDirectory(tail.AsSpan(tail.Length - directory.Length), directory.Digest);
            return reader;
        }).ConfigureAwait(false);
    }

    /// <summary>The frames of the archive, from the one that holds an offset of its content.</summary>
    internal async IAsyncEnumerable<StoredFrame> ReadArchiveFramesAsync(FramePosition from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = from.Page; i < _archiveFrames.Count; i++)
        {
            ReadOnlyMemory<byte> page = await ReadPageAsync(_archiveFrames[i], cancellationToken).ConfigureAwait(false);
            for (int record = i == from.Page ? from.Record : 0; record < _archiveFrames[i].Count; record++)
            {
                yield return ReadFrame(page.Span[(record * LevelIndexLayout.ArchiveFrameSize)..]);
            }
        }
    }

    /// <summary>Finds the frame of the archive that holds an offset of its content.</summary>
    internal async Task<FramePosition> FindArchiveFrameAsync(long offset, CancellationToken cancellationToken)
    {
        int page = Math.Max(_archiveFrames.FindLastIndex(candidate => candidate.FirstContent <= offset), 0);
        if (page >= _archiveFrames.Count)
        {
            return default;
        }

        ReadOnlyMemory<byte> records = await ReadPageAsync(_archiveFrames[page], cancellationToken).ConfigureAwait(false);
        long content = _archiveFrames[page].FirstContent;
        long stored = _archiveFrames[page].FirstStored;
        for (int record = 0; record < _archiveFrames[page].Count; record++)
        {
            StoredFrame frame = ReadFrame(records.Span[(record * LevelIndexLayout.ArchiveFrameSize)..]);
            if (offset < content + frame.ContentLength)
            {
                return new FramePosition(page, record, content, stored);
            }

            content += frame.ContentLength;
            stored += frame.StoredLength;
        }

        return new FramePosition(page + 1, 0, content, stored);
    }

    /// <summary>The leaves of the stored archive, from the one that begins at an offset.</summary>
    internal IAsyncEnumerable<Sha256Digest> ReadArchiveLeavesAsync(long fromStoredOffset, CancellationToken cancellationToken) =>
        ReadLeavesAsync(_archiveLeaves, fromStoredOffset, cancellationToken);

    internal IAsyncEnumerable<Sha256Digest> ReadManifestLeavesAsync(CancellationToken cancellationToken) =>
        ReadLeavesAsync(_manifestLeaves, 0, cancellationToken);

    internal async IAsyncEnumerable<ManifestFrame> ReadManifestFramesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (LevelIndexPage page in _manifestFrames)
        {
            ReadOnlyMemory<byte> records = await ReadPageAsync(page, cancellationToken).ConfigureAwait(false);
            for (int record = 0; record < page.Count; record++)
            {
                yield return ReadManifestFrame(records.Span[(record * LevelIndexLayout.ManifestFrameSize)..]);
            }
        }
    }

    private async IAsyncEnumerable<Sha256Digest> ReadLeavesAsync(
        List<LevelIndexPage> pages, long fromStoredOffset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (LevelIndexPage page in pages)
        {
            long skip = Math.Max(0, (fromStoredOffset - page.FirstStored) / StoredStreamOptions.LeafSize);
            if (skip >= page.Count)
            {
                continue;
            }

            ReadOnlyMemory<byte> records = await ReadPageAsync(page, cancellationToken).ConfigureAwait(false);
            for (int record = (int)skip; record < page.Count; record++)
            {
                yield return Sha256Digest.From(records.Span[(record * LevelIndexLayout.LeafSize)..]);
            }
        }
    }

    private void ReadDirectory(ReadOnlySpan<byte> directory, in Sha256Digest digest)
    {
        if (!Sha256Digest.Of(directory).Equals(digest))
        {
            throw new InvalidDataException($"The directory of the index {_index.Key} is damaged: its SHA-256 is not the one in the metadata document.");
        }

        for (; !directory.IsEmpty; directory = directory[LevelIndexLayout.DirectoryEntrySize..])
        {
            var page = new LevelIndexPage(
                (LevelIndexPageKind)BinaryPrimitives.ReadInt32LittleEndian(directory[LevelIndexLayout.EntryKind..]),
                BinaryPrimitives.ReadInt32LittleEndian(directory[LevelIndexLayout.EntryCount..]),
                BinaryPrimitives.ReadInt64LittleEndian(directory[LevelIndexLayout.EntryOffset..]),
                BinaryPrimitives.ReadInt64LittleEndian(directory[LevelIndexLayout.EntryFirstContent..]),
                BinaryPrimitives.ReadInt64LittleEndian(directory[LevelIndexLayout.EntryFirstStored..]),
                Sha256Digest.From(directory[LevelIndexLayout.EntryDigest..]));
            if (page.Count is <= 0 or > LevelIndexLayout.PageSize || page.Offset < 0 || page.Offset > _index.Length - page.Length
                || page.FirstContent is < 0 or > FarthestOffset || page.FirstStored is < 0 or > FarthestOffset)
            {
                throw new InvalidDataException($"The directory of the index {_index.Key} names a page that cannot be.");
            }

            PagesOf(page.Kind).Add(page);
        }
    }

    private List<LevelIndexPage> PagesOf(LevelIndexPageKind kind) => kind switch
    {
        LevelIndexPageKind.ArchiveFrames => _archiveFrames,
        LevelIndexPageKind.ArchiveLeaves => _archiveLeaves,
        LevelIndexPageKind.ManifestFrames => _manifestFrames,
        _ => _manifestLeaves,
    };

    private async Task<ReadOnlyMemory<byte>> ReadPageAsync(LevelIndexPage page, CancellationToken cancellationToken)
    {
        long inTail = page.Offset - (_index.Length - _tail.Length);
        if (inTail >= 0 && IsSound(page, _tail.AsSpan((int)inTail, page.Length)))
        {
            return _tail.AsMemory((int)inTail, page.Length);
        }

        return await _index.ReadSoundAsync(async copy =>
        {
            byte[] records = await copy.ReadBytesAsync(page.Offset, page.Length, cancellationToken).ConfigureAwait(false);
            return IsSound(page, records) ? records
                : throw new InvalidDataException($"The index {_index.Key} is damaged: the page at byte {page.Offset} has another SHA-256 than its directory says.");
        }).ConfigureAwait(false);
    }

    private static bool IsSound(LevelIndexPage page, ReadOnlySpan<byte> records) => Sha256Digest.Of(records).Equals(page.Digest);

    private static StoredFrame ReadFrame(ReadOnlySpan<byte> record)
    {
        var frame = new StoredFrame(
            BinaryPrimitives.ReadInt32LittleEndian(record[LevelIndexLayout.FrameContentLength..]),
            BinaryPrimitives.ReadInt32LittleEndian(record[LevelIndexLayout.FrameStoredLength..]));
        return frame.ContentLength >= 0 && frame.StoredLength >= 0 ? frame
            : throw new InvalidDataException("The index holds a frame of negative length.");
    }

    private static ManifestFrame ReadManifestFrame(ReadOnlySpan<byte> record)
    {
        var frame = new ManifestFrame(
            ReadFrame(record),
            new FrameOwner(
                new Guid(record.Slice(LevelIndexLayout.FrameOwner, 16), bigEndian: true),
                BinaryPrimitives.ReadInt32LittleEndian(record[LevelIndexLayout.FrameOwnerRepair..])),
            BinaryPrimitives.ReadInt64LittleEndian(record[LevelIndexLayout.FrameStoredOffset..]),
            Sha256Digest.From(record[LevelIndexLayout.FrameDigest..]),
            (BinaryPrimitives.ReadUInt32LittleEndian(record[LevelIndexLayout.FrameFlags..]) & LevelIndexLayout.FrameStartsBlock) != 0);
        return frame.Frame.ContentLength <= FramedManifestWriter.LargestFrame
            && frame.Frame.StoredLength <= StoredStreamOptions.LargestStoredFrame
            && frame.StoredOffset is >= 0 and <= FarthestOffset
            && frame.Owner.Repair >= 0 ? frame
            : throw new InvalidDataException($"The index has a frame of the manifest of {frame.Frame.ContentLength} bytes in {frame.Frame.StoredLength} at {frame.StoredOffset}, which cannot be.");
    }
}

/// <summary>A frame of the archive: its place in the index, and where it begins in the content and in the stored object.</summary>
internal readonly record struct FramePosition(int Page, int Record, long ContentOffset, long StoredOffset);
