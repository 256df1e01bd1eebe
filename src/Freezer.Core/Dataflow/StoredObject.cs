using System.Buffers;
using Freezer.Formats.StreamingAead;
using Freezer.Storage;

namespace Freezer.Dataflow;

/// <summary>Opens the encrypted stream of one object by its header.</summary>
internal delegate AeadStream OpenSeal(ReadOnlySpan<byte> header);

/// <summary>An object that is read by ranges, which count without encryption. Safe from any thread.</summary>
/// <param name="storage">Where it is.</param>
/// <param name="key">Its key.</param>
/// <param name="storedLength">How long it is in the storage, by its commit.</param>
/// <param name="open">How it is decrypted, or <see langword="null"/> where it is not encrypted.</param>
internal sealed class StoredObject(IStorage storage, StorageKey key, long storedLength, OpenSeal? open) : IDisposable
{
    private static readonly AeadParameters _parameters = AeadParameters.Default;

    private AeadStream? _seal;

    internal StorageKey Key => key;

    /// <summary>How long it is without encryption.</summary>
    /// <exception cref="InvalidDataException">No encrypted object has its length.</exception>
    internal long Length => open is null ? storedLength : _parameters.ContentLengthOf(storedLength);

    /// <summary>Where in the storage the leaf begins that holds a byte.</summary>
    internal long LeafOffsetOf(long offset) =>
        (open is null ? offset / StoredStreamOptions.LeafSize : _parameters.SegmentAt(offset)) * StoredStreamOptions.LeafSize;

    /// <summary>How many bytes of the leaf that holds a byte come before it.</summary>
    internal int SkipInLeaf(long offset) =>
        (int)(open is null ? offset % StoredStreamOptions.LeafSize : offset - _parameters.ContentOffsetOf(_parameters.SegmentAt(offset)));

    /// <summary>Reads the header, where the object is encrypted.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    internal async ValueTask<ObjectSeal?> GetSealAsync(CancellationToken cancellationToken)
    {
        if (open is null)
        {
            return null;
        }

        if (Volatile.Read(ref _seal) is not { } seal)
        {
            byte[] header = new byte[(int)Math.Min(_parameters.HeaderSize, storedLength)];
            await storage.ReadIntoAsync(key, 0, header, cancellationToken).ConfigureAwait(false);
            seal = Keep(open(header));
        }

        return new ObjectSeal(seal, storedLength);
    }

    /// <summary>Fills a buffer with a range.</summary>
    /// <exception cref="InvalidDataException">It cannot be decrypted, or the object ends before.</exception>
    internal async Task ReadIntoAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (offset < 0 || offset > Length - buffer.Length)
        {
            throw new InvalidDataException($"{key} has {Length} bytes, and {buffer.Length} are asked for at byte {offset}.");
        }

        if (open is null)
        {
            await storage.ReadIntoAsync(key, offset, buffer, cancellationToken).ConfigureAwait(false);
        }
        else if (!buffer.IsEmpty)
        {
            await ReadSegmentsAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _seal?.Dispose();

    private async Task ReadSegmentsAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        long first = _parameters.SegmentAt(offset);
        long last = _parameters.SegmentAt(offset + buffer.Length - 1);
        long begin = first * _parameters.SegmentSize;
        int length = checked((int)(Math.Min((last + 1) * _parameters.SegmentSize, storedLength) - begin));
        byte[] stored = ArrayPool<byte>.Shared.Rent(length);
        byte[] content = ArrayPool<byte>.Shared.Rent(_parameters.SegmentContent);
        try
        {
            await storage.ReadIntoAsync(key, begin, stored.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            AeadStream seal = Volatile.Read(ref _seal)
                // The first segments bring the header with them.
                ?? (first == 0 ? Keep(open!(stored.AsSpan(0, length))) : (await GetSealAsync(cancellationToken).ConfigureAwait(false))!.Value.Stream);
            using SegmentCipher cipher = seal.CreateCipher();
            for (long segment = first; segment <= last; segment++)
            {
                int from = (int)(_parameters.StoredOffsetOf(segment) - begin);
                int to = (int)Math.Min(((segment + 1) * _parameters.SegmentSize) - begin, length);
                cipher.Open(segment, isLast: begin + to == storedLength, stored.AsSpan(from..to), content);
                Copy(content.AsSpan(0, to - from - AeadParameters.TagSize), _parameters.ContentOffsetOf(segment) - offset, buffer.Span);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<byte>.Shared.Return(content);
        }
    }

    /// <summary>Copies what a segment has of the wanted range.</summary>
    /// <param name="content">The content of the segment.</param>
    /// <param name="position">Where it begins in the range; negative where it begins before.</param>
    /// <param name="range">The range.</param>
    private static void Copy(ReadOnlySpan<byte> content, long position, Span<byte> range)
    {
        ReadOnlySpan<byte> wanted = content[(int)Math.Max(0, -position)..];
        Span<byte> destination = range[(int)Math.Max(0, position)..];
        wanted[..Math.Min(wanted.Length, destination.Length)].CopyTo(destination);
    }

    /// <summary>Keeps the first of what two readers have opened at the same time.</summary>
    private AeadStream Keep(AeadStream opened)
    {
        if (Interlocked.CompareExchange(ref _seal, opened, null) is not { } first)
        {
            return opened;
        }

        opened.Dispose();
        return first;
    }
}
