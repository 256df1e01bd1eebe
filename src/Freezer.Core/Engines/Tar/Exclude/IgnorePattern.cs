using System.Text;

namespace Freezer.Engines.Tar.Exclude;

/// <summary>One line of a gitignore file.</summary>
internal sealed class IgnorePattern
{
    /// <summary>A component that stands for any number of directories is <see langword="null"/>.</summary>
    private readonly NamePattern?[] _components;
    private readonly bool _directoriesOnly;

    private IgnorePattern(NamePattern?[] components, bool isAnchored, bool isNegated, bool directoriesOnly)
    {
        _components = components;
        IsAnchored = isAnchored;
        IsNegated = isNegated;
        _directoriesOnly = directoriesOnly;
    }

    /// <summary>Whether the pattern is matched from the root, and not against the name alone.</summary>
    internal bool IsAnchored { get; }

    /// <summary>Whether it takes names in again.</summary>
    internal bool IsNegated { get; }

    /// <summary>Reads a line; <see langword="null"/> for one without a pattern.</summary>
    internal static IgnorePattern? Parse(string line)
    {
        ReadOnlySpan<byte> pattern = TrimEnd(Encoding.UTF8.GetBytes(line));
        if (pattern.IsEmpty || pattern[0] == (byte)'#')
        {
            return null;
        }

        bool isNegated = pattern[0] == (byte)'!';
        pattern = isNegated ? pattern[1..] : pattern;
        bool directoriesOnly = pattern.EndsWith("/"u8);
        pattern = directoriesOnly ? pattern[..^1] : pattern;
        bool isAnchored = pattern.Contains((byte)'/');
        pattern = pattern.StartsWith("/"u8) ? pattern[1..] : pattern;
        if (pattern.IsEmpty)
        {
            return null;
        }

        var components = new List<NamePattern?>();
        foreach (Range range in pattern.Split((byte)'/'))
        {
            ReadOnlySpan<byte> component = pattern[range];
            components.Add(isAnchored && NamePattern.IsAnyDirectories(component) ? null : new NamePattern(component));
        }

        return new IgnorePattern([.. components], isAnchored, isNegated, directoriesOnly);
    }

    internal bool Matches(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, bool isDirectory) =>
        (isDirectory || !_directoriesOnly)
        && (IsAnchored ? MatchesPath(path) : _components[0]!.Value.Matches(name));

    /// <summary>Component by component; goes back to the last "any directories" only.</summary>
    private bool MatchesPath(ReadOnlySpan<byte> path)
    {
        int p = 0;
        int at = 0;
        int afterAny = -1;
        int anyAt = 0;
        while (at < path.Length)
        {
            int length = path[at..].IndexOf((byte)'/');
            ReadOnlySpan<byte> component = length < 0 ? path[at..] : path.Slice(at, length);
            if (p < _components.Length && _components[p] is null)
            {
                if (p == _components.Length - 1)
                {
                    return true;
                }

                afterAny = ++p;
                anyAt = at;
            }
            else if (p < _components.Length && _components[p]!.Value.Matches(component))
            {
                p++;
                at += component.Length + 1;
            }
            else if (afterAny >= 0)
            {
                int skipped = path[anyAt..].IndexOf((byte)'/');
                p = afterAny;
                anyAt = skipped < 0 ? path.Length : anyAt + skipped + 1;
                at = anyAt;
            }
            else
            {
                return false;
            }
        }

        return p == _components.Length;
    }

    /// <summary>Takes blanks off the end, but for one that a backslash takes as it is.</summary>
    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd("\r\n"u8);
        while (line.EndsWith(" "u8) && !IsEscaped(line[..^1]))
        {
            line = line[..^1];
        }

        return line;
    }

    private static bool IsEscaped(ReadOnlySpan<byte> before) => ((before.Length - before.TrimEnd((byte)'\\').Length) & 1) != 0;
}
