using Freezer.Formats.Tar;
using Freezer.Platform;

namespace Freezer.Engines.Tar.Restore;

/// <summary>The directory that a restore writes into, and what is known of it for the whole restore.</summary>
internal sealed class Destination : IDisposable
{
    private long _entries;

    private Destination(RestoreContext context, FileTree tree, TargetDirectory root, bool wasEmpty)
    {
        Tree = tree;
        Root = root;
        WasEmpty = wasEmpty;
        IsTrusted = context.IsTrusted;
        Limits = context.Options.Limits;
        Owned = new OwnedNames(wasEmpty);
        Include = new IncludeFilter(context.Options.Include);
        Report = new RestoreReport(context);
        Metadata = new MetadataWriter(tree, Report, IsTrusted);
    }

    internal FileTree Tree { get; }

    internal TargetDirectory Root { get; }

    /// <summary>Whether nothing was in it when the restore began. Otherwise the options say that it is written over.</summary>
    internal bool WasEmpty { get; }

    internal bool IsTrusted { get; }

    /// <summary>What is allowed where <see cref="IsTrusted"/> is not so.</summary>
    internal ReaderLimits Limits { get; }

    /// <summary>How its archives are read.</summary>
    internal TarReaderOptions ReaderOptions => IsTrusted ? new TarReaderOptions() : new TarReaderOptions
    {
        LongestExtendedHeader = Limits.LongestHeader,
        LongestPath = Limits.LongestPath,
        MostAttributes = Limits.MostAttributes,
        MostExtents = Limits.MostExtents,
    };

    internal OwnedNames Owned { get; }

    internal IncludeFilter Include { get; }

    internal RestoreReport Report { get; }

    internal MetadataWriter Metadata { get; }

    /// <summary>Opens the destination, or makes it with what is missing above it. A link that the user names is followed.</summary>
    /// <exception cref="BackupException">It is no directory, is not empty although it is not to be written over, or cannot be used.</exception>
    internal static Destination Open(RestoreContext context, FileTree tree)
    {
        string path = context.Destination;
        TargetDirectory? root = null;
        try
        {
            Make(path, tree);
            root = tree.OpenTarget(path);
            bool isEmpty = root.ListNames().Count == 0;
            if (!isEmpty && !context.Options.Overwrite)
            {
                throw new BackupException($"The destination '{path}' is not empty. Name an empty directory, or set {nameof(RestoreOptions)}.{nameof(RestoreOptions.Overwrite)} to write over what is there.");
            }

            var destination = new Destination(context, tree, root, isEmpty);
            root = null;
            return destination;
        }
        catch (Exception e) when (e is FileSystemException or UnauthorizedAccessException or (IOException and not BackupException))
        {
            throw new BackupException($"The destination '{path}' cannot be used: {e.Message}", e);
        }
        finally
        {
            root?.Dispose();
        }
    }

    /// <summary>The destination that <see cref="Open"/> left in the context.</summary>
    internal static Destination Of(RestoreContext context) =>
        context.State as Destination ?? throw new InvalidOperationException("The destination was not prepared.");

    /// <summary>Counts an entry that the backup has.</summary>
    /// <exception cref="BackupException">It has more than a backup that is not trusted may have.</exception>
    internal void CountEntry()
    {
        if (++_entries > Limits.MostEntries && !IsTrusted)
        {
            throw new BackupException($"The backup is not trusted, and has more than {Limits.MostEntries} entries, which is beyond {nameof(ReaderLimits)}.{nameof(ReaderLimits.MostEntries)}.");
        }
    }

    /// <summary>Whether a path is there, looked up without following a link.</summary>
    internal bool Exists(EntryPath path)
    {
        if (path.IsRoot)
        {
            return true;
        }

        try
        {
            using TargetDirectory directory = Root.OpenPath(path.Parent.Bytes.Span);
            return directory.TryStat(path.Name.Span, out _);
        }
        catch (FileSystemException e) when (e.Error is FileError.NotFound or FileError.IsALink or FileError.NotADirectory)
        {
            return false;
        }
    }

    public void Dispose() => Root.Dispose();

    private static void Make(string path, FileTree tree)
    {
        try
        {
            if (tree.Stat(path).Kind != FileKind.Directory)
            {
                throw new BackupException($"The destination '{path}' is not a directory. Name a directory, or a path where there is nothing yet.");
            }
        }
        catch (FileSystemException e) when (e.Error == FileError.NotFound)
        {
            Directory.CreateDirectory(path);
        }
    }
}
