using System.IO.Pipelines;
using System.Text;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class KeyChecks
{
    private const int LongestKey = 1024;
    private const int LongestSegment = 255;

    /// <summary>Names that file systems, URLs, shells, regular expressions and databases like to stumble over.</summary>
    private static readonly (string What, string Key)[] _odd =
    [
        ("spaces", " a b/c  d/ "),
        ("dots", ".hidden/..also/.../d."),
        ("percent signs", "100%/%2e%2e/%2F/%00"),
        ("plus signs", "a+b/c+"),
        ("question marks and hashes", "a?b=c&d/#fragment"),
        ("wildcards", "*/?/[a-z]/{b,c}/_%"),
        ("quotes", "it's/\"quoted\"/`tick`"),
        ("colons and bars", "C:/a|b/<c>"),
        ("shell characters", "-rf/~/$HOME/a;b&&c"),
        ("commas and equals signs", "a=b,c=d/(e)/@f!"),
        ("accents", "p\u00e4th/\u00e9"),
        ("combining accents", "pa\u0308th/e\u0301"),
        ("other scripts", "\u65e5\u672c\u8a9e/\u0440\u0443\u0441/\u0639"),
        ("characters beyond the basic plane", "\U0001F642/\U0001F9CA"),
        ("digits", "0/00/007/-1/1e3"),
        ("reserved words", "con/nul.txt/aux/index.html"),
        ("many segments", string.Join('/', Enumerable.Repeat("d", 100))),
        ("an extension that means something", "a/data.tar.gz/metadata.json"),
    ];

    internal static IEnumerable<StorageCheck> All =>
    [
        .. _odd.Select(static odd => new StorageCheck($"A key with {odd.What} is kept as it is", Rules.Keys, async s =>
        {
            StorageEntry written = await s.PutAsync(odd.Key, "content").ConfigureAwait(false);
            s.Expect(written.Key == s.Key(odd.Key), $"the key {s.Key(odd.Key)}", written.Key.Value);
            await s.ExpectContentAsync(odd.Key, "content").ConfigureAwait(false);
            StorageEntry? found = await s.FindAsync(odd.Key).ConfigureAwait(false);
            s.Expect(found?.Key == s.Key(odd.Key), $"to find {odd.Key}", $"{found?.Key}");
            await s.ExpectListedAsync("", odd.Key).ConfigureAwait(false);
            await s.DeleteAsync(odd.Key).ConfigureAwait(false);
            await s.ExpectListedAsync("").ConfigureAwait(false);
        })),
        new("The longest segment is taken", Rules.Keys, static s => KeepsAsync(s, new string('s', LongestSegment))),
        new("The longest segment is taken where its bytes are not letters", Rules.Keys, static s => KeepsAsync(s, new string('\u00e9', LongestSegment / 2) + "x")),
        new("The longest key is taken", Rules.Keys, static s =>
        {
            StringBuilder name = new();
            for (int left = LongestKey - s.Prefix.Length - 1; left > 0;)
            {
                int length = Math.Min(left, LongestSegment);
                name.Append('k', length == left - 1 ? length - 1 : length).Append('/');
                left -= length == left - 1 ? length : length + 1;
            }

            return KeepsAsync(s, name.ToString().TrimEnd('/'));
        }),
        new("Keys that differ in case are different", Rules.Keys, static s => DifferAsync(s, "Case/a", "case/a", "case/A")),
        new("Keys that differ in how an accent is made are different", Rules.Keys, static s => DifferAsync(s, "\u00e9", "e\u0301")),
        new("Keys that differ in an escape are different", Rules.Keys, static s => DifferAsync(s, "a b", "a%20b", "a+b")),
        new("Keys that differ in a space at the end are different", Rules.Keys, static s => DifferAsync(s, "a", "a ", " a")),
        .. Verbs.Select(static verb => new StorageCheck($"An empty key is refused by {verb.Name}", Rules.EmptyKey, async s =>
        {
            await s.PutAsync("a", "content").ConfigureAwait(false);
            await s.ThrowsAsync<ArgumentException>(() => verb.Call(s), $"{verb.Name} to refuse an empty key with an ArgumentException").ConfigureAwait(false);
            await s.ExpectListedAsync("", "a").ConfigureAwait(false);
        })),
    ];

    private static (string Name, Func<StorageScratch, Task> Call)[] Verbs =>
    [
        ("WriteAsync", static s => s.Storage.WriteAsync(default, PipeReader.Create(new([1])), WriteOptions.Replace, s.CancellationToken)),
        ("ReadAsync", static s => s.Storage.ReadAsync(default, new Pipe().Writer, ReadOptions.Whole, s.CancellationToken)),
        ("FindAsync", static s => s.Storage.FindAsync(default, s.CancellationToken)),
        ("DeleteAsync", static s => s.Storage.DeleteAsync(default, s.CancellationToken)),
    ];

    private static async Task KeepsAsync(StorageScratch s, string name)
    {
        await s.PutAsync(name, "content").ConfigureAwait(false);
        await s.ExpectContentAsync(name, "content").ConfigureAwait(false);
        await s.ExpectListedAsync("", name).ConfigureAwait(false);
    }

    private static async Task DifferAsync(StorageScratch s, params string[] names)
    {
        foreach (string name in names)
        {
            await s.PutAsync(name, $"of '{name}'").ConfigureAwait(false);
        }

        foreach (string name in names)
        {
            await s.ExpectContentAsync(name, $"of '{name}'").ConfigureAwait(false);
        }

        await s.ExpectListedAsync("", names).ConfigureAwait(false);
    }
}
