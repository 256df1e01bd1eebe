using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Platform;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Storage;

/// <summary>Objects as files below one directory, on a local disk or a mounted file system.</summary>
/// <remarks>
/// <para><b>Durability.</b> What a call acknowledged survives a power cut: an object is written under a temporary name
/// beside its final one, put on disk, named, and the directories up to the root are put on disk as well; a deletion is put on
/// disk before it returns. (Windows and macOS offer no flush of a directory; there names are as durable as the journal of the
/// file system makes them.)</para>
/// <para><b>Writers that race</b>, in this process, in others or on other hosts of one network file system: <see cref="WriteMode.CreateNew"/>
/// has one winner, since it ends with a hard link (or a rename that spares what is there, where the file system has no links).</para>
/// <para><b>The root belongs to the storage.</b> Below it there are directories and regular files only. Whatever else stands there is
/// no object; a link to a directory fails a listing. Directories that a deletion empties are removed. Names of the form
/// <c>.freezer-(32 digits).part</c> and <c>lost+found</c> below the root are reserved. The root itself may be a link.</para>
/// <para><b>Names.</b> In a directory no object can lie below another one: while <c>a</c> is an object <c>a/b</c> cannot be. On a file system
/// that ignores case keys that differ in nothing else are the same. On Windows names that it does not allow are refused.</para>
/// <para><b>What dies with its process</b> leaves a temporary file. It is never listed nor read; <see cref="SweepAsync"/> removes it.</para>
/// <para><b>Errors.</b> Beside those of the contract: <see cref="StorageErrorKind.NoSpace"/> for a full disk or quota,
/// <see cref="StorageErrorKind.AccessDenied"/> also for a file system that is read-only, <see cref="StorageErrorKind.Unsupported"/> for
/// names that no file can have, <see cref="StorageErrorKind.Unavailable"/> for a root that is missing or is no directory. The root cause is inside.</para>
/// <para>It holds nothing open between calls; disposing it does nothing. All members are safe to call from any thread.</para>
/// </remarks>
public sealed class FileStorage : IStorage, IStorageSweeper
{
    /// <summary>How much is read at once: enough to keep a disk busy, little enough to be still in the cache of the core that goes on with it.</summary>
    private const int ReadSize = 1 << 20;

    private readonly FileStorageDirectory _directory;
    private readonly FileStorageListing _listing;

    /// <summary>Names the directory. Nothing is looked at or made before the first call.</summary>
    /// <param name="root">The directory; a relative path is taken from the current directory of now.</param>
    /// <param name="options">How it is kept, or <see langword="null"/> for the defaults.</param>
    /// <exception cref="ArgumentException">The path is empty or malformed.</exception>
    public FileStorage(string root, FileStorageOptions? options = null)
        : this(root, options, DurableFiles.ForThisMachine)
    {
    }

    internal FileStorage(string root, FileStorageOptions? options, DurableFiles files)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        Root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _directory = new FileStorageDirectory(Root, options ?? new FileStorageOptions(), files);
        _listing = new FileStorageListing(_directory);
    }

    /// <summary>The directory, as an absolute path.</summary>
    public string Root { get; }

    /// <inheritdoc/>
    public StorageCapabilities Capabilities { get; } = new();

    /// <inheritdoc/>
    public async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        string path = _directory.PathOf(key);
        cancellationToken.ThrowIfCancellationRequested();
        await LeaveCallerAsync();

        using FileStorageWrite file = FileStorageWrite.Begin(_directory, key, path, options.Mode);
        ReadResult read;
        do
        {
            read = await content.ReadAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (read.IsCanceled)
            {
                throw new OperationCanceledException("The reading of the content was cancelled.");
            }

            file.Append(read.Buffer);
            content.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);

        return file.Publish(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(options);
        string path = _directory.PathOf(key);
        cancellationToken.ThrowIfCancellationRequested();
        await LeaveCallerAsync();

        using SafeFileHandle file = OpenRead(key, path, out StorageEntry entry);
        (long offset, long left) = options.Resolve(entry);
        if (left > ReadSize)
        {
            _directory.Files.WillReadInOrder(file, offset, left);
        }

        while (left > 0)
        {
            Memory<byte> memory = destination.GetMemory((int)Math.Min(left, ReadSize));
            int count = Read(key, file, memory.Span[..(int)Math.Min(left, memory.Length)], offset);
            offset += count;
            left -= count;
            destination.Advance(count);
            FlushResult flushed = await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (flushed.IsCanceled)
            {
                throw new OperationCanceledException("The flushing of the destination was cancelled.");
            }

            if (flushed.IsCompleted)
            {
                break;
            }
        }

        return entry;
    }

    /// <inheritdoc/>
    public async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        string path = _directory.PathOf(key);
        cancellationToken.ThrowIfCancellationRequested();
        await ReachPoolAsync();
        try
        {
            if (_directory.Files.TryStat(path, out FileStatus status) && status.Kind == FileKind.Regular)
            {
                return FileStorageDirectory.EntryOf(key, status);
            }

            _directory.RequireRoot();
            return null;
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(key.Value, failure);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await ReachPoolAsync();
        using IEnumerator<StorageEntry> entries = _listing.Below(prefix).GetEnumerator();
        while (TryMoveNext(prefix, entries))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entries.Current;
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default)
    {
        string path = _directory.PathOf(key);
        cancellationToken.ThrowIfCancellationRequested();
        await LeaveCallerAsync();
        try
        {
            Delete(path);
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(key.Value, failure);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Removes temporary files that no process holds open for writing, and directories that are empty, both only where they
    /// are older than <paramref name="olderThan"/>. Where the file system knows no locks the age alone protects a living
    /// writer, counted from its last write.</remarks>
    public async Task<int> SweepAsync(TimeSpan olderThan, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThan, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        await LeaveCallerAsync();
        try
        {
            _directory.RequireRoot();
            return new FileStorageSweep(_directory, olderThan, cancellationToken).Run();
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(key: null, failure);
        }
    }

    /// <summary>Does nothing: the storage holds nothing open between calls.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Goes on on the thread pool, since calls of the file system block and the caller's thread may have other things to do.</summary>
    private static ConfiguredTaskAwaitable LeaveCallerAsync() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>The same for calls that are short: a caller that is on the thread pool already loses little by waiting for them.</summary>
    private static ConfiguredTaskAwaitable ReachPoolAsync() => Task.CompletedTask.ConfigureAwait(
        Thread.CurrentThread.IsThreadPoolThread ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ForceYielding);

    private SafeFileHandle OpenRead(StorageKey key, string path, out StorageEntry entry)
    {
        SafeFileHandle? file = null;
        try
        {
            file = _directory.Files.OpenRead(path);
            FileStatus status = _directory.Files.Stat(file);
            entry = status.Kind == FileKind.Regular ? FileStorageDirectory.EntryOf(key, status) : throw StorageException.NotFound(key);
            return file;
        }
        catch (Exception failure)
        {
            file?.Dispose();
            _directory.RequireRoot();
            if (FileStorageErrors.IsForeign(failure))
            {
                throw FileStorageErrors.Of(key.Value, failure);
            }

            throw;
        }
    }

    private static int Read(StorageKey key, SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int count;
        try
        {
            count = RandomAccess.Read(file, buffer, offset);
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(key.Value, failure);
        }

        return count > 0 ? count
            : throw new StorageException(StorageErrorKind.Corrupt, key.Value, $"somebody cut it to {offset} bytes while it was read");
    }

    private void Delete(string path)
    {
        if (_directory.Files.TryStat(path, out FileStatus status) && status.Kind == FileKind.Regular)
        {
            _directory.Files.Delete(path);
        }

        // Also for an object that is missing: whoever deleted it may not have come this far.
        string parent = FileStorageDirectory.ParentOf(path);
        _directory.RemoveEmptied(parent);
        _directory.SyncRemoval(parent);
        _directory.RequireRoot();
    }

    private bool TryMoveNext(StoragePrefix prefix, IEnumerator<StorageEntry> entries)
    {
        try
        {
            if (entries.MoveNext())
            {
                return true;
            }

            _directory.RequireRoot();
            return false;
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(prefix.Value, failure);
        }
    }
}
