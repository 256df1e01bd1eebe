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
        var bytes = new ArrayBufferWriter<byte>();
        await Transfer.RunAsync(
            (destination, token) => storage.ReadAsync(key, destination, options, token),
            async (source, token) =>
            {
                while (true)
                {
                    ReadResult result = await source.ReadAsync(token).ConfigureAwait(false);
                    if (bytes.WrittenCount + result.Buffer.Length > limit)
                    {
                        throw new InvalidDataException($"{key} is longer than the {limit} bytes that it may have.");
                    }

                    foreach (ReadOnlyMemory<byte> segment in result.Buffer)
                    {
                        bytes.Write(segment.Span);
                    }

                    source.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        return;
                    }
                }
            },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        return bytes.WrittenMemory.ToArray();
    }

    /// <summary>Fills a buffer with a range of an object.</summary>
    internal static async Task ReadIntoAsync(
        this IStorage storage, StorageKey key, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int filled = 0;
        await Transfer.RunAsync(
            (destination, token) => storage.ReadAsync(key, destination, ReadOptions.Range(offset, buffer.Length), token),
            async (source, token) =>
            {
                while (true)
                {
                    ReadResult result = await source.ReadAsync(token).ConfigureAwait(false);
                    int length = checked((int)result.Buffer.Length);
                    if (length > buffer.Length - filled)
                    {
                        throw new StorageException(StorageErrorKind.Corrupt, key.Value, "The storage delivered more than the range that was asked for.");
                    }

                    result.Buffer.CopyTo(buffer.Span[filled..]);
                    filled += length;
                    source.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        return;
                    }
                }
            },
            cancellationToken: cancellationToken).ConfigureAwait(false);
        if (filled != buffer.Length)
        {
            throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"The storage delivered {filled} of {buffer.Length} bytes and reported success.");
        }
    }

    internal static async Task<StorageEntry> WriteBytesAsync(
        this IStorage storage, StorageKey key, ReadOnlyMemory<byte> bytes, WriteMode mode, CancellationToken cancellationToken)
    {
        StorageEntry? entry = null;
        await Transfer.RunAsync(
            async (destination, token) => await destination.WriteAsync(bytes, token).ConfigureAwait(false),
            async (source, token) => entry = await storage.WriteAsync(
                key, source, new WriteOptions { Mode = mode, LengthHint = bytes.Length }, token).ConfigureAwait(false),
            cancellationToken: cancellationToken).ConfigureAwait(false);
        return entry!.Length == bytes.Length ? entry
            : throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"{bytes.Length} bytes were written, and the storage holds {entry.Length}.");
    }
}
