using Freezer.Engines.Tar.Exclude;
using Freezer.Engines.Tar.Manifest;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Walk;

/// <summary>Walks a tree in the order of the archive, without recursion, with a bounded number of open directories.</summary>
internal sealed class TreeWalk(SourceDirectory root, TarEngineOptions options, IgnoreRules rules, TimeProvider timeProvider, WalkQueue queue)
{
    /// <summary>How many directories on the way to the current one stay open; the others are opened again from the root.</summary>
    private const int MostOpen = 128;

    /// <summary>What is in the directory must fit the manifest's longest path too.</summary>
    private const int LongestPath = TarManifestFormat.LongestPath - TarManifestFormat.LongestName;

    private readonly List<Frame> _frames = [];
    private ulong _device = root.Status.Device;
    private readonly List<int> _included = [];
    private byte[] _path = new byte[256];

    /// <summary>Walks until everything is queued. The root stays the caller's.</summary>
    /// <exception cref="FileSystemException">The root cannot be read, or no more files can be opened.</exception>
    internal void Run(CancellationToken cancellationToken)
    {
        try
        {
            Visit(EntryPath.Root, root.AddReference(), cancellationToken);
            while (_frames.Count > 0)
            {
                Frame frame = _frames[^1];
                if (frame.IsDone)
                {
                    frame.Directory?.Dispose();
                    _frames.RemoveAt(_frames.Count - 1);
                    continue;
                }

                Subdirectory next = frame.TakeNext();
                EntryPath path = frame.Path.Append(next.Name);
                if (Open(frame, next, path, cancellationToken) is { } directory)
                {
                    Visit(path, directory, cancellationToken);
                }
            }
        }
        finally
        {
            foreach (Frame frame in _frames)
            {
                frame.Directory?.Dispose();
            }
        }
    }

    private SourceDirectory? Open(Frame frame, Subdirectory next, EntryPath path, CancellationToken cancellationToken)
    {
        try
        {
            if (path.Bytes.Length > LongestPath)
            {
                throw new FileSystemException(FileError.NameTooLong, $"The path of the directory is longer than {LongestPath} bytes");
            }

            if (frame.Directory is null)
            {
                Reopen();
            }

            return frame.Directory!.OpenDirectory(next.Name);
        }
        catch (FileSystemException error) when (error.Error != FileError.TooManyOpenFiles)
        {
            queue.Add(new WalkedDirectory { Path = path, Status = next.Status, Source = null, Error = error }, cancellationToken);
            return null;
        }
    }

    /// <summary>Opens the last directories on the way once more, from the nearest one that is open.</summary>
    private void Reopen()
    {
        int last = _frames.Count - 1;
        int open = _frames.FindLastIndex(static frame => frame.Directory is not null);
        SourceDirectory directory = open < 0 ? root.AddReference() : _frames[open].Directory!.AddReference();
        try
        {
            for (int i = Math.Max(open + 1, 1); i <= last; i++)
            {
                using SourceDirectory above = directory;
                directory = above.OpenDirectory(_frames[i].Path.Name.Span);
                if (last - i < MostOpen)
                {
                    _frames[i].Directory = directory.AddReference();
                }
            }

            _frames[last].Directory ??= directory.AddReference();
        }
        finally
        {
            directory.Dispose();
        }
    }

    private void Visit(EntryPath path, SourceDirectory directory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        UnixTime readAt = UnixTime.From(timeProvider.GetUtcNow());
        try
        {
            if (root is JoinedSourceDirectory && !path.IsRoot && path.Parent.IsRoot)
            {
                // Each of several sources was asked for, wherever it is.
                _device = directory.Status.Device;
            }

            // What is mounted here is not walked: the directory is stored empty.
            bool isWalked = !options.OneFileSystem || directory.Status.Device == _device;
            DirectoryListing listing = isWalked ? directory.List(cancellationToken) : DirectoryListing.Empty;
            int[]? included = Select(path, directory, listing);
            var walked = new WalkedDirectory
            {
                Path = path,
                Status = directory.Status,
                Source = directory.AddReference(),
                Listing = listing,
                Included = included,
                ReadAt = readAt,
            };
            Frame? frame = Frame.For(walked);
            queue.Add(walked, cancellationToken);
            if (frame is not null)
            {
                Push(frame, directory.AddReference());
            }
        }
        catch (FileSystemException error) when (!path.IsRoot && error.Error != FileError.TooManyOpenFiles)
        {
            queue.Add(new WalkedDirectory { Path = path, Status = directory.Status, Source = null, Error = error }, cancellationToken);
        }
        finally
        {
            directory.Dispose();
        }
    }

    private void Push(Frame frame, SourceDirectory directory)
    {
        frame.Directory = directory;
        _frames.Add(frame);
        if (_frames.Count > MostOpen)
        {
            Frame distant = _frames[_frames.Count - 1 - MostOpen];
            distant.Directory?.Dispose();
            distant.Directory = null;
        }
    }

    /// <summary>Which entries belong to the backup; <see langword="null"/> for all of them.</summary>
    private int[]? Select(EntryPath path, SourceDirectory directory, DirectoryListing listing)
    {
        bool isCache = options.ExcludeCacheDirectories && IsCache(directory, listing);
        if (rules.IsEmpty && !isCache)
        {
            return null;
        }

        int prefix = SetDirectory(path);
        _included.Clear();
        for (int i = 0; i < listing.Count; i++)
        {
            ReadOnlySpan<byte> name = listing.Name(i);
            if ((!isCache || name.SequenceEqual(CacheDirectoryTag.Name)) && !IsExcluded(prefix, name, listing.Status(i).Kind))
            {
                _included.Add(i);
            }
        }

        return _included.Count == listing.Count ? null : [.. _included];
    }

    private int SetDirectory(EntryPath path)
    {
        int length = path.Bytes.Length;
        Reserve(length + 1);
        path.Bytes.Span.CopyTo(_path);
        if (length > 0)
        {
            _path[length++] = (byte)'/';
        }

        return length;
    }

    private bool IsExcluded(int prefix, ReadOnlySpan<byte> name, FileKind kind)
    {
        Reserve(prefix + name.Length);
        name.CopyTo(_path.AsSpan(prefix));
        return rules.IsExcluded(_path.AsSpan(0, prefix + name.Length), kind == FileKind.Directory);
    }

    private void Reserve(int length)
    {
        if (_path.Length < length)
        {
            Array.Resize(ref _path, 2 * length);
        }
    }

    private static bool IsCache(SourceDirectory directory, DirectoryListing listing)
    {
        int low = 0;
        int high = listing.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = CacheDirectoryTag.Name.SequenceCompareTo(listing.Name(middle));
            if (order == 0)
            {
                return CacheDirectoryTag.IsValid(directory, listing.Status(middle));
            }

            (low, high) = order < 0 ? (low, middle - 1) : (middle + 1, high);
        }

        return false;
    }

    private readonly record struct Subdirectory(byte[] Name, FileStatus Status);

    /// <summary>A directory on the way to the current one: no more of it than which subdirectories are still to come.</summary>
    private sealed class Frame(EntryPath path, List<Subdirectory> subdirectories)
    {
        private int _next;

        internal EntryPath Path { get; } = path;

        internal SourceDirectory? Directory { get; set; }

        internal bool IsDone => _next == subdirectories.Count;

        internal Subdirectory TakeNext() => subdirectories[_next++];

        internal static Frame? For(WalkedDirectory directory)
        {
            List<Subdirectory>? subdirectories = null;
            for (int i = 0; i < directory.Count; i++)
            {
                int index = directory.Index(i);
                ref readonly FileStatus status = ref directory.Listing.Status(index);
                if (status.Kind == FileKind.Directory && directory.Listing.Error(index) is null)
                {
                    (subdirectories ??= []).Add(new Subdirectory(directory.Listing.Name(index).ToArray(), status));
                }
            }

            return subdirectories is null ? null : new Frame(directory.Path, subdirectories);
        }
    }
}
