using Freezer.Tests.Support;

namespace Freezer.Tests.Documentation;

/// <summary>Code in the documentation is code that is compiled and run: each block is a region of a test in this folder or of a sample, word for word.</summary>
public sealed class CodeInDocumentsTests
{
    private const string RegionStart = "#region";
    private const string RegionEnd = "#endregion";

    [Fact]
    public void Every_block_of_code_is_a_region_that_a_test_runs()
    {
        HashSet<string> regions = [.. Regions()];

        foreach (MarkdownDocument document in MarkdownDocument.All)
        {
            foreach (string block in document.Blocks("csharp"))
            {
                regions.Should().Contain(block, "this code stands in {0}, and a test has to run it", document.Name);
            }
        }
    }

    [Fact]
    public void Every_region_stands_in_a_document()
    {
        HashSet<string> blocks = [.. MarkdownDocument.All.SelectMany(static document => document.Blocks("csharp"))];

        Regions().Should().NotBeEmpty().And.OnlyContain(region => blocks.Contains(region));
    }

    private static List<string> Regions()
    {
        List<string> regions = [];
        foreach (string path in Sources())
        {
            List<string>? region = null;
            foreach (string line in File.ReadAllLines(path))
            {
                string trimmed = line.TrimStart();
                if (trimmed.StartsWith(RegionStart, StringComparison.Ordinal))
                {
                    region = [];
                }
                else if (trimmed.StartsWith(RegionEnd, StringComparison.Ordinal))
                {
                    regions.Add(Unindent(region!));
                    region = null;
                }
                else
                {
                    region?.Add(line);
                }
            }
        }

        return regions;
    }

    /// <summary>Where regions may stand: examples that are tests, and the samples that have tests, with these.</summary>
    private static IEnumerable<string> Sources() =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("tests", "Freezer.Core.Tests", "Documentation"), "*Examples.cs"),
        .. Directory.EnumerateFiles(Repository.PathOf("samples", "CustomStorage"), "*.cs"),
        .. Directory.EnumerateFiles(Repository.PathOf("samples", "CustomEngine"), "*.cs"),
        .. Directory.EnumerateFiles(Repository.PathOf("tests", "Freezer.Samples.Tests"), "*.cs"),
        .. Directory.EnumerateFiles(Repository.PathOf("tests", "Freezer.Storage.S3.Tests"), "*Examples.cs"),
    ];

    private static string Unindent(List<string> lines)
    {
        int indent = lines.Where(static line => line.Length > 0).Min(static line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[indent..]));
    }
}
