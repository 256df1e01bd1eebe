using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Freezer.Formats.Tar;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Writes small files on several cores while the archive is read on.</summary>
/// <remarks>One thread adds; what was added is written in no order. The first failure ends the queue: it is thrown by the next call,
/// and what is still waiting is dropped. A dozen batches of <see cref="FileBatch.Capacity"/> bytes are in memory at most.</remarks>
internal sealed class FileQueue : IAsyncDisposable
{
    /// <summary>Larger files are written as they arrive.</summary>
    internal const int LargestFile = FileBatch.Capacity;

    private const int WaitingBatches = 8;
    private const int MostWorkers = 4;

    /// <summary>As many as can be in flight: waiting, being written, and being gathered.</summary>
    private const int RememberedNames = (WaitingBatches + MostWorkers + 1) * FileBatch.MostFiles;

    private readonly DirectoryChain _chain;
    private readonly FileWriter _writer;
    private readonly CancellationToken _cancellationToken;
    private readonly Channel<FileBatch> _waiting = Channel.CreateBounded<FileBatch>(new BoundedChannelOptions(WaitingBatches) { SingleWriter = true });
    private readonly Task[] _workers;
    private readonly Lock _lock = new();
    private readonly int[] _recentNames = new int[RememberedNames];
    private int _nextName;
    private FileBatch? _gathering;
    private int _inFlight;
    private TaskCompletionSource? _idle;
    private ExceptionDispatchInfo? _failure;

    internal FileQueue(DirectoryChain chain, FileWriter writer, CancellationToken cancellationToken)
    {
        _chain = chain;
        _writer = writer;
        _cancellationToken = cancellationToken;
        _workers = new Task[Math.Clamp(Environment.ProcessorCount, 1, MostWorkers)];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = Task.Run(WorkAsync, CancellationToken.None);
        }
    }

    /// <summary>Whether nothing waits or is being written.</summary>
    internal bool IsIdle => _gathering is null && Volatile.Read(ref _inFlight) == 0;

    /// <summary>Adds a file.</summary>
    /// <param name="directory">Its directory, which is held until the file is written.</param>
    /// <param name="request">What is written; its content is no longer than <see cref="LargestFile"/>.</param>
    /// <param name="content">Its content, which is read here; may be <see langword="null"/> where there is none.</param>
    /// <param name="replaces">Whether something that is no directory has the name now.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    internal async ValueTask AddAsync(DirectoryFrame directory, FileRequest request, TarReader? content, bool replaces, CancellationToken cancellationToken)
    {
        if (_gathering is { } full && !full.HasRoomFor(request.StoredSize))
        {
            await SendAsync().ConfigureAwait(false);
        }

        FileBatch batch = _gathering ??= new FileBatch();
        await batch.AddAsync(_chain, directory, request, content, replaces, cancellationToken).ConfigureAwait(false);
        _recentNames[_nextName] = Hash(directory, request.Path.Name.Span);
        _nextName = (_nextName + 1) % RememberedNames;
    }

    /// <summary>Whether a file of this name may be in flight. It may say so of one that is not, and never the other way round.</summary>
    internal bool MayHold(DirectoryFrame directory, ReadOnlySpan<byte> name) =>
        !IsIdle && _recentNames.AsSpan().Contains(Hash(directory, name));

    internal void ThrowIfFailed()
    {
        Volatile.Read(ref _failure)?.Throw();
        _cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Waits until everything that was added is written.</summary>
    internal async ValueTask DrainAsync()
    {
        await SendAsync().ConfigureAwait(false);
        Task idle;
        lock (_lock)
        {
            _idle = _inFlight == 0 ? null : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle?.Task ?? Task.CompletedTask;
        }

        await idle.ConfigureAwait(false);
        ThrowIfFailed();
    }

    /// <summary>Drops what is waiting, and waits for what is being written.</summary>
    public async ValueTask DisposeAsync()
    {
        Fail(new OperationCanceledException("The restore has ended."));
        await SendAsync().ConfigureAwait(false);
        _waiting.Writer.TryComplete();
        await Task.WhenAll(_workers).ConfigureAwait(false);
    }

    private static int Hash(DirectoryFrame directory, ReadOnlySpan<byte> name)
    {
        var hash = default(HashCode);
        hash.Add(RuntimeHelpers.GetHashCode(directory));
        hash.AddBytes(name);
        return hash.ToHashCode();
    }

    private async ValueTask SendAsync()
    {
        if (_gathering is not { } batch)
        {
            return;
        }

        _gathering = null;
        lock (_lock)
        {
            _inFlight++;
        }

        // Never cancelled: the workers take every batch, be it to drop it.
        await _waiting.Writer.WriteAsync(batch, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task WorkAsync()
    {
        await foreach (FileBatch batch in _waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                bool isDropped = Volatile.Read(ref _failure) is not null || _cancellationToken.IsCancellationRequested;
                batch.Write(_chain, isDropped ? null : _writer);
            }
            catch (Exception e)
            {
                Fail(e);
            }

            batch.Dispose();
            lock (_lock)
            {
                if (--_inFlight == 0)
                {
                    _idle?.TrySetResult();
                }
            }
        }
    }

    private void Fail(Exception failure) =>
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
}
