using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow.Compression;

namespace Freezer.Dataflow;

internal sealed partial class StoredStreamReader
{
    /// <summary>Finds the frames of a stream whose index is lost, by decompressing it from its beginning to its end.</summary>
    /// <param name="stored">The stored bytes without encryption. Drained to the end, never completed.</param>
    /// <param name="codec">What the stream was compressed with.</param>
    /// <param name="found">Hears of each frame, in order, on a thread that may block.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <returns>How long the content is.</returns>
    /// <exception cref="InvalidDataException">The stored bytes are damaged, or have a frame that is too long.</exception>
    /// <exception cref="BackupUnsupportedException">The codec does not tell where frames end.</exception>
    internal static Task<long> FindFramesAsync(
        PipeReader stored, ICompressionCodec codec, Func<StoredFrame, CancellationToken, ValueTask> found, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => FindFrames(stored, codec, found, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static long FindFrames(
        PipeReader stored, ICompressionCodec codec, Func<StoredFrame, CancellationToken, ValueTask> found, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(UnframedPiece);
        try
        {
            using var source = new BlockingPipeStream(stored, cancellationToken);
            using Stream decompressor = codec.OpenDecompressor(source);
            if (decompressor is not IFrameFinder finder)
            {
                throw new BackupUnsupportedException($"The codec '{codec.Name}' is not one of this library's, and does not tell where its frames end.");
            }

            finder.StopsAtFrames = true;
            long begin = 0;
            long content = 0;
            while (true)
            {
                StoredFrame frame = FindFrame(decompressor, finder, begin, buffer);
                if (frame.StoredLength == 0)
                {
                    return content;
                }

                found(frame, cancellationToken).AsTask().GetAwaiter().GetResult();
                begin += frame.StoredLength;
                content += frame.ContentLength;
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // A decoder may take a cancelled source for a damaged one.
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads the frame that begins at a byte; one of no length where the data has ended.</summary>
    private static StoredFrame FindFrame(Stream decompressor, IFrameFinder finder, long begin, byte[] buffer)
    {
        long content = 0;
        int count;
        while ((count = decompressor.Read(buffer)) > 0)
        {
            content += count;
            if (content > StoredStreamOptions.LargestFrame)
            {
                throw new InvalidDataException($"The frame at byte {begin} has more than {StoredStreamOptions.LargestFrame} bytes of content.");
            }
        }

        long length = finder.Used - begin;
        return length <= StoredStreamOptions.LargestStoredFrame ? new StoredFrame((int)content, (int)length)
            : throw new InvalidDataException($"The frame at byte {begin} is {length} bytes long.");
    }
}
