using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Freezer.Storage;

/// <summary>Objects in this process's memory: for tests, caches and small backups. Everything is gone when it is disposed or the process ends.</summary>
/// <remarks>
/// <para>An object may have any length that memory holds. A read goes on with the object that it began with, also when that
/// is replaced or deleted meanwhile; a listing shows the objects as they stood when it began.</para>
/// <para>All members are safe to call from any thread; calls after <see cref="DisposeAsync"/> fail with an
/// <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed class MemoryStorage : IStorage
{
    private readonly ConcurrentDictionary<StorageKey, MemoryObject> _objects = new();
    private readonly TimeProvider _time;
    private long _lastVersion;
    private volatile bool _isDisposed;

    /// <summary>Makes an empty storage.</summary>
    /// <param name="timeProvider">The clock of <see cref="StorageEntry.LastModified"/>, or <see langword="null"/> for the system's.</param>
    public MemoryStorage(TimeProvider? timeProvider = null) => _time = timeProvider ?? TimeProvider.System;

    /// <inheritdoc/>
    public StorageCapabilities Capabilities { get; } = new();

    /// <inheritdoc/>
    public async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        Check(key, cancellationToken);
        if (options.Mode == WriteMode.CreateNew && _objects.ContainsKey(key))
        {
            throw StorageException.AlreadyExists(key);
        }

        MemoryObject.Builder builder = new(options.LengthHint);
        ReadResult read;
        do
        {
            read = await content.ReadAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (read.IsCanceled)
            {
                throw new OperationCanceledException("The reading of the content was cancelled.");
            }

            builder.Append(read.Buffer);
            content.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);

        MemoryObject written = builder.Build(key, _time.GetUtcNow(), NextVersion());
        Publish(key, written, options.Mode);
        return written.Entry;
    }

    /// <inheritdoc/>
    public async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        Check(key, cancellationToken);
        if (!_objects.TryGetValue(key, out MemoryObject? found))
        {
            throw StorageException.NotFound(key);
        }

        (long offset, long left) = options.Resolve(found.Entry);
        while (left > 0)
        {
            ReadOnlyMemory<byte> piece = found.PieceAt(offset, left);
            FlushResult flushed = await destination.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            if (flushed.IsCanceled)
            {
                throw new OperationCanceledException("The flushing of the destination was cancelled.");
            }

            if (flushed.IsCompleted)
            {
                break;
            }

            offset += piece.Length;
            left -= piece.Length;
        }

        return found.Entry;
    }

    /// <inheritdoc/>
    public Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<StorageEntry?>(cancellationToken);
        }

        Check(key, cancellationToken);
        return Task.FromResult(_objects.TryGetValue(key, out MemoryObject? found) ? found.Entry : null);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        List<StorageEntry> entries = [];
        foreach (KeyValuePair<StorageKey, MemoryObject> pair in _objects)
        {
            if (pair.Key.IsBelow(prefix))
            {
                entries.Add(pair.Value.Entry);
            }
        }

        entries.Sort(static (left, right) => left.Key.CompareTo(right.Key));
        foreach (StorageEntry entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        Check(key, cancellationToken);
        _objects.TryRemove(key, out _);
        return Task.CompletedTask;
    }

    /// <summary>Forgets all objects.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        _objects.Clear();
        return ValueTask.CompletedTask;
    }

    private void Check(StorageKey key, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        if (key.Value.Length == 0)
        {
            throw new ArgumentException("The key is empty.", nameof(key));
        }
    }

    private void Publish(StorageKey key, MemoryObject written, WriteMode mode)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (mode == WriteMode.Replace)
        {
            _objects[key] = written;
        }
        else if (!_objects.TryAdd(key, written))
        {
            throw StorageException.AlreadyExists(key);
        }
    }

    private string NextVersion() => Interlocked.Increment(ref _lastVersion).ToString("x", CultureInfo.InvariantCulture);
}
