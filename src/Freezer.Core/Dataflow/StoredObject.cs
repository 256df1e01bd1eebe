using System.Buffers;
using System.IO.Pipelines;
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
    /// <summary>What a copy of the whole object asks for at once: a request to a far storage is worth some mebibytes.</summary>
    private const int CopySize = 8 * StoredStreamOptions.LeafSize;

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
            using FrameBuffer header = await storage.ReadRangeAsync(
                key, 0, (int)Math.Min(_parameters.HeaderSize, storedLength), cancellationToken).ConfigureAwait(false);
            seal = Keep(open(header.WrittenSpan));
        }

        return new ObjectSeal(seal, storedLength);
    }

    /// <summary>Reads a range into pooled memory, which the caller disposes.</summary>
    /// <exception cref="InvalidDataException">It cannot be decrypted, or the object ends before.</exception>
    internal Task<FrameBuffer> ReadRangeAsync(long offset, int length, CancellationToken cancellationToken) =>
        offset < 0 || length < 0 || offset > Length - length
            ? throw new InvalidDataException($"{key} has {Length} bytes, and {length} are asked for at byte {offset}.")
            : open is null || length == 0 ? storage.ReadRangeAsync(key, offset, length, cancellationToken)
            : ReadSegmentsAsync(offset, length, cancellationToken);

    /// <summary>Reads a range.</summary>
    /// <exception cref="InvalidDataException">It cannot be decrypted, or the object ends before.</exception>
    internal async Task<byte[]> ReadBytesAsync(long offset, int length, CancellationToken cancellationToken)
    {
        using FrameBuffer range = await ReadRangeAsync(offset, length, cancellationToken).ConfigureAwait(false);
        return range.WrittenSpan.ToArray();
    }

    /// <summary>Reads all of it.</summary>
    /// <exception cref="InvalidDataException">It cannot be decrypted, or ends before.</exception>
    internal async Task CopyToAsync(PipeWriter destination, CancellationToken cancellationToken)
    {
        long length = Length;
        for (long offset = 0; offset < length;)
        {
            using FrameBuffer range = await ReadRangeAsync(offset, (int)Math.Min(CopySize, length - offset), cancellationToken).ConfigureAwait(false);
            for (int position = 0; position < range.Length; position += StoredStreamOptions.LeafSize)
            {
                destination.Write(range.WrittenSpan.Slice(position, Math.Min(StoredStreamOptions.LeafSize, range.Length - position)));
                await destination.FlushOrThrowAsync(cancellationToken).ConfigureAwait(false);
            }

            offset += range.Length;
        }
    }

    /// <summary>Reads and verifies, from the first copy of the object that is sound.</summary>
    /// <exception cref="InvalidDataException">All copies are damaged; it is what was said of the first one.</exception>
    internal Task<T> ReadSoundAsync<T>(Func<StoredObject, Task<T>> read) =>
        storage.ReadSoundAsync(copy => UseAsync(copy, read));

    /// <summary>Uses the object as one copy of the storage has it, header and all.</summary>
    internal async Task<T> UseAsync<T>(IStorage copy, Func<StoredObject, Task<T>> use)
    {
        if (ReferenceEquals(copy, storage))
        {
            return await use(this).ConfigureAwait(false);
        }

        using var other = new StoredObject(copy, key, storedLength, open);
        return await use(other).ConfigureAwait(false);
    }

    public void Dispose() => _seal?.Dispose();

    private async Task<FrameBuffer> ReadSegmentsAsync(long offset, int length, CancellationToken cancellationToken)
    {
        long first = _parameters.SegmentAt(offset);
        long last = _parameters.SegmentAt(offset + length - 1);
        long begin = first * _parameters.SegmentSize;
        int storedCount = checked((int)(Math.Min((last + 1) * _parameters.SegmentSize, storedLength) - begin));
        using FrameBuffer stored = await storage.ReadRangeAsync(key, begin, storedCount, cancellationToken).ConfigureAwait(false);
        AeadStream seal = Volatile.Read(ref _seal)
            // The first segments bring the header with them.
            ?? (first == 0 ? Keep(open!(stored.WrittenSpan)) : (await GetSealAsync(cancellationToken).ConfigureAwait(false))!.Stream);
        using SegmentCipher cipher = seal.CreateCipher();
        byte[] content = ArrayPool<byte>.Shared.Rent(_parameters.SegmentContent);
        var range = new FrameBuffer(ArrayPool<byte>.Shared, length);
        try
        {
            for (long segment = first; segment <= last; segment++)
            {
                int from = (int)(_parameters.StoredOffsetOf(segment) - begin);
                int to = (int)Math.Min(((segment + 1) * _parameters.SegmentSize) - begin, storedCount);
                cipher.Open(segment, isLast: begin + to == storedLength, stored.WrittenSpan[from..to], content);
                ReadOnlySpan<byte> wanted = content.AsSpan(0, to - from - AeadParameters.TagSize)[(int)Math.Max(0, offset - _parameters.ContentOffsetOf(segment))..];
                range.Write(wanted[..Math.Min(wanted.Length, length - range.Length)]);
            }

            return range;
        }
        catch
        {
            range.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
        }
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
