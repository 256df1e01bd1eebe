using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace Freezer.Engines.Tar.Restore;

/// <summary>Writes small files on several cores while the archive is read on.</summary>
/// <remarks>One thread adds; what was added is written in no order. The first failure ends the queue: it is thrown by the next call,
/// and what is still waiting is dropped. No more than <see cref="Capacity"/> files of <see cref="LargestFile"/> bytes wait.</remarks>
internal sealed class FileQueue : IAsyncDisposable
{
    /// <summary>Larger files are written as they arrive.</summary>
    internal const int LargestFile = 256 << 10;

    private const int Capacity = 64;
    private const int MostWorkers = 4;

    /// <summary>More than can be in flight.</summary>
    private const int Remembered = Capacity + MostWorkers + 1;

    private readonly DirectoryChain _chain;
    private readonly FileWriter _writer;
    private readonly CancellationToken _cancellationToken;
    private readonly Channel<PendingFile> _waiting = Channel.CreateBounded<PendingFile>(new BoundedChannelOptions(Capacity) { SingleWriter = true });
    private readonly Task[] _workers;
    private readonly Lock _lock = new();
    private readonly int[] _recentNames = new int[Remembered];
    private int _nextName;
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

    private readonly record struct PendingFile(DirectoryFrame Directory, FileRequest Request, byte[]? Buffer, bool Replaces);

    internal bool IsIdle => Volatile.Read(ref _inFlight) == 0;

    /// <summary>Adds a file.</summary>
    /// <param name="directory">Its directory, which is held until the file is written.</param>
    /// <param name="request">What is written.</param>
    /// <param name="buffer">Its content, in a rented buffer that now is the queue's; <see langword="null"/> where there is none.</param>
    /// <param name="replaces">Whether something that is no directory has the name now.</param>
    internal ValueTask AddAsync(DirectoryFrame directory, in FileRequest request, byte[]? buffer, bool replaces)
    {
        _recentNames[_nextName] = Hash(directory, request.Path.Name.Span);
        _nextName = (_nextName + 1) % Remembered;
        _chain.Retain(directory);
        lock (_lock)
        {
            _inFlight++;
        }

        return _waiting.Writer.WriteAsync(new PendingFile(directory, request, buffer, replaces), CancellationToken.None);
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
        _waiting.Writer.Complete();
        await Task.WhenAll(_workers).ConfigureAwait(false);
    }

    private static int Hash(DirectoryFrame directory, ReadOnlySpan<byte> name)
    {
        var hash = default(HashCode);
        hash.Add(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(directory));
        hash.AddBytes(name);
        return hash.ToHashCode();
    }

    private async Task WorkAsync()
    {
        await foreach (PendingFile file in _waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                if (_failure is null && !_cancellationToken.IsCancellationRequested)
                {
                    _writer.Write(file.Directory, file.Request, file.Buffer.AsSpan(0, (int)file.Request.StoredSize), file.Replaces);
                }
            }
            catch (Exception e)
            {
                Fail(e);
            }
            finally
            {
                End(file);
            }
        }
    }

    private void End(in PendingFile file)
    {
        if (file.Buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(file.Buffer);
        }

        try
        {
            _chain.Release(file.Directory);
        }
        catch (Exception e)
        {
            Fail(e);
        }

        lock (_lock)
        {
            if (--_inFlight == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }

    private void Fail(Exception failure) =>
        Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
}
