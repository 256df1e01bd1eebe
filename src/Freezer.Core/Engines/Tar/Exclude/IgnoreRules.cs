namespace Freezer.Engines.Tar.Exclude;

/// <summary>The patterns of a gitignore file. The last one that matches decides. Safe from any thread.</summary>
/// <remarks>gitignore(5). What is in an excluded directory is never asked for, so it cannot be taken in again.</remarks>
internal sealed class IgnoreRules
{
    private readonly IgnorePattern[] _patterns;

    internal IgnoreRules(IReadOnlyList<string> lines)
    {
        var patterns = new List<IgnorePattern>();
        foreach (string line in lines)
        {
            if (IgnorePattern.Parse(line) is { } pattern)
            {
                patterns.Add(pattern);
            }
        }

        _patterns = [.. patterns];
    }

    internal bool IsEmpty => _patterns.Length == 0;

    /// <param name="path">The entry's path from the root.</param>
    /// <param name="isDirectory">Whether the entry is a directory.</param>
    internal bool IsExcluded(ReadOnlySpan<byte> path, bool isDirectory)
    {
        ReadOnlySpan<byte> name = path[(path.LastIndexOf((byte)'/') + 1)..];
        for (int i = _patterns.Length - 1; i >= 0; i--)
        {
            if (_patterns[i].Matches(path, name, isDirectory))
            {
                return !_patterns[i].IsNegated;
            }
        }

        return false;
    }
}
