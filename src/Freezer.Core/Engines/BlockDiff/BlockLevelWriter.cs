using System.IO.Pipelines;
using Freezer.Formats.RbdDiff;

namespace Freezer.Engines.BlockDiff;

/// <summary>Writes one level: compares the pieces of the source with the parent's blocks, in order, and writes what differs to
/// the archive and what is there now to the manifest.</summary>
internal sealed class BlockLevelWriter
{
    private const int ManifestFlush = 64 << 10;

    private readonly BackupContext _context;
    private readonly BlockGeometry _geometry;
    private readonly ParentBlocks _parent;
    private readonly PipeWriter _archivePipe;
    private readonly RbdDiffWriter _archive;
    private readonly BlockManifestWriter _manifest;

    // A range that became zero, which may go on, and blocks of the current piece that changed.
    private VolumeExtent _zeros;
    private int _changedBegin;
    private int _changedEnd;
    private long _bytesToRead;

    internal BlockLevelWriter(BackupContext context, BlockGeometry geometry, ParentBlocks parent, PipeWriter archive)
    {
        _context = context;
        _geometry = geometry;
        _parent = parent;
        _archivePipe = archive;
        _archive = new RbdDiffWriter(archive);
        _manifest = new BlockManifestWriter(context.Manifest, new BlockManifestHeader(geometry, SnapshotName.Of(context.BackupId)));
        _bytesToRead = geometry.VolumeLength;
    }

    /// <summary>Writes the whole level. Returns early where the reader of one of the streams has gone away.</summary>
    internal async Task WriteAsync(VolumeScan scan, CancellationToken cancellationToken)
    {
        string? parentName = _context.Parent is { } parent ? SnapshotName.Of(parent.Id) : null;
        _archive.WriteHeader(new RbdDiffHeader(parentName, SnapshotName.Of(_context.BackupId), _geometry.VolumeLength));
        _manifest.WriteHeader();
        _context.ReportTotal(_bytesToRead);

        while (await scan.ReadAsync(cancellationToken).ConfigureAwait(false) is { } piece)
        {
            long position = _archive.Position;
            await WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            Report(piece);
            scan.Return(piece);
            if (!await FlushAsync(_archive.Position > position, ManifestFlush, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        await _parent.EndAsync(cancellationToken).ConfigureAwait(false);
        EndZeros();
        _archive.WriteEnd();
        _manifest.WriteEnd();
        await FlushAsync(archive: true, manifestLimit: 0, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteAsync(VolumePiece piece, CancellationToken cancellationToken)
    {
        for (long done = 0; done < piece.Count;)
        {
            long count = Math.Min(piece.Count - done, await _parent.PeekAsync(cancellationToken).ConfigureAwait(false));
            switch (piece.Kind)
            {
                case VolumePieceKind.Unchanged:
                    Keep(count);
                    break;

                case VolumePieceKind.Hole:
                    EnsureExpected(piece, piece.First + done, isSame: _parent.IsZero);
                    Zero(piece.First + done, count);
                    break;

                default:
                    Compare(piece, (int)done, (int)count);
                    break;
            }

            _parent.Advance(count);
            done += count;
        }

        EndChanged(piece);
    }

    private void Compare(VolumePiece piece, int begin, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int index = begin + i;
            bool isZero = piece.IsZero(index);
            bool isSame = isZero == _parent.IsZero && (isZero || piece.DigestOf(index).Equals(_parent.DigestOf(i)));
            EnsureExpected(piece, piece.First + index, isSame);
            if (!isSame && !isZero)
            {
                _changedBegin = _changedEnd == 0 ? index : _changedBegin;
                _changedEnd = index + 1;
                continue;
            }

            EndChanged(piece);
            if (isZero)
            {
                Zero(piece.First + index, 1);
            }
            else
            {
                _manifest.Add(_parent.BackupId, _parent.ArchiveOffsetOf(i, _geometry.BlockSize), _parent.DigestOf(i));
            }
        }
    }

    /// <summary>Blocks that are as they were in the parent.</summary>
    private void Keep(long count)
    {
        if (_parent.IsZero)
        {
            _manifest.AddZeros(count);
            return;
        }

        for (long i = 0; i < count; i++)
        {
            _manifest.Add(_parent.BackupId, _parent.ArchiveOffsetOf(i, _geometry.BlockSize), _parent.DigestOf(i));
        }
    }

    /// <summary>Blocks that are zero now; the archive says so only where the parent had data.</summary>
    private void Zero(long first, long count)
    {
        _manifest.AddZeros(count);
        if (_parent.IsZero)
        {
            return;
        }

        var zeros = new VolumeExtent(_geometry.OffsetOf(first), _geometry.LengthOf(first, count));
        if (_zeros.Length > 0 && _zeros.End == zeros.Offset)
        {
            _zeros = _zeros with { Length = _zeros.Length + zeros.Length };
            return;
        }

        EndZeros();
        _zeros = zeros;
    }

    private void EndZeros()
    {
        if (_zeros.Length > 0)
        {
            _archive.WriteZero(_zeros.Offset, _zeros.Length);
            _zeros = default;
        }
    }

    /// <summary>Writes the changed blocks that were found so far as one run.</summary>
    private void EndChanged(VolumePiece piece)
    {
        if (_changedEnd == 0)
        {
            return;
        }

        EndZeros();
        long first = piece.First + _changedBegin;
        int length = (int)_geometry.LengthOf(first, _changedEnd - _changedBegin);
        _archive.WriteDataHeader(_geometry.OffsetOf(first), length);
        for (int index = _changedBegin; index < _changedEnd; index++)
        {
            _manifest.Add(_context.BackupId, _archive.Position + ((long)(index - _changedBegin) * _geometry.BlockSize), piece.DigestOf(index));
        }

        _archive.WriteContent(piece.Content.Span.Slice(_changedBegin * _geometry.BlockSize, length));
        _changedEnd = 0;
    }

    /// <summary>A block that changed although the source says that it did not: its word cannot be trusted for the others either.</summary>
    private void EnsureExpected(VolumePiece piece, long block, bool isSame)
    {
        if (!isSame && !piece.MayHaveChanged)
        {
            throw new BackupException(
                $"Block {block} of {_context.Resource} (at byte {_geometry.OffsetOf(block)}) has changed since {_context.Parent}, but the volume does not count it among its changes. Its answer is wrong; take the backup without it.");
        }
    }

    private void Report(VolumePiece piece)
    {
        long length = _geometry.LengthOf(piece.First, piece.Count);
        if (piece.Kind == VolumePieceKind.Data)
        {
            _context.ReportProgress(length, piece.Count);
            return;
        }

        // What is not read does not count; the total comes down instead.
        _bytesToRead -= length;
        _context.ReportTotal(_bytesToRead);
        _context.ReportProgress(0, piece.Count);
    }

    private async ValueTask<bool> FlushAsync(bool archive, int manifestLimit, CancellationToken cancellationToken)
    {
        bool isGone = false;
        if (archive)
        {
            FlushResult result = await _archivePipe.FlushAsync(cancellationToken).ConfigureAwait(false);
            isGone = result.IsCompleted;
        }

        if (!isGone && _manifest.Unflushed > manifestLimit)
        {
            _manifest.Unflushed = 0;
            FlushResult result = await _context.Manifest.FlushAsync(cancellationToken).ConfigureAwait(false);
            isGone = result.IsCompleted;
        }

        return !isGone;
    }
}
