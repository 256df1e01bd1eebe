using System.Text;
using Freezer.Engines.Tar.Exclude;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Exclude;

public sealed class IgnoreRulesTests
{
    [Theory]
    [InlineData("a", "a", true)]
    [InlineData("a", "b/a", true)]
    [InlineData("a", "ab", false)]
    [InlineData("/a", "a", true)]
    [InlineData("/a", "b/a", false)]
    [InlineData("b/a", "b/a", true)]
    [InlineData("b/a", "c/b/a", false)]
    [InlineData("*.o", "x/y.o", true)]
    [InlineData("*.o", "o", false)]
    [InlineData("a*", "a", true)]
    [InlineData("x/*", "x/y", true)]
    [InlineData("x/*", "x/y/z", false)]
    [InlineData("**/a", "a", true)]
    [InlineData("**/a", "x/y/a", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**", "a/x/y", true)]
    [InlineData("a/**/b", "a/b", true)]
    [InlineData("a/**/b", "a/x/y/b", true)]
    [InlineData("a/**/b", "a/x/y/c", false)]
    [InlineData("a/**/b/**/c", "a/b/x/b/c", true)]
    [InlineData("a**b", "axxb", true)]
    [InlineData("?", "a", true)]
    [InlineData("?", "ab", false)]
    [InlineData("[a-c]", "b", true)]
    [InlineData("[!a-c]", "b", false)]
    [InlineData("[^a-c]", "d", true)]
    [InlineData("[]x]", "]", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[[:digit:]x]", "7", true)]
    [InlineData("[[:digit:]x]", "x", true)]
    [InlineData("[[:upper:]]", "a", false)]
    [InlineData("[a", "[a", false)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    [InlineData("\\#a", "#a", true)]
    [InlineData("\\!a", "!a", true)]
    [InlineData("#a", "#a", false)]
    [InlineData("a  ", "a", true)]
    [InlineData("a\\ ", "a ", true)]
    [InlineData("a\\", "a\\", false)]
    [InlineData("", "a", false)]
    [InlineData("/", "a", false)]
    [InlineData("ä?", "äx", true)]
    public void One_pattern(string pattern, string path, bool isExcluded) =>
        new IgnoreRules([pattern]).IsExcluded(Encoding.UTF8.GetBytes(path), isDirectory: false).Should().Be(isExcluded);

    [Fact]
    public void A_slash_at_the_end_means_directories()
    {
        var rules = new IgnoreRules(["build/"]);
        rules.IsExcluded("x/build"u8, isDirectory: true).Should().BeTrue();
        rules.IsExcluded("x/build"u8, isDirectory: false).Should().BeFalse();
    }

    [Fact]
    public void The_last_pattern_that_matches_decides()
    {
        var rules = new IgnoreRules(["*.log", "!keep.log", "/sub/keep.log"]);
        rules.IsExcluded("a.log"u8, isDirectory: false).Should().BeTrue();
        rules.IsExcluded("keep.log"u8, isDirectory: false).Should().BeFalse();
        rules.IsExcluded("sub/keep.log"u8, isDirectory: false).Should().BeTrue();
    }

    [Fact]
    public void Names_that_are_no_text_are_matched_by_their_bytes() =>
        new IgnoreRules(["*.o"]).IsExcluded([0xFF, .. ".o"u8], isDirectory: false).Should().BeTrue();

    [Fact]
    public void A_pattern_of_many_stars_takes_no_time() =>
        new IgnoreRules(["**/" + string.Concat(Enumerable.Repeat("*a", 60)) + "/**/" + string.Concat(Enumerable.Repeat("*b", 60))])
            .IsExcluded(Encoding.ASCII.GetBytes(string.Join('/', Enumerable.Repeat(new string('a', 200), 100))), isDirectory: false).Should().BeFalse();

    [SkippableFact]
    public void Git_agrees_on_random_patterns_and_names()
    {
        Tool.Require("git");
        using var scratch = new ScratchDirectory();
        Tool.Run("git", ["init", "-q", scratch.Path]);
        var random = new Random(1);
        for (int round = 0; round < 40; round++)
        {
            string[] patterns = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pattern(random))];
            string[] paths = [.. Enumerable.Range(0, 60).Select(_ => Name(random)).Distinct()];
            File.WriteAllLines(Path.Combine(scratch.Path, ".gitignore"), patterns);
            (_, string output, _) = Tool.TryRunWith(
                Encoding.UTF8.GetBytes(string.Join('\0', paths) + '\0'), "git", "-C", scratch.Path, "check-ignore", "--no-index", "--stdin", "-z");
            string[] expected = output.Split('\0', StringSplitOptions.RemoveEmptyEntries);
            var rules = new IgnoreRules(patterns);
            paths.Where(path => IsExcludedOnTheWay(rules, path)).Should().BeEquivalentTo(expected, $"the patterns are {string.Join(" and ", patterns)}");
        }
    }

    /// <summary>As the walk asks: a directory that is excluded is not entered.</summary>
    private static bool IsExcludedOnTheWay(IgnoreRules rules, string path)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (rules.IsExcluded(Encoding.UTF8.GetBytes(path[..slash]), isDirectory: true))
            {
                return true;
            }
        }

        return rules.IsExcluded(Encoding.UTF8.GetBytes(path), isDirectory: false);
    }

    private static string Pattern(Random random)
    {
        string[] parts = ["a", "b", "*", "?", "**", "/", "/", "[ab]", "[!a]", "\\a", ".o", "**/", "/**"];
        string pattern = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => parts[random.Next(parts.Length)]));
        return random.Next(5) == 0 ? "!" + pattern : pattern;
    }

    private static string Name(Random random) =>
        string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ =>
            string.Concat(Enumerable.Range(0, random.Next(1, 3)).Select(_ => "aab.o"[random.Next(5)])) + "c"[..random.Next(2)]).Select(static name => name is "." or ".." ? "a" : name));
}
