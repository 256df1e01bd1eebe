using System.Buffers;
using System.IO.Pipelines;

namespace Freezer.Dataflow;

/// <summary>What every user of a pipe has to look at, looked at in one place.</summary>
internal static class PipeExtensions
{
    /// <summary>Flushes, and waits while the pipe is full.</summary>
    /// <exception cref="IOException">Whoever reads the pipe has stopped before the end.</exception>
    internal static async ValueTask FlushOrThrowAsync(this PipeWriter writer, CancellationToken cancellationToken)
    {
        FlushResult result = await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (result.IsCanceled)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        if (result.IsCompleted)
        {
            throw new IOException("The reader of the stream has stopped before its end.");
        }
    }

    /// <summary>Waits for more to read.</summary>
    internal static async ValueTask<ReadResult> ReadOrThrowAsync(this PipeReader reader, CancellationToken cancellationToken)
    {
        ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return result.IsCanceled ? throw new OperationCanceledException(cancellationToken) : result;
    }

    /// <summary>Reads until a buffer holds as many bytes as are wanted, or the pipe has ended.</summary>
    /// <returns>Whether the pipe has ended.</returns>
    internal static async ValueTask<bool> FillAsync(this PipeReader reader, FrameBuffer buffer, int wanted, CancellationToken cancellationToken)
    {
        while (buffer.Length < wanted)
        {
            ReadResult read = await reader.ReadOrThrowAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, wanted - buffer.Length));
            bool isEnded = read.IsCompleted && taken.Length == read.Buffer.Length;
            buffer.Append(taken);
            reader.AdvanceTo(taken.End);
            if (isEnded)
            {
                return true;
            }
        }

        return false;
    }
}
