using System.IO.Pipelines;

namespace Freezer.Engines.Tar.Restore;

/// <summary>A stored stream that is read by whoever wants it, rather than by a consumer that is called for the whole of it.</summary>
/// <remarks>The consumer does nothing but hand out the reader and wait until the pipe is disposed.</remarks>
internal sealed class PulledPipe : IAsyncDisposable
{
    private readonly TaskCompletionSource<PipeReader> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _returned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;

    private PulledPipe()
    {
    }

    /// <summary>What is read from. Not to be completed, and not to be used after the pipe is disposed.</summary>
    internal PipeReader Reader => _opened.Task.Result;

    /// <summary>Why the storage could not deliver; known once the pipe is disposed.</summary>
    internal Exception? Failure { get; private set; }

    /// <summary>Opens a stored stream.</summary>
    /// <param name="read">Reads it by calling a consumer, as <see cref="RestoreContext"/> does.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    internal static async Task<PulledPipe> OpenAsync(
        Func<Func<PipeReader, CancellationToken, Task>, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        var pipe = new PulledPipe();
        pipe._reading = read(pipe.HandOutAsync, cancellationToken);
        if (await Task.WhenAny(pipe._opened.Task, pipe._reading).ConfigureAwait(false) == pipe._reading)
        {
            await pipe._reading.ConfigureAwait(false);
            await pipe._opened.Task.ConfigureAwait(false);
        }

        return pipe;
    }

    /// <summary>Lets the consumer return, and waits until the storage is no longer used.</summary>
    public async ValueTask DisposeAsync()
    {
        _returned.TrySetResult();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Failure = _reading.Exception?.InnerException;
    }

    private Task HandOutAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        _opened.TrySetResult(reader);
        return _returned.Task;
    }
}
