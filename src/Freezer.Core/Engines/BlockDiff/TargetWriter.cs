using System.Buffers;
using System.Threading.Channels;

namespace Freezer.Engines.BlockDiff;

/// <summary>Verifies and writes content on several cores while the caller reads more. The order of writes is not kept: ranges must not overlap.</summary>
internal sealed class TargetWriter : IAsyncDisposable
{
    private const int LeastPiece = 1 << 20;
    private const int MemoryBudget = 48 << 20;

    private readonly RestoreContext _context;
    private readonly VolumeTarget _target;
    private readonly TargetPiece[] _pieces;
    private readonly int _blockSize;
    private readonly Channel<TargetPiece> _free;
    private readonly Channel<TargetPiece> _work;
    private readonly CancellationTokenSource _stop;
    private readonly Task _running;

    internal TargetWriter(RestoreContext context, VolumeTarget target, int blockSize, int parallelism, MemoryPool<byte> pool, CancellationToken cancellationToken)
    {
        _context = context;
        _target = target;
        _blockSize = blockSize;
        PieceSize = Math.Max(LeastPiece, blockSize);
        _pieces = new TargetPiece[Math.Min((2 * parallelism) + 2, MemoryBudget / PieceSize)];
        _free = Channel.CreateBounded<TargetPiece>(_pieces.Length);
        _work = Channel.CreateBounded<TargetPiece>(_pieces.Length);
        for (int i = 0; i < _pieces.Length; i++)
        {
            _pieces[i] = new TargetPiece(PieceSize, blockSize, pool);
            _free.Writer.TryWrite(_pieces[i]);
        }

        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CancellationToken stop = _stop.Token;
        var workers = new Task[parallelism];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = Task.Run(() => WorkAsync(stop), CancellationToken.None);
        }

        _running = Task.WhenAll(workers);
    }

    /// <summary>How many bytes a piece holds: a number of whole blocks.</summary>
    internal int PieceSize { get; }

    /// <summary>Waits for a piece that the caller may fill. Fails as the first write did that failed. Safe from any thread.</summary>
    internal async ValueTask<TargetPiece> RentAsync(CancellationToken cancellationToken)
    {
        while (await _free.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_free.Reader.TryRead(out TargetPiece? piece))
            {
                return piece;
            }
        }

        throw new InvalidOperationException("Pieces are not taken once the writer has ended.");
    }

    /// <summary>Compares the blocks of a piece with their digests, as is done before it is written.</summary>
    /// <exception cref="BackupDamagedException">One is not what the manifest says.</exception>
    internal void Verify(TargetPiece piece)
    {
        if (piece.FindDamage() is >= 0 and int damage)
        {
            throw new BackupDamagedException($"{_context.Target}: the block at byte {piece.Offset + damage} is not what the manifest says.");
        }
    }

    /// <summary>Hands a filled piece over.</summary>
    internal void Write(TargetPiece piece) => _work.Writer.TryWrite(piece);

    /// <summary>Gives a piece back that nothing is written of.</summary>
    internal void Return(TargetPiece piece) => _free.Writer.TryWrite(piece);

    /// <summary>Waits until everything is written. Fails as the first write did that failed.</summary>
    internal async Task CompleteAsync()
    {
        _work.Writer.TryComplete();
        await _running.ConfigureAwait(false);
        _free.Writer.TryComplete();

        // What is left in the channel does not matter; whether it ended with a failure does.
        while (_free.Reader.TryRead(out _))
        {
        }

        await _free.Reader.Completion.ConfigureAwait(false);
    }

    /// <summary>Stops what is still running, waits for it, and gives the memory back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _work.Writer.TryComplete();
        await _running.ConfigureAwait(false);
        foreach (TargetPiece piece in _pieces)
        {
            piece.Dispose();
        }

        _stop.Dispose();
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _work.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (_work.Reader.TryRead(out TargetPiece? piece))
                {
                    await WriteAsync(piece, cancellationToken).ConfigureAwait(false);
                    _free.Writer.TryWrite(piece);
                }
            }
        }
        catch (Exception e)
        {
            // Whoever waits for a piece hears of it; the other workers may end what they have.
            _free.Writer.TryComplete(e);
        }
    }

    private async ValueTask WriteAsync(TargetPiece piece, CancellationToken cancellationToken)
    {
        Verify(piece);
        await _target.WriteAsync(piece.Content, piece.Offset, cancellationToken).ConfigureAwait(false);
        _context.ReportProgress(piece.Content.Length, (piece.Content.Length + _blockSize - 1) / _blockSize);
    }
}
