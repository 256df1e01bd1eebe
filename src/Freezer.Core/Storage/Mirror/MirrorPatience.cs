namespace Freezer.Storage;

/// <summary>How long the storages of a mirror wait for one that does not end.</summary>
internal static class MirrorPatience
{
    /// <summary>Publishing takes longer than taking a piece of the content: what is buffered has to arrive, and the object to be put together.</summary>
    private const int Publishing = 10;

    private static readonly TimeSpan _least = TimeSpan.FromMinutes(1);

    /// <summary>How long one is waited for that has all of the content.</summary>
    internal static TimeSpan ForPublishing(MirrorOptions options) => options.Patience * Publishing > _least ? options.Patience * Publishing : _least;

    /// <summary>Waits until all calls have ended; once enough have succeeded, no longer than so for the next one.</summary>
    /// <returns>Whether all have ended.</returns>
    internal static async Task<bool> AllEndAsync(IReadOnlyList<Task<bool>> calls, int enough, MirrorOptions options)
    {
        while (true)
        {
            List<Task<bool>> left = [.. calls.Where(static call => !call.IsCompleted)];
            if (left.Count == 0)
            {
                return true;
            }

            Task next = Task.WhenAny(left);
            if (calls.Count(static call => call is { IsCompletedSuccessfully: true, Result: true }) < enough)
            {
                await next.ConfigureAwait(false);
                continue;
            }

            try
            {
                await next.WaitAsync(ForPublishing(options), options.TimeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    /// <summary>What a storage is told that the others did not wait for.</summary>
    internal static StorageException Slow(StorageKey key, TimeSpan patience, Exception? cause = null) => new(
        StorageErrorKind.Unavailable, key.Value, $"it took nothing for {patience}, and the others did not wait any longer", isTransient: true, cause);
}
