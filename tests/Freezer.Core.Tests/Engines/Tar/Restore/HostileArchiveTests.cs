using System.Security.Cryptography;
using System.Text;
using Freezer.Platform;
using Freezer.Tests.Engines.Tar.Create;
using Freezer.Tests.Support;
using Xunit.Abstractions;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>A thousand attacks, as root where the tests run as root: whatever an archive says, nothing outside of the destination is created, changed, removed or read.</summary>
public sealed class HostileArchiveTests : IDisposable
{
    private const int Archives = 1_000;
    private const int Manifests = 200;
    private const int SetIdBits = 0xC00;

    private readonly ScratchDirectory _scratch = new();
    private readonly string _sentinelHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sentinel)));
    private readonly ITestOutputHelper _output;
    private readonly string _outside;

    public HostileArchiveTests(ITestOutputHelper output)
    {
        _output = output;
        _outside = _scratch.Make("outside");
        Directory.CreateDirectory(Path.Combine(_outside, "d"));
        File.WriteAllText(Path.Combine(_outside, "secret"), Sentinel);
        File.WriteAllText(Path.Combine(_outside, "d", "inner"), Sentinel);
    }

    private static string Sentinel => "the sentinel that nobody reads";

    /// <summary>A new one for each attack.</summary>
    private string Destination { get; set; } = "";

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task Every_attack_ends_in_an_error_or_stays_within_the_destination()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "sockets, devices and times of change are looked at as Linux has them");
        string before = Outside();
        int refused = 0;
        for (int seed = 0; seed < Archives; seed++)
        {
            var attack = new HostileArchives(seed, _outside);
            byte[][] levels = attack.Make();
            bool overwrites = seed % 3 == 0;
            Prepare(seed, overwrites);

            refused += await RestoreAsync(
                new RestoreOptions { Untrusted = true, Overwrite = overwrites },
                [.. levels.Select(static (archive, level) => new StoredLevel(Levels.Make(level), archive, null))],
                attack.Story) ? 0 : 1;

            Outside().Should().Be(before, attack.Story);
            ShouldBeContained(attack.Story);
            if (overwrites)
            {
                File.ReadAllText(Path.Combine(Destination, "own", "mine")).Should().Be("mine", attack.Story);
            }
        }

        refused.Should().BeInRange(Archives / 10, Archives - (Archives / 10), "both ends are met");
        _output.WriteLine($"{Archives} archives: {refused} ended in an error, {Archives - refused} in a restore within the destination.");
    }

    [SkippableFact]
    public async Task Manifests_that_lie_end_in_an_error_or_stay_within_the_destination()
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux(), "times of change are looked at as Linux has them");
        string source = _scratch.Make("source");
        new TreeMutator(source, seed: 7).Grow(25);
        TarLevel full = await TarLevel.TakeAsync(source);
        TarLevel increment = await TarLevel.TakeAsync(source, full);
        string before = Outside();
        var random = new Random(7);
        for (int i = 0; i < Manifests; i++)
        {
            byte[] manifest = [.. increment.Manifest];
            string story = $"manifest {i}";
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                int at = random.Next(manifest.Length - 3);
                byte[] bytes = random.Next(3) switch
                {
                    0 => "../"u8.ToArray(),
                    1 => [(byte)random.Next(256)],
                    _ => "/x"u8.ToArray(),
                };
                bytes.CopyTo(manifest, at);
                story += $", {Convert.ToHexString(bytes)} at {at}";
            }

            Prepare(i, overwrites: false);
            await RestoreAsync(
                new RestoreOptions { Untrusted = true },
                [new StoredLevel(full.Backup, full.Archive, full.Manifest), new StoredLevel(increment.Backup, increment.Archive, manifest)],
                story);

            Outside().Should().Be(before, story);
            ShouldBeContained(story);
        }
    }

    /// <summary>Restores; false where that ended in an error, which must be one that a restore is allowed to end in.</summary>
    private async Task<bool> RestoreAsync(RestoreOptions options, IReadOnlyList<StoredLevel> levels, string story)
    {
        try
        {
            await RestoreBench.RunAsync(Destination, FileTree.ForThisMachine, options, new StoredChain(levels), default);
            return true;
        }
        catch (Exception e)
        {
            return e is BackupException ? false : throw new InvalidOperationException(story, e);
        }
    }

    /// <summary>Makes an empty destination, or one with what an application may have there: among it a link to the outside.</summary>
    private void Prepare(int attack, bool overwrites)
    {
        Destination = Path.Combine(_scratch.Path, $"destination-{attack}");
        Directory.CreateDirectory(Destination);
        if (overwrites)
        {
            Directory.CreateDirectory(Path.Combine(Destination, "own"));
            File.WriteAllText(Path.Combine(Destination, "own", "mine"), "mine");
            File.WriteAllText(Path.Combine(Destination, "users-file"), "mine");
            File.CreateSymbolicLink(Path.Combine(Destination, "users-link"), "../outside");
        }
    }

    /// <summary>What is outside, with every time that a change or a further name would show in.</summary>
    private string Outside()
    {
        List<string> lines = [];
        using SourceDirectory root = FileTree.ForThisMachine.OpenSource(_outside);
        Describe(root, "outside", lines);
        lines.Add(string.Join(' ', Directory.GetFileSystemEntries(_scratch.Path).Order(StringComparer.Ordinal).Select(Path.GetFileName).Where(static name => !name!.StartsWith("destination-", StringComparison.Ordinal))));
        return string.Join('\n', lines);
    }

    private static void Describe(SourceDirectory directory, string path, List<string> lines)
    {
        lines.Add($"{path} {directory.Status}");
        DirectoryListing listing = directory.List(default);
        for (int i = 0; i < listing.Count; i++)
        {
            string name = $"{path}/{EntryPath.ToText(listing.Name(i))}";
            if (listing.Status(i).Kind == FileKind.Directory)
            {
                using SourceDirectory inside = directory.OpenDirectory(listing.Name(i));
                Describe(inside, name, lines);
            }
            else
            {
                lines.Add($"{name} {listing.Status(i)}");
            }
        }
    }

    /// <summary>Nothing in the destination gives anybody a right, or holds what is outside.</summary>
    private void ShouldBeContained(string story)
    {
        foreach ((EntryPath path, string details) in TreeSnapshot.Take(Destination, TreeAspects.Modes).Entries)
        {
            string[] words = details.Split(' ');
            bool givesRights = words[0].EndsWith("Device", StringComparison.Ordinal) || (words[1] != "-" && (Convert.ToInt32(words[1], 8) & SetIdBits) != 0);
            if (givesRights || details.Contains(_sentinelHash, StringComparison.Ordinal))
            {
                Assert.Fail($"{path} is {details}: {story}");
            }
        }
    }
}
