using Freezer.Platform;
using Microsoft.Win32.SafeHandles;

namespace Freezer.Tests.Storage.PowerCut;

/// <summary>The real file system, with a record of all that changes it, in the order in which it happened.</summary>
/// <remarks>Syncs are only recorded: nobody cuts the power of the machine that the tests run on.</remarks>
internal sealed class RecordingFiles : DurableFiles
{
    private readonly DurableFiles _files = ForThisMachine;
    private readonly Lock _lock = new();
    private readonly Dictionary<SafeFileHandle, int> _open = [];
    private readonly List<FileOperation> _operations = [];
    private int _made;

    /// <summary>What happened so far.</summary>
    internal IReadOnlyList<FileOperation> Operations
    {
        get
        {
            lock (_lock)
            {
                return [.. _operations];
            }
        }
    }

    /// <summary>Notes that the caller was told something: from here on it must be so after a power cut.</summary>
    internal void Acknowledge()
    {
        lock (_lock)
        {
            _operations.Add(new Acknowledged());
        }
    }

    internal override bool TryStat(string path, out FileStatus status) => _files.TryStat(path, out status);

    internal override FileStatus Stat(SafeFileHandle file) => _files.Stat(file);

    internal override SafeFileHandle OpenRead(string path) => _files.OpenRead(path);

    internal override void WillReadInOrder(SafeFileHandle file, long offset, long length) => _files.WillReadInOrder(file, offset, length);

    // It promises nothing, and so it is no operation.
    internal override void StartWriteBack(SafeFileHandle file, long offset, long length) => _files.StartWriteBack(file, offset, length);

    internal override FileStream Create(string path, FileStreamOptions how)
    {
        lock (_lock)
        {
            FileStream file = base.Create(path, how);
            _open.Add(file.SafeFileHandle, _made);
            _operations.Add(new Created(path, _made++));
            return file;
        }
    }

    internal override void Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset)
    {
        lock (_lock)
        {
            base.Write(file, content, offset);
            _operations.Add(new Written(_open[file], offset, content.ToArray()));
        }
    }

    internal override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> segments, long offset)
    {
        lock (_lock)
        {
            base.Write(file, segments, offset);
            _operations.Add(new Written(_open[file], offset, [.. segments.SelectMany(static segment => segment.ToArray())]));
        }
    }

    internal override void SyncFile(SafeFileHandle file)
    {
        lock (_lock)
        {
            _operations.Add(new FileSynced(_open[file]));
        }
    }

    internal override bool TryPublish(string path, string newPath)
    {
        lock (_lock)
        {
            bool isFree = _files.TryPublish(path, newPath);
            if (isFree)
            {
                _operations.Add(new Linked(path, newPath));
                _operations.Add(new Removed(path));
            }

            return isFree;
        }
    }

    internal override void Replace(string path, string newPath)
    {
        lock (_lock)
        {
            base.Replace(path, newPath);
            _operations.Add(new Renamed(path, newPath));
        }
    }

    internal override void Delete(string path)
    {
        lock (_lock)
        {
            bool isThere = _files.TryStat(path, out _);
            base.Delete(path);
            if (isThere)
            {
                _operations.Add(new Removed(path));
            }
        }
    }

    internal override bool TrySyncDirectory(string path)
    {
        lock (_lock)
        {
            bool isThere = _files.TryStat(path, out _);
            if (isThere)
            {
                _operations.Add(new DirectorySynced(path));
            }

            return isThere;
        }
    }

    internal override bool TryCreateDirectory(string path, UnixFileMode mode)
    {
        lock (_lock)
        {
            bool wasThere = _files.TryStat(path, out _);
            bool isThere = _files.TryCreateDirectory(path, mode);
            if (isThere && !wasThere)
            {
                _operations.Add(new DirectoryCreated(path));
            }

            return isThere;
        }
    }

    internal override bool TryRemoveDirectory(string path)
    {
        lock (_lock)
        {
            bool isRemoved = _files.TryRemoveDirectory(path);
            if (isRemoved)
            {
                _operations.Add(new Removed(path));
            }

            return isRemoved;
        }
    }
}

/// <summary>Something that changed the file system, or made a change last.</summary>
internal abstract record FileOperation;

internal sealed record Created(string Path, int File) : FileOperation;

internal sealed record Written(int File, long Offset, byte[] Content) : FileOperation;

internal sealed record FileSynced(int File) : FileOperation;

internal sealed record Linked(string Path, string NewPath) : FileOperation;

internal sealed record Renamed(string Path, string NewPath) : FileOperation;

internal sealed record Removed(string Path) : FileOperation;

internal sealed record DirectoryCreated(string Path) : FileOperation;

internal sealed record DirectorySynced(string Path) : FileOperation;

/// <summary>The caller was told that what it asked for is done.</summary>
internal sealed record Acknowledged : FileOperation;
