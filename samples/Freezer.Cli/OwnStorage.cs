namespace Freezer.Cli;

/// <summary>Finds storages that lie below what is backed up to them: a backup that held its own storage would be twice as large each time.</summary>
internal static class OwnStorage
{
    /// <summary>The patterns by which the storages are left out.</summary>
    /// <exception cref="ArgumentException">A source is a storage.</exception>
    internal static IEnumerable<string> PatternsFor(string[] sources, StorageAddress[] storages)
    {
        foreach (DirectoryAddress storage in storages.OfType<DirectoryAddress>())
        {
            foreach (string source in sources)
            {
                string[] below = Path.GetRelativePath(source, storage.Path).Split(Path.DirectorySeparatorChar);
                if (below is ["."])
                {
                    throw new ArgumentException($"'{source}' is the storage itself: it cannot be backed up to itself.");
                }

                if (below[0] != ".." && !Path.IsPathRooted(below[0]))
                {
                    // Several sources stand below their names.
                    string root = sources.Length == 1 ? "" : $"/{Escape(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))))}";
                    yield return $"{root}/{string.Join('/', below.Select(Escape))}";
                }
            }
        }
    }

    private static string Escape(string name) => new[] { "\\", "*", "?", "[", "]", " " }
        .Aggregate(name, static (text, special) => text.Replace(special, $"\\{special}", StringComparison.Ordinal));
}
