using Freezer.Catalog;
using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar;

/// <summary>Trees of which something is damaged: which files are lost at which levels, and what comes back all the same.</summary>
public sealed class DamagedTreeTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    private static readonly VerifyOptions _content = new() { All = true, Depth = VerifyDepth.Content };

    private readonly ScratchDirectory _scratch = new();
    private readonly EncryptedRepository _encrypted = EncryptedRepository.CreateAsync().GetAwaiter().GetResult();
    private readonly string _source;
    private MemoryStorage _storage = new MemoryStorage();
    private TarEngine _engine;

    public DamagedTreeTests()
    {
        _source = _scratch.Make("source");
        _engine = new TarEngine(_storage);
    }

    public void Dispose()
    {
        _encrypted.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Damage_in_an_archive_costs_the_files_that_lie_there_at_the_levels_that_have_them(bool encrypted)
    {
        List<Backup> chain = await FillAsync(encrypted);
        string archive = KeyOf(chain[0], "data");
        // In the mebibyte from 2 Mi on "b" ends and most of "c" lies. "a" is in the first one alone: encryption moves the borders by some bytes, so that a file
        // in the one in front would be lost with it.
        await DamageAsync(archive, (Megabyte * 5) / 2);

        VerifyResult result = await _engine.VerifyAsync("home", _content);

        Defect defect = result.Defects.Should().ContainSingle().Subject;
        defect.Kind.Should().Be(DefectKind.Altered);
        defect.Object.Value.Should().Be(archive);
        defect.Offset.Should().Be(2 * Megabyte);
        defect.Length.Should().Be(Megabyte);
        defect.Lost.Select(static lost => (lost.Backup.Level, lost.Path.ToString())).Should().Equal(
            (0, "b"), (0, "c"), (0, "c again"), (1, "b"), (1, "c"), (1, "c again"));
        result.Backups.Select(static backup => backup.Restores).Should().Equal(false, false, true);
        (await RestoreAsync(chain[2], skipDamaged: false)).Outcome.Should().Be(BackupOutcome.Complete);
        await FluentActions.Awaiting(() => RestoreAsync(chain[1], skipDamaged: false)).Should().ThrowAsync<BackupDamagedException>();

        RestoreResult restored = await RestoreAsync(chain[1], skipDamaged: true);
        restored.Outcome.Should().Be(BackupOutcome.CompleteWithSkips);
        restored.Skips.Should().Contain(static skip => skip.Path.ToString() == "c" && skip.Kind == SkipKind.Damaged);
        restored.Skips.Select(static skip => skip.Path.ToString()).Should().BeEquivalentTo("b", "c", "c again");
        FilesOf(restored).Should().Equal("a", "d", "e", "small/1", "small/2", "small/3");
    }

    [Fact]
    public async Task A_missing_archive_costs_what_it_holds_and_nothing_else()
    {
        List<Backup> chain = await FillAsync(encrypted: false);
        await _storage.DeleteAsync(StorageKey.Parse(KeyOf(chain[1], "data")));

        VerifyResult result = await _engine.VerifyAsync("home", _content);

        Defect defect = result.Defects.Should().ContainSingle().Subject;
        defect.Kind.Should().Be(DefectKind.Missing);
        defect.Lost.Select(static lost => (lost.Backup.Level, lost.Path.ToString())).Should().Equal((1, "e"), (1, "small/2"), (2, "e"), (2, "small/2"));
        result.Backups.Select(static backup => backup.Restores).Should().Equal(true, false, false);
        RestoreResult restored = await RestoreAsync(chain[2], skipDamaged: true);
        restored.Skips.Select(static skip => skip.Path.ToString()).Should().BeEquivalentTo("e", "small/2");
        FilesOf(restored).Should().Equal("a", "d", "small/1", "small/3");
    }

    [Theory]
    [InlineData("engine_metadata", false)]
    [InlineData("engine_metadata", true)]
    [InlineData("index", false)]
    [InlineData("index", true)]
    public async Task A_damaged_manifest_or_index_costs_no_file(string role, bool encrypted)
    {
        List<Backup> chain = await FillAsync(encrypted);
        await _storage.PutAsync(KeyOf(chain[2], role), new byte[(await _storage.GetAsync(KeyOf(chain[2], role))).Length]);

        VerifyResult result = await _engine.VerifyAsync("home", _content);
        result.Defects.Should().ContainSingle().Which.Object.Value.Should().Be(KeyOf(chain[2], role));
        result.Backups.Select(static backup => backup.Restores).Should().Equal(true, true, false);
        await FluentActions.Awaiting(() => RestoreAsync(chain[2], skipDamaged: false)).Should().ThrowAsync<BackupDamagedException>();

        RestoreResult restored = await RestoreAsync(chain[2], skipDamaged: true);
        restored.Skips.Should().BeEmpty();
        TreeSnapshot.Take(DestinationOf(restored)).DifferencesTo(TreeSnapshot.Take(_source)).Should().BeEmpty();
    }

    [Fact]
    public async Task Where_index_and_archive_are_damaged_nothing_of_the_level_is_believed()
    {
        List<Backup> chain = await FillAsync(encrypted: false);
        await DamageAsync(KeyOf(chain[2], "index"), 0);
        await DamageAsync(KeyOf(chain[2], "data"), 600);
        await _storage.DeleteAsync(StorageKey.Parse(KeyOf(chain[2], "engine_metadata")));

        RestoreResult restored = await RestoreAsync(chain[2], skipDamaged: true);

        restored.Skips.Should().ContainSingle().Which.Should().Match<SkippedEntry>(static skip => skip.Path.IsRoot && skip.Kind == SkipKind.Damaged);
        FilesOf(restored).Should().Contain("a").And.Contain("c");
    }

    [Fact]
    public async Task Of_a_whole_chain_each_archive_is_read_twice_once_for_its_digest_and_once_for_its_content()
    {
        List<Backup> chain = await FillAsync(encrypted: false);
        var counting = new ReadCounter(_storage);

        await new TarEngine(counting, null, new BackupEngineOptions { Parallelism = 1 }).VerifyAsync("home", _content);

        long length = (await _storage.GetAsync(KeyOf(chain[0], "data"))).Length;
        counting.BytesOf(KeyOf(chain[0], "data")).Should().BeLessThan((2 * length) + (2 * Megabyte));
    }

    /// <summary>Level 0 has a file of 900 KiB, and then others of 1,200 KiB each and a little; level 1 changes two of them; level 2 takes two of those away that are as they were.</summary>
    private async Task<List<Backup>> FillAsync(bool encrypted)
    {
        _storage = encrypted ? _encrypted.Storage : new MemoryStorage();
        _engine = new TarEngine(_storage, null, new BackupEngineOptions { Keys = encrypted ? _encrypted.Keys : null, Parallelism = 2, TimeProvider = OffsetClock.InAnHour });
        foreach (string name in (string[])["a", "b", "c", "d", "e"])
        {
            Write(name, seed: name[0]);
        }

        Tool.Run("ln", [Path.Combine(_source, "c"), Path.Combine(_source, "c again")]);
        Directory.CreateDirectory(Path.Combine(_source, "small"));
        for (int i = 1; i <= 3; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(_source, "small", $"{i}"), $"small file {i}");
        }

        List<Backup> chain = [await BackupAsync()];
        Write("e", seed: 1);
        await File.WriteAllTextAsync(Path.Combine(_source, "small", "2"), "changed");
        chain.Add(await BackupAsync());
        File.Delete(Path.Combine(_source, "b"));
        File.Delete(Path.Combine(_source, "c"));
        File.Delete(Path.Combine(_source, "c again"));
        chain.Add(await BackupAsync());
        chain.Select(static backup => backup.Level).Should().Equal(0, 1, 2);
        return chain;
    }

    private void Write(string name, int seed)
    {
        byte[] content = new byte[name == "a" ? 900 << 10 : 1200 << 10];
        new Random(seed).NextBytes(content);
        File.WriteAllBytes(Path.Combine(_source, name), content);
    }

    private async Task<Backup> BackupAsync() => (await _engine.BackupAsync(_source, "home", new BackupOptions { Compression = new Compression("none") })).Backup;

    private Task<RestoreResult> RestoreAsync(Backup backup, bool skipDamaged) =>
        _engine.RestoreAsync("home", Path.Combine(_scratch.Path, $"restored {backup.Level} {skipDamaged}"), new RestoreOptions { To = backup.Timestamp, SkipDamaged = skipDamaged });

    private string DestinationOf(RestoreResult result) => Path.Combine(_scratch.Path, $"restored {result.Backup.Level} {true}");

    private IEnumerable<string> FilesOf(RestoreResult result) =>
        Directory.EnumerateFiles(DestinationOf(result), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(DestinationOf(result), path)).Order(StringComparer.Ordinal);

    private async Task DamageAsync(string key, int offset)
    {
        byte[] content = await _storage.GetAsync(key);
        content[offset] ^= 1;
        await _storage.PutAsync(key, content);
    }

    private static string KeyOf(Backup backup, string role) => $"data/{BackupLocation.Of(backup).Folder}/{role}";
}
