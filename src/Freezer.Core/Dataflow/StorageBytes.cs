using System.Buffers;
using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Dataflow;

/// <summary>Small objects, and small parts of objects, as bytes.</summary>
internal static class StorageBytes
{
    /// <summary>Reads an object, or a range of it, into memory; more than <paramref name="limit"/> bytes is an error.</summary>
    internal static async Task<byte[]> ReadBytesAsync(
        this IStorage storage, StorageKey key, ReadOptions options, int limit, CancellationToken cancellationToken)
    {
        using FrameBuffer bytes = await storage.ReadBufferAsync(key, options, limit, cancellationToken).ConfigureAwait(false);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a range of an object into pooled memory, which the caller disposes.</summary>
    internal static async Task<FrameBuffer> ReadRangeAsync(
        this IStorage storage, StorageKey key, long offset, int length, CancellationToken cancellationToken)
    {
        FrameBuffer bytes = await storage.ReadBufferAsync(key, ReadOptions.Range(offset, length), length, cancellationToken).ConfigureAwait(false);
        if (bytes.Length != length)
        {
            int delivered = bytes.Length;
            bytes.Dispose();
            throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"The storage delivered {delivered} of {length} bytes and reported success.");
        }

        return bytes;
    }

    internal static async Task<StorageEntry> WriteBytesAsync(
        this IStorage storage, StorageKey key, ReadOnlyMemory<byte> bytes, WriteMode mode, CancellationToken cancellationToken)
    {
        StorageEntry entry = await storage.WriteAsync(
            key,
            PipeReader.Create(new ReadOnlySequence<byte>(bytes)),
            new WriteOptions { Mode = mode, LengthHint = bytes.Length },
            cancellationToken).ConfigureAwait(false);
        return entry.Length == bytes.Length ? entry
            : throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"{bytes.Length} bytes were written, and the storage holds {entry.Length}.");
    }

    /// <summary>The keys below a prefix, of which there are few.</summary>
    internal static async Task<HashSet<StorageKey>> ListKeysAsync(this IStorage storage, StoragePrefix prefix, CancellationToken cancellationToken)
    {
        HashSet<StorageKey> keys = [];
        await foreach (StorageEntry entry in storage.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            keys.Add(entry.Key);
        }

        return keys;
    }

    private static async Task<FrameBuffer> ReadBufferAsync(
        this IStorage storage, StorageKey key, ReadOptions options, int limit, CancellationToken cancellationToken)
    {
        var bytes = new FrameBuffer(ArrayPool<byte>.Shared, initialCapacity: 0);
        try
        {
            var writer = new BufferPipeWriter(bytes, limit);
            await storage.ReadAsync(key, writer, options, cancellationToken).ConfigureAwait(false);
            writer.ThrowIfFailed();
            return bytes;
        }
        catch (InvalidDataException tooLong)
        {
            bytes.Dispose();
            throw new InvalidDataException($"{key}: {tooLong.Message}", tooLong);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }
}
