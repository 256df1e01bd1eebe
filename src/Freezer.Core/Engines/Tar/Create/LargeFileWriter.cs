using System.Security.Cryptography;
using Freezer.Dataflow;
using Freezer.Engines.Tar.Manifest;
using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Create;

/// <summary>How the writing of a large file ended.</summary>
internal enum LargeFileOutcome
{
    /// <summary>The last member holds the file as it was.</summary>
    Stored,

    /// <summary>The file shrank each time that it was read; the last member ends with zeros.</summary>
    Inconsistent,

    /// <summary>It could not be read to its end; the member ends with zeros and must not be used.</summary>
    Broken,
}

/// <summary>Writes a file straight from the file system into the archive.</summary>
/// <remarks>The header says the size before the content is read. A file that grows is cut at that size. One that shrinks is
/// filled up with zeros, and written once more at once: of two members of the same name the last one counts.</remarks>
internal sealed class LargeFileWriter(BackupContext context, ArchiveStream archive, RecordMaker records) : IDisposable
{
    private const int ChunkLength = 512 << 10;

    /// <summary>How often a file that shrank is written again, and how large it may be for that.</summary>
    private const int MostRepetitions = 2;
    private const long LargestRepeated = 1L << 30;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly TarEntry _entry = new();
    private bool _isBroken;

    /// <summary>The record of the file that was written last.</summary>
    internal TarManifestRecord Record { get; private set; }

    /// <summary>Whether the file that was written last changed while it was read.</summary>
    internal bool HasChanged { get; private set; }

    /// <summary>Why its attributes could not be read, or why it is broken; <see langword="null"/> where all went well.</summary>
    internal FileSystemException? Error { get; private set; }

    /// <summary>Writes a file of a directory.</summary>
    /// <exception cref="FileSystemException">The file cannot be opened; nothing was written.</exception>
    internal async ValueTask<LargeFileOutcome> WriteAsync(DirectoryPlan plan, int index, CancellationToken cancellationToken)
    {
        using SourceFile file = plan.Source!.OpenFile(plan.Name(index));
        file.AdviseSequential();
        _entry.Path = MemberName.Of(plan.Path, plan.Name(index));
        FileStatus status = file.Status;
        for (int repetition = 0; ; repetition++)
        {
            Begin(file, status, plan.ReadAt);
            bool isWhole = await WriteContentAsync(file, cancellationToken).ConfigureAwait(false);
            FileStatus after = file.StatAgain();
            Sha256Digest digest = default;
            _hash.GetHashAndReset(digest);
            HasChanged = ChangeRule.HasChanged(status, after);
            Record = Record with { Digest = digest, Flags = Record.Flags | (HasChanged ? TarManifestFlags.Racy : TarManifestFlags.None) };
            if (isWhole)
            {
                return LargeFileOutcome.Stored;
            }

            if (_isBroken)
            {
                return LargeFileOutcome.Broken;
            }

            if (repetition == MostRepetitions || after.Size > LargestRepeated)
            {
                return LargeFileOutcome.Inconsistent;
            }

            status = after;
        }
    }

    public void Dispose() => _hash.Dispose();

    private void Begin(SourceFile file, in FileStatus status, UnixTime readAt)
    {
        TarManifestRecord record = records.Make(status, readAt);
        (Error, _isBroken) = (null, false);
        try
        {
            record.Attributes = file.ReadAttributes();
        }
        catch (FileSystemException error)
        {
            Error = error;
        }

        if (FileExtents.Find(file, status) is { } extents)
        {
            record.Flags |= TarManifestFlags.Sparse;
            record.Extents = extents;
        }

        record.Content = new ContentLocation(context.BackupId, archive.Position);
        records.Fill(_entry, record);
        archive.WriteHeader(_entry);
        Record = record;
    }

    private async ValueTask<bool> WriteContentAsync(SourceFile file, CancellationToken cancellationToken)
    {
        long stored = _entry.StoredSize;
        bool isWhole = true;
        if (_entry.Extents is not { } extents)
        {
            isWhole = await WriteExtentAsync(file, new SparseExtent(0, stored), isWhole, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            for (int i = 0; i < extents.Count; i++)
            {
                isWhole = await WriteExtentAsync(file, extents[i], isWhole, cancellationToken).ConfigureAwait(false);
            }
        }

        archive.WritePadding(stored);
        return isWhole;
    }

    /// <summary>Writes an extent, with zeros from where the file ends or cannot be read.</summary>
    private async ValueTask<bool> WriteExtentAsync(SourceFile file, SparseExtent extent, bool isWhole, CancellationToken cancellationToken)
    {
        for (long offset = extent.Offset; offset < extent.End;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Memory<byte> chunk = archive.GetMemory((int)Math.Min(ChunkLength, extent.End - offset));
            chunk = chunk[..(int)Math.Min(chunk.Length, extent.End - offset)];
            int length = isWhole ? Read(file, chunk.Span, offset) : 0;
            if (length == 0)
            {
                isWhole = false;
                length = chunk.Length;
                chunk.Span.Clear();
            }

            _hash.AppendData(chunk.Span[..length]);
            archive.Advance(length);
            offset += length;
            context.ReportProgress(isWhole ? length : 0, 0);
            await archive.FlushIfDueAsync(cancellationToken).ConfigureAwait(false);
        }

        return isWhole;
    }

    private int Read(SourceFile file, Span<byte> chunk, long offset)
    {
        try
        {
            return file.ReadAt(chunk, offset);
        }
        catch (FileSystemException error)
        {
            // The header promises so many bytes: zeros follow, and nobody is told that they are the file.
            (Error, _isBroken) = (error, true);
            return 0;
        }
    }
}
