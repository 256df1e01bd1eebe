using System.Buffers;
using System.Threading.Channels;

namespace Freezer.Engines.BlockDiff;

/// <summary>How a scan of a volume goes about its work.</summary>
internal sealed record VolumeScanOptions
{
    internal required int Parallelism { get; init; }

    internal required MemoryPool<byte> Pool { get; init; }

    /// <summary>What may have changed since the parent, or <see langword="null"/> where the source cannot tell or there is no parent.</summary>
    internal IAsyncEnumerable<VolumeExtent>? Changes { get; init; }

    /// <summary>Whether what has not changed is read all the same.</summary>
    internal bool ReadUnchanged { get; init; }
}

/// <summary>Reads and hashes a volume on several cores, and hands out its pieces in order.</summary>
/// <remarks>
/// One task plans the pieces (holes and unchanged ranges as they are, data in pieces of 1 MiB), workers read and hash them, and the
/// caller takes them in order. A fixed number of pieces goes round; that bounds memory and the reading ahead.
/// </remarks>
internal sealed class VolumeScan : IAsyncDisposable
{
    private const int PieceSize = 1 << 20;
    private const int MemoryBudget = 48 << 20;

    // A read of this length is still in the core's cache when it is hashed.
    private const int ReadSize = 256 << 10;

    private readonly VolumeSource _source;
    private readonly BlockGeometry _geometry;
    private readonly VolumeScanOptions _options;
    private readonly VolumePiece[] _pieces;
    private readonly int _pieceBlocks;
    private readonly Channel<VolumePiece> _free;
    private readonly Channel<VolumePiece> _work;
    private readonly Channel<VolumePiece> _ordered;
    private readonly CancellationTokenSource _stop;
    private readonly Task _running;

    internal VolumeScan(VolumeSource source, BlockGeometry geometry, VolumeScanOptions options, CancellationToken cancellationToken)
    {
        _source = source;
        _geometry = geometry;
        _options = options;
        _pieceBlocks = Math.Max(1, PieceSize / geometry.BlockSize);
        int pieceSize = _pieceBlocks * geometry.BlockSize;
        _pieces = new VolumePiece[Math.Min((2 * options.Parallelism) + 2, MemoryBudget / pieceSize)];
        _free = Channel.CreateBounded<VolumePiece>(_pieces.Length);
        _work = Channel.CreateBounded<VolumePiece>(_pieces.Length);
        _ordered = Channel.CreateBounded<VolumePiece>(_pieces.Length);
        for (int i = 0; i < _pieces.Length; i++)
        {
            _pieces[i] = new VolumePiece(_pieceBlocks, geometry.BlockSize, options.Pool);
            _free.Writer.TryWrite(_pieces[i]);
        }

        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken stop = _stop.Token;
        var tasks = new Task[options.Parallelism + 1];
        tasks[0] = Task.Run(() => PlanAsync(stop), CancellationToken.None);
        for (int i = 1; i < tasks.Length; i++)
        {
            tasks[i] = Task.Run(() => HashAsync(stop), CancellationToken.None);
        }

        _running = Task.WhenAll(tasks);
    }

    /// <summary>Waits for the next piece. Give it back with <see cref="Return"/>.</summary>
    /// <returns>The piece, or <see langword="null"/> behind the last one.</returns>
    internal async ValueTask<VolumePiece?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await _ordered.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false) || !_ordered.Reader.TryRead(out VolumePiece? piece))
        {
            return null;
        }

        await piece.Ready.ConfigureAwait(false);
        return piece;
    }

    /// <summary>Gives a piece back, whose content is then used for another one.</summary>
    internal void Return(VolumePiece piece) => _free.Writer.TryWrite(piece);

    /// <summary>Stops what is still running, waits for it, and gives the memory back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        foreach (VolumePiece piece in _pieces)
        {
            piece.Dispose();
        }

        _stop.Dispose();
    }

    /// <summary>Plans the whole volume. A failure is what the caller's next read fails with.</summary>
    private async Task PlanAsync(CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            if (_options.Changes is null)
            {
                await PlanDataAsync(0, _geometry.BlockCount, mayHaveChanged: true, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await PlanChangesAsync(_options.Changes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        _work.Writer.Complete();
        _ordered.Writer.Complete(failure);
    }

    private async ValueTask PlanChangesAsync(IAsyncEnumerable<VolumeExtent> changes, CancellationToken cancellationToken)
    {
        long planned = 0;
        long lastEnd = 0;
        await foreach (VolumeExtent change in changes.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (change.Length < 0 || change.Offset < lastEnd || change.End < change.Offset)
            {
                throw new BackupException($"The volume tells of a change of {change.Length} bytes at {change.Offset} behind one that ends at {lastEnd}; changes must ascend.");
            }

            lastEnd = change.End;
            (long first, long end) = _geometry.BlocksOf(change);
            first = Math.Max(first, planned);
            if (change.Length > 0 && first < end)
            {
                await PlanUnchangedAsync(planned, first, cancellationToken).ConfigureAwait(false);
                await PlanDataAsync(first, end, mayHaveChanged: true, cancellationToken).ConfigureAwait(false);
                planned = end;
            }
        }

        await PlanUnchangedAsync(planned, _geometry.BlockCount, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask PlanUnchangedAsync(long first, long end, CancellationToken cancellationToken) =>
        _options.ReadUnchanged
            ? PlanDataAsync(first, end, mayHaveChanged: false, cancellationToken)
            : PlanPieceAsync(VolumePieceKind.Unchanged, first, end, mayHaveChanged: false, cancellationToken);

    /// <summary>Plans blocks that are read, except for holes between them.</summary>
    private async ValueTask PlanDataAsync(long first, long end, bool mayHaveChanged, CancellationToken cancellationToken)
    {
        while (first < end)
        {
            long offset = _geometry.OffsetOf(first);
            VolumeExtent? data = await _source.FindDataAsync(offset, cancellationToken).ConfigureAwait(false);
            if (data is { } found && (found.End <= offset || found.Offset < 0))
            {
                throw new BackupException($"The volume tells of {found.Length} bytes of data at {found.Offset}, asked for what is at {offset} or behind it.");
            }

            (long dataFirst, long dataEnd) = data is null ? (end, end) : _geometry.BlocksOf(data.Value);
            dataFirst = Math.Clamp(dataFirst, first, end);
            dataEnd = Math.Clamp(dataEnd, dataFirst, end);
            await PlanPieceAsync(VolumePieceKind.Hole, first, dataFirst, mayHaveChanged, cancellationToken).ConfigureAwait(false);
            for (first = dataFirst; first < dataEnd;)
            {
                // Pieces end where they would if all were data, so that runs in the archive do not depend on the holes before.
                long pieceEnd = Math.Min(dataEnd, first - (first % _pieceBlocks) + _pieceBlocks);
                await PlanPieceAsync(VolumePieceKind.Data, first, pieceEnd, mayHaveChanged, cancellationToken).ConfigureAwait(false);
                first = pieceEnd;
            }
        }
    }

    private async ValueTask PlanPieceAsync(VolumePieceKind kind, long first, long end, bool mayHaveChanged, CancellationToken cancellationToken)
    {
        if (first == end)
        {
            return;
        }

        VolumePiece piece = await _free.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        piece.Begin(kind, first, end - first, mayHaveChanged, _geometry);
        if (kind == VolumePieceKind.Data)
        {
            _work.Writer.TryWrite(piece);
        }
        else
        {
            piece.SetReady();
        }

        _ordered.Writer.TryWrite(piece);
    }

    /// <summary>Reads and hashes piece after piece. A failure belongs to its piece: the caller meets it there, in order.</summary>
    private async Task HashAsync(CancellationToken cancellationToken)
    {
        while (await _work.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (!_work.Reader.TryRead(out VolumePiece? piece))
            {
                continue;
            }

            try
            {
                await HashAsync(piece, cancellationToken).ConfigureAwait(false);
                piece.SetReady();
            }
            catch (Exception e)
            {
                piece.SetFailed(e);
            }
        }
    }

    private async ValueTask HashAsync(VolumePiece piece, CancellationToken cancellationToken)
    {
        int step = Math.Max(ReadSize, _geometry.BlockSize);
        for (int begin = 0; begin < piece.Content.Length; begin += step)
        {
            int end = Math.Min(begin + step, piece.Content.Length);
            await FillAsync(piece.Content[begin..end], _geometry.OffsetOf(piece.First) + begin, cancellationToken).ConfigureAwait(false);
            piece.Hash(begin, end);
        }
    }

    private async ValueTask FillAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = await ReadSourceAsync(buffer, offset, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new BackupException($"The volume ends at byte {offset}; it had {_geometry.VolumeLength} bytes when the backup began.");
            }

            buffer = buffer[read..];
            offset += read;
        }
    }

    private async ValueTask<int> ReadSourceAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        try
        {
            int read = await _source.ReadAsync(buffer, offset, cancellationToken).ConfigureAwait(false);
            return read >= 0 && read <= buffer.Length
                ? read
                : throw new BackupException($"The volume says that it read {read} bytes at {offset}, where there was room for {buffer.Length}.");
        }
        catch (IOException e) when (e is not BackupException)
        {
            throw new BackupException($"The volume cannot be read at byte {offset}: {e.Message}", e);
        }
    }
}
