using System.Buffers;
using System.Security.Cryptography;
using Freezer.Platform;

namespace Freezer.Storage;

/// <summary>One object on its way into a <see cref="FileStorage"/>: a temporary file that gets its final name when it is whole and on disk.</summary>
/// <remarks>Disposed before it was published it leaves nothing behind. Every member fails with a <see cref="StorageException"/>.</remarks>
internal sealed class FileStorageWrite : IDisposable
{
    /// <summary>How much is written before the system is told to start moving it to the disk.</summary>
    private const int WriteBackInterval = 8 << 20;

    private readonly FileStorageDirectory _directory;
    private readonly StorageKey _key;
    private readonly string _path;
    private readonly WriteMode _mode;
    private readonly string _temporary;
    private readonly FileStream _file;
    private readonly List<ReadOnlyMemory<byte>> _segments = [];
    private long _length;
    private long _startedWriteBack;
    private bool _isPublished;

    private FileStorageWrite(FileStorageDirectory directory, StorageKey key, string path, WriteMode mode)
    {
        _directory = directory;
        _key = key;
        _path = path;
        _mode = mode;
        _temporary = Path.Join(FileStorageDirectory.ParentOf(path), FileStorageNames.NewTemporary());
        _file = directory.CreateFile(_temporary);
    }

    /// <summary>Begins a write, unless it is clear already that it cannot end well.</summary>
    internal static FileStorageWrite Begin(FileStorageDirectory directory, StorageKey key, string path, WriteMode mode)
    {
        try
        {
            if (directory.Files.TryStat(path, out FileStatus status))
            {
                RequireReplaceable(key, mode, status.Kind);
            }

            return new FileStorageWrite(directory, key, path, mode);
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(key.Value, failure);
        }
    }

    /// <summary>Writes what a pipe holds, from where it lies.</summary>
    internal void Append(in ReadOnlySequence<byte> content)
    {
        try
        {
            Write(content);
            if (_length - _startedWriteBack >= WriteBackInterval)
            {
                _directory.Files.StartWriteBack(_file.SafeFileHandle, _startedWriteBack, _length - _startedWriteBack);
                _startedWriteBack = _length;
            }
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(_key.Value, failure);
        }
    }

    /// <summary>Puts the file on disk, gives it its name, and puts that on disk.</summary>
    /// <remarks>When the name was given and the last step fails, the object is visible and may be lost with a power cut; it
    /// is left there, as it may be the commit of a backup.</remarks>
    internal StorageEntry Publish(CancellationToken cancellationToken)
    {
        try
        {
            _ = TryMakeVersionUnique();
            _directory.Files.SyncFile(_file.SafeFileHandle);
            FileStatus status = _directory.Files.Stat(_file.SafeFileHandle);

            // Closing gives up the lock of the file, which would keep readers out once the file has its final name.
            _file.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            GiveName();
            _isPublished = true;
            _directory.SyncUpToRoot(FileStorageDirectory.ParentOf(_path));
            return FileStorageDirectory.EntryOf(_key, status);
        }
        catch (IOException failure) when (FileStorageErrors.IsMissing(failure))
        {
            throw new StorageException(StorageErrorKind.Unknown, _key.Value,
                "the unfinished file or its directory was removed by somebody else", innerException: failure);
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            throw FileStorageErrors.Of(_key.Value, failure);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_isPublished)
        {
            _ = TryDiscard();
        }
    }

    private void Write(in ReadOnlySequence<byte> content)
    {
        int gathered = 0;
        foreach (ReadOnlyMemory<byte> segment in content)
        {
            if (gathered + segment.Length > FileWrite.PieceSize)
            {
                WriteGathered(ref gathered);
            }

            if (segment.Length > FileWrite.PieceSize)
            {
                _directory.Files.Write(_file.SafeFileHandle, segment.Span, _length);
                _length += segment.Length;
            }
            else
            {
                _segments.Add(segment);
                gathered += segment.Length;
            }
        }

        WriteGathered(ref gathered);
    }

    /// <summary>Writes the segments that were gathered, which are small, with one call.</summary>
    private void WriteGathered(ref int length)
    {
        if (length > 0)
        {
            _directory.Files.Write(_file.SafeFileHandle, _segments, _length);
            _segments.Clear();
            _length += length;
            length = 0;
        }
    }

    /// <summary>The clock of many file systems ticks every few milliseconds only, and a freed inode is soon used again. Random
    /// digits below one millisecond tell two objects apart that were written within a tick; the time stays the file system's.</summary>
    /// <returns>Whether it is unique; some mounts let nobody set times, and inode, tick and length have to do there.</returns>
    private bool TryMakeVersionUnique()
    {
        try
        {
            DateTime written = File.GetLastWriteTimeUtc(_file.SafeFileHandle);
            int digits = RandomNumberGenerator.GetInt32((int)TimeSpan.TicksPerMillisecond);
            File.SetLastWriteTimeUtc(_file.SafeFileHandle, written.AddTicks(-digits));
            return true;
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            return false;
        }
    }

    private void GiveName()
    {
        if (_mode == WriteMode.CreateNew)
        {
            if (!_directory.Files.TryPublish(_temporary, _path))
            {
                RequireReplaceable(_key, _mode, _directory.Files.TryStat(_path, out FileStatus status) ? status.Kind : FileKind.Regular);
            }

            return;
        }

        if (_directory.Files.TryStat(_path, out FileStatus old))
        {
            RequireReplaceable(_key, _mode, old.Kind);
        }

        _directory.Files.Replace(_temporary, _path);
    }

    private static void RequireReplaceable(StorageKey key, WriteMode mode, FileKind kind)
    {
        if (kind != FileKind.Regular)
        {
            throw new StorageException(StorageErrorKind.Unsupported, key.Value,
                kind == FileKind.Directory
                    ? "objects lie below this name, and in a directory it cannot be an object too"
                    : "something that is neither a file nor a directory has this name");
        }

        if (mode == WriteMode.CreateNew)
        {
            throw StorageException.AlreadyExists(key);
        }
    }

    /// <summary>Removes the temporary file. Where that fails the failure that brought us here is still the one to report: what
    /// stays behind is never listed, and a sweep removes it.</summary>
    private bool TryDiscard()
    {
        try
        {
            _directory.Files.Delete(_temporary);
            _directory.RemoveEmptied(FileStorageDirectory.ParentOf(_temporary));
            return true;
        }
        catch (Exception failure) when (FileStorageErrors.IsForeign(failure))
        {
            return false;
        }
    }
}
