using Freezer.Platform;

namespace Freezer.Storage;

/// <summary>The directory of a <see cref="FileStorage"/>: where objects lie, and how directories come and go.</summary>
/// <remarks>Everything here blocks, and fails as <see cref="DurableFiles"/> does; who calls says what it means.</remarks>
internal sealed class FileStorageDirectory(string root, FileStorageOptions options, DurableFiles files)
{
    /// <summary>How often a writer makes a directory again that a deletion removed under its hands.</summary>
    private const int MostAttempts = 100;

    internal string Root { get; } = root;

    internal DurableFiles Files { get; } = files;

    /// <summary>The path of an object.</summary>
    /// <exception cref="ArgumentException">The key is <see langword="default"/>.</exception>
    /// <exception cref="StorageException">No file can have this name.</exception>
    internal string PathOf(StorageKey key)
    {
        if (key.Value.Length == 0)
        {
            throw new ArgumentException("The key is empty.", nameof(key));
        }

        return FileStorageNames.Check(key.Value, OperatingSystem.IsWindows()) is { } reason
            ? throw new StorageException(StorageErrorKind.Unsupported, key.Value, reason)
            : PathOf(key.Value);
    }

    internal string PathOf(StoragePrefix prefix) => prefix.Value.Length == 0 ? Root : PathOf(prefix.Value);

    internal static StorageEntry EntryOf(StorageKey key, in FileStatus status) =>
        new(key, status.Size, status.Modified.ToDateTimeOffset(), VersionOf(status));

    /// <summary>Fails where nothing was found because the whole storage is missing and that is not how a new one begins, or because the root is none.</summary>
    internal void RequireRoot()
    {
        if (Directory.Exists(Root))
        {
            return;
        }

        // A link that leads nowhere is there too.
        if (File.Exists(Root))
        {
            throw new FileInfo(Root).LinkTarget is not null ? LeadsNowhere(Root)
                : new StorageException(StorageErrorKind.Unavailable, null, $"the root '{Root}' is a file: name a directory");
        }

        if (!options.CreateRoot)
        {
            throw MissingRoot();
        }
    }

    /// <summary>Creates a file of a name that nothing has, in a directory that is made where it is missing. The handle holds
    /// a lock for as long as it is open, by which a sweep knows that the writer lives.</summary>
    internal FileStream CreateFile(string path)
    {
        FileStreamOptions how = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = options.FileMode;
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return Files.Create(path, how);
            }
            catch (IOException failure) when (FileStorageErrors.IsMissing(failure) && attempt < MostAttempts)
            {
                CreateDirectory(ParentOf(path));
            }
        }
    }

    /// <summary>Makes the names on the way from the root to a directory durable.</summary>
    /// <remarks>All of them, each time: a directory that another writer has just made is as new as one of our own, and a
    /// sync of a directory that has not changed costs little.</remarks>
    internal void SyncUpToRoot(string directory)
    {
        while (true)
        {
            Files.TrySyncDirectory(directory);
            if (directory.Length <= Root.Length)
            {
                return;
            }

            directory = ParentOf(directory);
        }
    }

    /// <summary>Removes a directory and those above it that are empty, up to the root.</summary>
    internal void RemoveEmptied(string directory)
    {
        while (directory.Length > Root.Length && Files.TryRemoveDirectory(directory))
        {
            directory = ParentOf(directory);
        }
    }

    /// <summary>Makes durable that a name in a directory is gone, or that the directory is.</summary>
    internal void SyncRemoval(string directory)
    {
        while (!Files.TrySyncDirectory(directory) && directory.Length > Root.Length)
        {
            directory = ParentOf(directory);
        }
    }

    internal static string ParentOf(string path) => Path.GetDirectoryName(path)!;

    private string PathOf(string relative) =>
        Path.Join(Root, Path.DirectorySeparatorChar == '/' ? relative : relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Inode and length say little after a replacement; with the time they change each time, see <see cref="FileStorageWrite"/>.</summary>
    private static string VersionOf(in FileStatus status) =>
        $"{status.Inode:x}-{status.Modified.Seconds:x}.{status.Modified.Nanoseconds:x}-{status.Size:x}";

    private void CreateDirectory(string directory)
    {
        if (Files.TryStat(directory, out FileStatus status))
        {
            if (status.Kind == FileKind.Directory || Directory.Exists(directory))
            {
                return;
            }

            if (status.Kind == FileKind.SymbolicLink)
            {
                throw LeadsNowhere(directory);
            }

            throw new FileSystemException(FileError.NotSupported,
                $"'{directory}' is a file, and in a directory no object can lie below another one");
        }

        if (directory.Length == Root.Length && !options.CreateRoot)
        {
            throw MissingRoot();
        }

        string? parent = Path.GetDirectoryName(directory);
        if (parent is not null)
        {
            CreateDirectory(parent);
        }

        // Where the one above was removed meanwhile, the next attempt to create the file begins anew.
        _ = Files.TryCreateDirectory(directory, options.DirectoryMode);
        if (parent is not null && parent.Length < Root.Length)
        {
            Files.TrySyncDirectory(parent);
        }
    }

    private static StorageException LeadsNowhere(string link) =>
        new(StorageErrorKind.Unavailable, null, $"'{link}' is a link that leads to no directory: mount or make that");

    private StorageException MissingRoot() =>
        new(StorageErrorKind.Unavailable, null,
            $"the root '{Root}' is missing: mount or create it, or set {nameof(FileStorageOptions)}.{nameof(FileStorageOptions.CreateRoot)}");
}
