using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Freezer.Storage;

/// <summary>Ends calls on which the storage does not move for too long.</summary>
internal sealed class TimeoutStorage(IStorage inner, TimeSpan timeout, TimeProvider timeProvider) : DelegatingStorage(inner)
{
    public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        return RunAsync(key.Value, patience => Inner.WriteAsync(key, new PatientReader(content, patience), options, patience.Token), cancellationToken);
    }

    public override Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return RunAsync(key.Value, patience => Inner.ReadAsync(key, new PatientWriter(destination, patience), options, patience.Token), cancellationToken);
    }

    public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        RunAsync(key.Value, patience => Inner.FindAsync(key, patience.Token), cancellationToken);

    public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var patience = new Patience(timeout, timeProvider, cancellationToken);
        patience.Pause();
        IAsyncEnumerator<StorageEntry> listing = Inner.ListAsync(prefix, patience.Token).GetAsyncEnumerator(patience.Token);
        await using (listing.ConfigureAwait(false))
        {
            while (await MoveAsync(prefix.Value, listing, patience).ConfigureAwait(false))
            {
                yield return listing.Current;
            }
        }
    }

    public override Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) =>
        RunAsync(
            key.Value,
            async patience =>
            {
                await Inner.DeleteAsync(key, patience.Token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    private static async ValueTask<bool> MoveAsync(string prefix, IAsyncEnumerator<StorageEntry> listing, Patience patience)
    {
        patience.Begin();
        try
        {
            return await listing.MoveNextAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException cancellation)
        {
            throw patience.Explain(prefix, cancellation);
        }
        finally
        {
            patience.Pause();
        }
    }

    private async Task<TResult> RunAsync<TResult>(string key, Func<Patience, Task<TResult>> call, CancellationToken cancellationToken)
    {
        using var patience = new Patience(timeout, timeProvider, cancellationToken);
        try
        {
            return await call(patience).ConfigureAwait(false);
        }
        catch (OperationCanceledException cancellation)
        {
            throw patience.Explain(key, cancellation);
        }
    }

    /// <summary>The time that the storage has left; it stands still while the storage waits for its caller.</summary>
    private sealed class Patience : IDisposable
    {
        private readonly TimeSpan _timeout;
        private readonly CancellationToken _callerToken;
        private readonly CancellationTokenSource _end;
        private readonly CancellationTokenSource _any;

        internal Patience(TimeSpan timeout, TimeProvider timeProvider, CancellationToken callerToken)
        {
            _timeout = timeout;
            _callerToken = callerToken;
            _end = new CancellationTokenSource(timeout, timeProvider);
            _any = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, callerToken);
        }

        internal CancellationToken Token => _any.Token;

        internal void Begin() => _end.CancelAfter(_timeout);

        internal void Pause() => _end.CancelAfter(Timeout.InfiniteTimeSpan);

        /// <summary>What the caller is to be told of a cancellation: its own, or that the time is over.</summary>
        internal Exception Explain(string key, OperationCanceledException cancellation) =>
            _callerToken.IsCancellationRequested ? new OperationCanceledException(cancellation.Message, cancellation, _callerToken)
            : _end.IsCancellationRequested ? new StorageException(
                StorageErrorKind.Unavailable, key.Length == 0 ? null : key, $"the storage did nothing for {_timeout}; see whether it can be reached, or give it more time", isTransient: true, cancellation)
            : cancellation;

        public void Dispose()
        {
            _any.Dispose();
            _end.Dispose();
        }
    }

    /// <summary>Gives the storage no time while the content is awaited.</summary>
    private sealed class PatientReader(PipeReader inner, Patience patience) : DelegatingPipeReader(inner)
    {
        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            patience.Pause();
            try
            {
                return await base.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                patience.Begin();
            }
        }
    }

    /// <summary>Gives the storage no time while the destination is full.</summary>
    private sealed class PatientWriter(PipeWriter inner, Patience patience) : DelegatingPipeWriter(inner)
    {
        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            patience.Pause();
            try
            {
                return await base.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                patience.Begin();
            }
        }
    }
}
