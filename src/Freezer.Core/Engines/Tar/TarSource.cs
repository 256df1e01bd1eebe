using System.Text;
using Freezer.Platform;

namespace Freezer.Engines.Tar;

/// <summary>What a resource names: one directory, or files and directories that are put under a root of their own.</summary>
internal sealed class TarSource
{
    private const char Separator = '\0';

    private TarSource(IReadOnlyList<string> paths) => Paths = paths;

    /// <summary>Full paths.</summary>
    internal IReadOnlyList<string> Paths { get; }

    /// <exception cref="ArgumentException">A path is empty, two have the same name, or one of several has none.</exception>
    internal static TarSource Parse(string resource)
    {
        ArgumentException.ThrowIfNullOrEmpty(resource);
        return Of(resource.Split(Separator));
    }

    internal static TarSource Of(IReadOnlyList<string> sources)
    {
        var paths = new string[sources.Count];
        var byName = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < paths.Length; i++)
        {
            ArgumentException.ThrowIfNullOrEmpty(sources[i], nameof(sources));
            paths[i] = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sources[i]));
            string name = Path.GetFileName(paths[i]);
            if (paths.Length > 1 && name.Length == 0)
            {
                throw new ArgumentException($"The source '{sources[i]}' has no name that it could have beside other sources; back it up alone.", nameof(sources));
            }

            if (!byName.TryAdd(name, paths[i]))
            {
                throw new ArgumentException($"The sources '{byName[name]}' and '{paths[i]}' have the same name; back them up under different backup names.", nameof(sources));
            }
        }

        return new TarSource(paths);
    }

    /// <summary>The sources as one string.</summary>
    internal string Join() => string.Join(Separator, Paths);

    /// <summary>Opens what is backed up.</summary>
    /// <exception cref="IOException">A source does not exist or cannot be opened; the message says which.</exception>
    /// <exception cref="UnauthorizedAccessException">A source may not be read.</exception>
    internal SourceDirectory Open(FileTree tree)
    {
        string current = Paths[0];
        try
        {
            if (Paths.Count == 1 && tree.Stat(current).Kind == FileKind.Directory)
            {
                return tree.OpenSource(current);
            }

            var sources = new JoinedSource[Paths.Count];
            for (int i = 0; i < sources.Length; i++)
            {
                current = Paths[i];
                sources[i] = new JoinedSource(Encoding.UTF8.GetBytes(Path.GetFileName(current)), current, tree.Stat(current));
            }

            return new JoinedSourceDirectory(tree, sources);
        }
        catch (FileSystemException error)
        {
            throw error.Error switch
            {
                FileError.NotFound or FileError.NotADirectory => new DirectoryNotFoundException($"The source '{current}' does not exist.", error),
                FileError.AccessDenied => new UnauthorizedAccessException($"The source '{current}' may not be read; run the backup as a user who may.", error),
                _ => new IOException($"The source '{current}' cannot be opened: {error.Message}", error),
            };
        }
    }
}
