using System.IO.Pipelines;

namespace Freezer.Storage.S3;

/// <summary>Hands the bytes of a read straight on to the pipe of the caller.</summary>
internal sealed class PipeSink(PipeWriter destination) : IReadSink
{
    /// <summary>As much as a socket may have at once.</summary>
    private const int RoomSize = 128 << 10;

    public Memory<byte> GetMemory() => destination.GetMemory(RoomSize);

    public async ValueTask<bool> AdvanceAsync(int count, CancellationToken cancellationToken)
    {
        destination.Advance(count);
        return !IsUnwanted(await destination.FlushAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Whether the reader has gone.</summary>
    /// <exception cref="OperationCanceledException">The pending flush was cancelled at the pipe.</exception>
    internal static bool IsUnwanted(FlushResult flushed) =>
        flushed.IsCanceled ? throw new OperationCanceledException("The flushing of the destination was cancelled.") : flushed.IsCompleted;
}
