using Freezer.Platform;

namespace Freezer.Storage;

/// <summary>One sweep of a <see cref="FileStorage"/>: removes temporary files whose writers are gone, and empty directories.</summary>
internal sealed class FileStorageSweep(FileStorageDirectory directory, TimeSpan olderThan, CancellationToken cancellationToken)
{
    private long _latest;
    private int _removed;

    /// <summary>Sweeps everything. Blocks; fails as the file system does.</summary>
    internal int Run()
    {
        if (directory.Files.TryStat(directory.Root, out _))
        {
            _latest = AskFileSystemForTime().Subtract(olderThan).UtcTicks;
            Sweep(directory.Root, isRoot: true);
        }

        return _removed;
    }

    /// <summary>The time by which files are stamped, which on a network is not this machine's: that of a file just made.</summary>
    private DateTimeOffset AskFileSystemForTime()
    {
        string probe = Path.Join(directory.Root, FileStorageNames.NewTemporary());
        using FileStream file = directory.CreateFile(probe);
        FileStatus status = directory.Files.Stat(file.SafeFileHandle);
        directory.Files.Delete(probe);
        return status.Modified.ToDateTimeOffset();
    }

    /// <summary>Sweeps a directory and those below it, and removes it where it holds nothing.</summary>
    private void Sweep(string path, bool isRoot)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!directory.Files.TryStat(path, out FileStatus before))
        {
            return;
        }

        int removedBefore = _removed;
        foreach (FileStorageListing.Child child in FileStorageListing.ChildrenOf(path))
        {
            if (child.IsDirectory)
            {
                string name = child.Name[..^1];
                if (!FileStorageNames.IsReserved(name, isRoot))
                {
                    Sweep(Path.Join(path, name), isRoot: false);
                }
            }
            else if (FileStorageNames.IsTemporary(child.Name))
            {
                SweepFile(Path.Join(path, child.Name));
            }
        }

        // A writer makes a directory and then its file: an empty one may be a moment old and about to be used.
        if (!isRoot && (_removed > removedBefore || IsOld(before)))
        {
            directory.Files.TryRemoveDirectory(path);
        }
    }

    private void SweepFile(string path)
    {
        if (directory.Files.TryStat(path, out FileStatus status) && status.Kind == FileKind.Regular && IsOld(status) && !IsBeingWritten(path))
        {
            directory.Files.Delete(path);
            _removed++;
        }
    }

    private bool IsOld(in FileStatus status) => status.Modified.ToDateTimeOffset().UtcTicks <= _latest;

    /// <summary>A writer holds its file locked. The shared lock that is tried here disturbs no reader, should a writer have died
    /// between giving the file its final name and dropping the temporary one.</summary>
    private static bool IsBeingWritten(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete).Dispose();
            return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Of what this user may not look at, whose sweep this is not, nobody knows.
            return true;
        }
    }
}
