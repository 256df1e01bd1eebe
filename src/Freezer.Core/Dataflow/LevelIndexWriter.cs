using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Freezer.Dataflow;

/// <summary>Writes a level's index while its archive and its manifest are written side by side. Safe from both.</summary>
internal sealed class LevelIndexWriter(PipeWriter destination) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly OpenPage _archiveFrames = new(LevelIndexPageKind.ArchiveFrames);
    private readonly OpenPage _archiveLeaves = new(LevelIndexPageKind.ArchiveLeaves);
    private readonly OpenPage _manifestFrames = new(LevelIndexPageKind.ManifestFrames);
    private readonly OpenPage _manifestLeaves = new(LevelIndexPageKind.ManifestLeaves);
    private readonly ArrayBufferWriter<byte> _directory = new();
    private long _position;

    internal async ValueTask AddArchiveFrameAsync(StoredFrame frame, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            WriteLengths(_archiveFrames.Add(frame.ContentLength, frame.StoredLength), frame);
            await WriteIfFullAsync(_archiveFrames, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Adds a frame of the manifest, whoever owns it.</summary>
    internal async ValueTask AddManifestFrameAsync(ManifestFrame frame, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            WriteManifestFrame(frame);
            await WriteIfFullAsync(_manifestFrames, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    internal ValueTask AddArchiveLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken) =>
        AddLeafAsync(_archiveLeaves, leaf, cancellationToken);

    internal ValueTask AddManifestLeafAsync(Sha256Digest leaf, CancellationToken cancellationToken) =>
        AddLeafAsync(_manifestLeaves, leaf, cancellationToken);

    /// <summary>Writes the pages that are still open, and the directory.</summary>
    /// <returns>The directory's length and SHA-256.</returns>
    internal async Task<(int Length, Sha256Digest Digest)> CompleteAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (OpenPage page in (ReadOnlySpan<OpenPage>)[_archiveFrames, _archiveLeaves, _manifestFrames, _manifestLeaves])
            {
                WritePage(page);
            }

            destination.Write(_directory.WrittenSpan);
            await FlushAsync(cancellationToken).ConfigureAwait(false);
            return (_directory.WrittenCount, Sha256Digest.Of(_directory.WrittenSpan));
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static void WriteLengths(Span<byte> record, StoredFrame frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record[LevelIndexLayout.FrameContentLength..], frame.ContentLength);
        BinaryPrimitives.WriteInt32LittleEndian(record[LevelIndexLayout.FrameStoredLength..], frame.StoredLength);
    }

    private void WriteManifestFrame(ManifestFrame frame)
    {
        Span<byte> record = _manifestFrames.Add(frame.Frame.ContentLength, 0);
        record.Clear();
        WriteLengths(record, frame.Frame);
        BinaryPrimitives.WriteUInt32LittleEndian(record[LevelIndexLayout.FrameFlags..], frame.StartsBlock ? LevelIndexLayout.FrameStartsBlock : 0);
        BinaryPrimitives.WriteInt64LittleEndian(record[LevelIndexLayout.FrameStoredOffset..], frame.StoredOffset);
        BinaryPrimitives.WriteInt32LittleEndian(record[LevelIndexLayout.FrameOwnerRepair..], frame.Owner.Repair);
        frame.Owner.Id.TryWriteBytes(record[LevelIndexLayout.FrameOwner..], bigEndian: true, out _);
        frame.Digest.CopyTo(record[LevelIndexLayout.FrameDigest..]);
    }

    private async ValueTask AddLeafAsync(OpenPage page, Sha256Digest leaf, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            leaf.CopyTo(page.Add(0, StoredStreamOptions.LeafSize));
            await WriteIfFullAsync(page, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask WriteIfFullAsync(OpenPage page, CancellationToken cancellationToken)
    {
        if (page.IsFull)
        {
            WritePage(page);
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void WritePage(OpenPage page)
    {
        if (page.Count == 0)
        {
            return;
        }

        ReadOnlySpan<byte> records = page.Records;
        Span<byte> entry = _directory.GetSpan(LevelIndexLayout.DirectoryEntrySize)[..LevelIndexLayout.DirectoryEntrySize];
        entry.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(entry[LevelIndexLayout.EntryKind..], (int)page.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(entry[LevelIndexLayout.EntryCount..], page.Count);
        BinaryPrimitives.WriteInt64LittleEndian(entry[LevelIndexLayout.EntryOffset..], _position);
        BinaryPrimitives.WriteInt64LittleEndian(entry[LevelIndexLayout.EntryFirstContent..], page.FirstContent);
        BinaryPrimitives.WriteInt64LittleEndian(entry[LevelIndexLayout.EntryFirstStored..], page.FirstStored);
        Sha256Digest.Of(records).CopyTo(entry[LevelIndexLayout.EntryDigest..]);
        _directory.Advance(LevelIndexLayout.DirectoryEntrySize);
        destination.Write(records);
        _position += records.Length;
        page.Clear();
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        FlushResult result = await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCompleted)
        {
            throw new IOException("The storage stopped taking the index.");
        }
    }

    /// <summary>A page that is being filled.</summary>
    private sealed class OpenPage(LevelIndexPageKind kind)
    {
        private readonly ArrayBufferWriter<byte> _records = new();
        private readonly int _recordSize = LevelIndexLayout.RecordSize(kind);
        private long _nextContent;
        private long _nextStored;

        internal LevelIndexPageKind Kind => kind;

        internal int Count => _records.WrittenCount / _recordSize;

        internal bool IsFull => _records.WrittenCount + _recordSize > LevelIndexLayout.PageSize;

        internal long FirstContent { get; private set; }

        internal long FirstStored { get; private set; }

        internal ReadOnlySpan<byte> Records => _records.WrittenSpan;

        /// <summary>Gives room for one more record, which stands for so many bytes of content and of the stored object.</summary>
        internal Span<byte> Add(long contentLength, long storedLength)
        {
            if (_records.WrittenCount == 0)
            {
                FirstContent = _nextContent;
                FirstStored = _nextStored;
            }

            _nextContent += contentLength;
            _nextStored += storedLength;
            Span<byte> record = _records.GetSpan(_recordSize)[.._recordSize];
            _records.Advance(_recordSize);
            return record;
        }

        internal void Clear() => _records.ResetWrittenCount();
    }
}
