using System.IO.Pipelines;

namespace Freezer.Storage;

/// <summary>Streams in the place of pipes, for callers who have streams.</summary>
public static class StorageStreamExtensions
{
    private const int BufferSize = 1 << 16;

    /// <summary>Writes one object from a stream, which is read to its end and left open.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="options">Whether an object of this name may be replaced.</param>
    /// <param name="cancellationToken">Cancels the write; nothing is published then.</param>
    /// <returns>The object as it now stands.</returns>
    /// <exception cref="StorageException">As <see cref="IStorage.WriteAsync"/>. A failure of the stream surfaces as it is.</exception>
    public static async Task<StorageEntry> WriteAsync(
        this IStorage storage, StorageKey key, Stream content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        PipeReader reader = PipeReader.Create(content, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true));
        try
        {
            return await storage.WriteAsync(key, reader, options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Reads an object, or a range of it, into a stream, which is flushed and left open.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="options">The range, and the version that is wanted.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The object that was read.</returns>
    /// <exception cref="StorageException">As <see cref="IStorage.ReadAsync"/>. A failure of the stream surfaces as it is.</exception>
    public static async Task<StorageEntry> ReadAsync(
        this IStorage storage, StorageKey key, Stream destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        PipeWriter writer = PipeWriter.Create(destination, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));
        try
        {
            StorageEntry entry = await storage.ReadAsync(key, writer, options, cancellationToken).ConfigureAwait(false);
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            await writer.CompleteAsync().ConfigureAwait(false);
            return entry;
        }
        catch (Exception failure)
        {
            // With the failure, so that nothing more of a cut object reaches the stream.
            await writer.CompleteAsync(failure).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens an object, or a range of it, as a stream to read from, once: it cannot seek.</summary>
    /// <param name="storage">The storage; it must outlive the stream.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="options">The range, and the version that is wanted.</param>
    /// <param name="cancellationToken">Cancels the opening. Once it is open the tokens of its own calls, and disposing it, end it.</param>
    /// <returns>The stream; dispose it to end the read. An object that turns out damaged fails a read of the stream, never ends it early.</returns>
    /// <exception cref="StorageException">As <see cref="IStorage.ReadAsync"/>.</exception>
    public static async Task<Stream> OpenReadAsync(
        this IStorage storage, StorageKey key, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        StorageReadStream stream = new(storage, key, options);
        try
        {
            await stream.WaitForContentAsync(cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
