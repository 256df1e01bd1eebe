using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>A restore into a directory that holds something: what the chain gave up goes, and what is not the chain's stays.</summary>
public sealed class RestoreOverTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _source;
    private readonly Store _store;

    public RestoreOverTests()
    {
        _source = _scratch.Make("source");
        _store = new Store(Path.Combine(_scratch.Path, "store"));
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_directory_that_several_levels_filled_and_the_last_one_lacks_goes_without_a_remark()
    {
        await TakeThreeLevelsAsync();
        string target = await RestoreLevelOneAsync();

        RestoreResult result = await _store.OpenEngine().RestoreAsync(_store.Name, target, new RestoreOptions { Overwrite = true });

        result.Notes.Should().BeEmpty();
        Directory.EnumerateFileSystemEntries(target).Should().BeEmpty();
    }

    [Fact]
    public async Task A_directory_that_stays_for_a_name_of_its_own_is_told_once()
    {
        await TakeThreeLevelsAsync();
        string target = await RestoreLevelOneAsync();
        File.WriteAllText(Path.Combine(target, "folder", "stranger"), "mine");

        RestoreResult result = await _store.OpenEngine().RestoreAsync(_store.Name, target, new RestoreOptions { Overwrite = true });

        result.Notes.Should().ContainSingle().Which.Path.Should().Be(EntryPath.Parse("folder"));
        Directory.EnumerateFileSystemEntries(Path.Combine(target, "folder")).Should().Equal(Path.Combine(target, "folder", "stranger"));
    }

    /// <summary>A folder with a file, one more file in it, and nothing.</summary>
    private async Task TakeThreeLevelsAsync()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_source, "folder")).FullName;
        for (int level = 0; level < 2; level++)
        {
            File.WriteAllText(Path.Combine(folder, $"file-{level}"), "1");
            await _store.OpenEngine().BackupAsync(_source, _store.Name);
        }

        Directory.Delete(folder, recursive: true);
        (await _store.OpenEngine().BackupAsync(_source, _store.Name)).Backup.Level.Should().Be(2);
    }

    private async Task<string> RestoreLevelOneAsync()
    {
        string target = Path.Combine(_scratch.Path, "target");
        DateTimeOffset last = default;
        await foreach (Backup backup in new Catalog.BackupCatalog(_store.OpenEngine().Storage).ListAsync())
        {
            last = backup.Level == 1 ? backup.Timestamp : last;
        }

        await _store.OpenEngine().RestoreAsync(_store.Name, target, new RestoreOptions { To = last });
        Directory.EnumerateFiles(Path.Combine(target, "folder")).Should().HaveCount(2);
        return target;
    }
}
