using System.IO.Pipelines;

namespace Freezer.Storage.S3;

/// <summary>The bytes of one part, in chunks of a <see cref="PartMemory"/>. Whoever made it disposes it, which gives the chunks back.</summary>
internal sealed class PartBuffer(PartMemory memory) : IReadSink, IDisposable
{
    /// <summary>How much is handed on at once: a reader need not be woken for each chunk.</summary>
    private const int FlushSize = 4 * PartMemory.ChunkSize;

    private readonly List<byte[]> _chunks = [];

    /// <summary>How many bytes it holds.</summary>
    internal long Length { get; private set; }

    private long Capacity => (long)_chunks.Count * PartMemory.ChunkSize;

    /// <summary>Takes chunks for a length, all of them or none.</summary>
    internal bool TryReserve(long length)
    {
        while (Capacity < length)
        {
            if (!TryAddChunk(mayExceed: false))
            {
                Dispose();
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes one more chunk where the last one is full.</summary>
    internal bool TryGrow(bool mayExceed) => Length < Capacity || TryAddChunk(mayExceed);

    /// <summary>Copies as much as there is room for, and no more than would fill it to a length.</summary>
    /// <returns>How many bytes were taken.</returns>
    internal int Append(ReadOnlySpan<byte> bytes, long mostLength)
    {
        Span<byte> room = GetMemory().Span;
        int count = (int)Math.Min(Math.Min(bytes.Length, room.Length), mostLength - Length);
        bytes[..count].CopyTo(room);
        Length += count;
        return count;
    }

    /// <summary>The bytes from an offset on, as far as they lie together.</summary>
    internal ReadOnlyMemory<byte> PieceAt(long offset)
    {
        (int chunk, int start) = ((int)(offset / PartMemory.ChunkSize), (int)(offset % PartMemory.ChunkSize));
        return offset >= Length ? default : _chunks[chunk].AsMemory(start, (int)Math.Min(PartMemory.ChunkSize - start, Length - offset));
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory()
    {
        (int chunk, int start) = ((int)(Length / PartMemory.ChunkSize), (int)(Length % PartMemory.ChunkSize));
        return chunk < _chunks.Count ? _chunks[chunk].AsMemory(start) : default;
    }

    /// <inheritdoc/>
    public ValueTask<bool> AdvanceAsync(int count, CancellationToken cancellationToken)
    {
        Length += count;
        return ValueTask.FromResult(true);
    }

    /// <summary>Writes all bytes into a pipe.</summary>
    /// <returns>False where nobody wants the rest.</returns>
    internal async ValueTask<bool> CopyToAsync(PipeWriter destination, CancellationToken cancellationToken)
    {
        for (long offset = 0; offset < Length;)
        {
            for (long end = Math.Min(offset + FlushSize, Length); offset < end;)
            {
                ReadOnlyMemory<byte> piece = PieceAt(offset);
                Memory<byte> room = destination.GetMemory(piece.Length);
                int count = Math.Min(piece.Length, room.Length);
                piece[..count].CopyTo(room);
                destination.Advance(count);
                offset += count;
            }

            if (PipeSink.IsUnwanted(await destination.FlushAsync(cancellationToken).ConfigureAwait(false)))
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        memory.Return(_chunks);
        _chunks.Clear();
        Length = 0;
    }

    private bool TryAddChunk(bool mayExceed)
    {
        if (memory.TryRent(mayExceed) is not { } chunk)
        {
            return false;
        }

        _chunks.Add(chunk);
        return true;
    }
}
