using System.Buffers;
using System.IO.Pipelines;
using Freezer.Dataflow.Compression;

namespace Freezer.Dataflow;

internal sealed partial class StoredStreamReader
{
    private const int UnframedPiece = 128 << 10;

    /// <summary>Reads a stream that has no index, such as another tool wrote, from its beginning to its end.</summary>
    /// <param name="stored">The stored bytes. Drained to the end, never completed.</param>
    /// <param name="content">Where the content goes. Flushed, never completed.</param>
    /// <param name="codec">What the stream was compressed with.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <remarks>Decoders read synchronously, so the work has a thread of its own, which may block.</remarks>
    /// <exception cref="InvalidDataException">The stored bytes are damaged, end too early, or are followed by others.</exception>
    /// <exception cref="IOException">The reader of the content has stopped before the end.</exception>
    internal static Task ReadUnframedAsync(PipeReader stored, PipeWriter content, ICompressionCodec codec, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => ReadUnframed(stored, content, codec, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void ReadUnframed(PipeReader stored, PipeWriter content, ICompressionCodec codec, CancellationToken cancellationToken)
    {
        try
        {
            using var source = new BlockingPipeStream(stored, cancellationToken);
            using Stream decompressor = codec.OpenDecompressor(source);
            int count;
            while ((count = decompressor.Read(content.GetSpan(UnframedPiece))) > 0)
            {
                content.Advance(count);
                content.FlushOrThrowAsync(cancellationToken).AsTask().GetAwaiter().GetResult();
            }

            if (source.ReadByte() >= 0)
            {
                throw new InvalidDataException($"The {codec.Name} data is followed by other data.");
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // A decoder may take a cancelled source for a damaged one.
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>A pipe as decoders read it: a read blocks until there is something, and a cancellation ends it.</summary>
    private sealed class BlockingPipeStream(PipeReader reader, CancellationToken cancellationToken) : DecompressionStream
    {
        public override int Read(Span<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                ValueTask<ReadResult> pending = reader.ReadOrThrowAsync(cancellationToken);
                ReadResult read = pending.IsCompletedSuccessfully ? pending.Result : pending.AsTask().GetAwaiter().GetResult();
                ReadOnlySequence<byte> taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
                int count = (int)taken.Length;
                taken.CopyTo(buffer);
                reader.AdvanceTo(taken.End);
                if (count > 0)
                {
                    return count;
                }

                if (read.IsCompleted)
                {
                    break;
                }
            }

            return 0;
        }
    }
}
