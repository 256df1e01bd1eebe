using Freezer.Tests.Support;

namespace Freezer.Tests.Documentation;

/// <summary>A page of the documentation, and the code that stands in it.</summary>
internal sealed class MarkdownDocument
{
    private const string Fence = "```";

    private readonly string[] _lines;

    internal MarkdownDocument(string path)
    {
        Name = Path.GetRelativePath(Repository.Root, path);
        _lines = File.ReadAllLines(path);
    }

    /// <summary>README.md and the pages below docs.</summary>
    internal static IEnumerable<MarkdownDocument> All =>
        [.. Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Prepend(Repository.PathOf("README.md")).Select(static path => new MarkdownDocument(path))];

    internal string Name { get; }

    /// <summary>The fenced blocks of a language, without their fences.</summary>
    /// <param name="language">The word behind the fence.</param>
    /// <param name="heading">Only those below this heading; <see langword="null"/> for all.</param>
    internal IEnumerable<string> Blocks(string language, string? heading = null)
    {
        bool isBelow = heading is null;
        for (int i = 0; i < _lines.Length; i++)
        {
            if (_lines[i].StartsWith('#') && heading is not null)
            {
                isBelow = _lines[i].TrimStart('#').Trim() == heading;
            }

            if (!_lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                continue;
            }

            int end = Array.IndexOf(_lines, Fence, i + 1);
            if (end < 0)
            {
                throw new InvalidDataException($"{Name}: the block that begins in line {i + 1} does not end.");
            }

            if (isBelow && _lines[i][Fence.Length..] == language)
            {
                yield return string.Join('\n', _lines[(i + 1)..end]);
            }

            i = end;
        }
    }
}
