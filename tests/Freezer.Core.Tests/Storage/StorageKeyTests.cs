using System.Text;
using Freezer.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Storage;

public sealed class StorageKeyTests
{
    public static TheoryData<string, string> Rejected => new()
    {
        { "", "empty" },
        { "/a", "empty segment" },
        { "a/", "empty segment" },
        { "a//b", "empty segment" },
        { "/", "empty segment" },
        { ".", "segment '.'" },
        { "..", "segment '..'" },
        { "a/../b", "segment '..'" },
        { "../a", "segment '..'" },
        { "a/..", "segment '..'" },
        { "a/./b", "segment '.'" },
        { "a\\b", "backslash" },
        { "..\\b", "backslash" },
        { "a\0b", "control" },
        { "a\nb", "control" },
        { "a\u007fb", "control" },
        { "a\u0085b", "control" },
        { new string('s', 256), "256 bytes" },
        { "a/" + new string('é', 128), "256 bytes" },
        { string.Join('/', Enumerable.Repeat(new string('s', 204), 5)) + "x", "1024 bytes" },
    };

    [Theory]
    [MemberData(nameof(Rejected))]
    public void What_could_leave_the_root_or_mislead_is_rejected(string value, string reason)
    {
        StorageKey.TryParse(value, out StorageKey key).Should().BeFalse();
        key.Should().Be(default(StorageKey));
        FluentActions.Invoking(() => StorageKey.Parse(value)).Should().Throw<ArgumentException>().WithMessage($"*{reason}*");
        if (value.Length > 0)
        {
            FluentActions.Invoking(() => StoragePrefix.Parse(value)).Should().Throw<ArgumentException>().WithMessage($"*{reason}*");
        }
    }

    /// <summary>Not in the theory, since a test runner hands its data over as UTF-8, in which these cannot be.</summary>
    [Fact]
    public void Unpaired_surrogates_are_rejected()
    {
        foreach (string value in new[] { "a\ud800", "\udc00a/b", "\udc00\ud800", "\ud83d/\ude42" })
        {
            What_could_leave_the_root_or_mislead_is_rejected(value, "surrogate");
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("...")]
    [InlineData("..a/.b/c..")]
    [InlineData(" ")]
    [InlineData("🙂/\uFFFD")]
    public void Unusual_but_harmless_keys_are_accepted(string value)
    {
        StorageKey.Parse(value).Value.Should().Be(value);
        StoragePrefix.Parse(value).Value.Should().Be(value);
    }

    [Fact]
    public void The_longest_lengths_are_accepted()
    {
        string key = string.Join('/', Enumerable.Repeat(new string('s', 204), 5));

        Encoding.UTF8.GetByteCount(key).Should().Be(1024);
        StorageKey.TryParse(key, out _).Should().BeTrue();
        StorageKey.TryParse(new string('s', 255), out _).Should().BeTrue();
        StorageKey.TryParse(null, out _).Should().BeFalse();
    }

    [Fact]
    public void A_message_shows_no_control_character()
    {
        FluentActions.Invoking(() => StorageKey.Parse("a\u001b[2Jb"))
            .Should().Throw<ArgumentException>().Which.Message.Should().Contain("\\x1b").And.NotContain("\u001b");
    }

    [Fact]
    public void Keys_compare_as_their_bytes_do() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Texts().ToArbitrary(), Texts().ToArbitrary(), (left, right) =>
        {
            int bytes = Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
            StorageKey a = StorageKey.Parse(left);
            StorageKey b = StorageKey.Parse(right);
            return Math.Sign(a.CompareTo(b)) == Math.Sign(bytes)
                && (a < b) == (bytes < 0) && (a > b) == (bytes > 0) && (a <= b) == (bytes <= 0) && (a >= b) == (bytes >= 0)
                && (a == b) == (bytes == 0) && (a != b) == (bytes != 0);
        }));

    [Fact]
    public void A_text_is_a_key_when_no_rule_speaks_against_it() =>
        Check.QuickThrowOnFailure(Prop.ForAll(AnyTexts().ToArbitrary(), text =>
        {
            bool expected = text.Length > 0
                && !text.Any(c => char.IsControl(c) || c == '\\')
                && text.Split('/').All(segment => segment is not ("" or "." or ".."))
                && text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);
            return StorageKey.TryParse(text, out StorageKey key) == expected && (!expected || key.Value == text);
        }));

    [Fact]
    public void A_key_is_below_the_prefixes_that_are_its_first_segments() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Texts().ToArbitrary(), Texts().ToArbitrary(), (key, prefix) =>
            StorageKey.Parse(key).IsBelow(StoragePrefix.Parse(prefix)) == key.StartsWith(prefix + "/", StringComparison.Ordinal)
            && StorageKey.Parse($"{prefix}/{key}").IsBelow(StoragePrefix.Parse(prefix))
            && StorageKey.Parse(key).IsBelow(StoragePrefix.Root)));

    /// <summary>Short texts of few characters, so that common beginnings are frequent; some sort differently in UTF-16.</summary>
    private static Gen<string> Texts() =>
        Gen.Elements("a", "b", "-", "0", "é", "\uD7FF", "\uE000", "\uFB01", "\U00010000", "🙂", "a/b", "a/a")
            .NonEmptyListOf().Select(parts => string.Concat(parts.Take(10)));

    private static Gen<string> AnyTexts() =>
        Gen.Elements("a", "b", ".", "..", "/", "\\", "\0", "\n", "\u0085", "\ud83d", "\ude42", "🙂", "é")
            .ListOf().Select(parts => string.Concat(parts.Take(10)));
}
