using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>Moves content no faster than it may.</summary>
internal sealed class BandwidthStorage(IStorage inner, ByteAllowance? writing, ByteAllowance? reading) : DelegatingStorage(inner)
{
    public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Inner.WriteAsync(key, writing is null ? content : new SlowReader(content, writing), options, cancellationToken);
    }

    public override Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return Inner.ReadAsync(key, reading is null ? destination : new SlowWriter(destination, reading), options, cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        foreach (ByteAllowance? allowance in (ByteAllowance?[])[writing, reading])
        {
            if (allowance is not null)
            {
                await allowance.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Shows the content in small pieces. What was taken of them is paid for before the next one.</summary>
    private sealed class SlowReader(PipeReader inner, ByteAllowance allowance) : DelegatingPipeReader(inner)
    {
        private ReadOnlySequence<byte> _shown;
        private long _owed;
        private long _window = allowance.PieceSize;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            await allowance.TakeAsync(_owed, cancellationToken).ConfigureAwait(false);
            _owed = 0;
            return Show(await base.ReadAsync(cancellationToken).ConfigureAwait(false));
        }

        public override bool TryRead(out ReadResult result)
        {
            // It cannot wait, so that whoever owes has to ask again the other way.
            if (_owed > 0 || !base.TryRead(out result))
            {
                result = default;
                return false;
            }

            result = Show(result);
            return true;
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            long taken = _shown.IsEmpty ? 0 : _shown.Slice(0, consumed).Length;
            _owed += taken;
            // Whoever takes nothing of a piece waits for a longer one.
            _window = taken > 0 ? allowance.PieceSize : Math.Max(_window, 2 * _shown.Length);
            _shown = default;
            base.AdvanceTo(consumed, examined);
        }

        private ReadResult Show(in ReadResult read)
        {
            bool isAll = read.Buffer.Length <= _window;
            _shown = isAll ? read.Buffer : read.Buffer.Slice(0, _window);
            return new ReadResult(_shown, read.IsCanceled, isAll && read.IsCompleted);
        }
    }

    /// <summary>Pays for what was written before it is flushed.</summary>
    private sealed class SlowWriter(PipeWriter inner, ByteAllowance allowance) : DelegatingPipeWriter(inner)
    {
        private long _owed;

        public override void Advance(int bytes)
        {
            base.Advance(bytes);
            _owed += bytes;
        }

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            await allowance.TakeAsync(_owed, cancellationToken).ConfigureAwait(false);
            _owed = 0;
            return await base.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
