using System.Security.Cryptography;
using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Tests.Support;
using Xunit.Abstractions;

namespace Freezer.Tests.Storage.PowerCut;

/// <summary>The power is cut after every single operation of a history of backups and deletions, and what was not synced is lost in every way.</summary>
public sealed class PowerCutTests(ITestOutputHelper output) : IDisposable
{
    private const string Name = "home";
    private const int RandomLosses = 2;

    private readonly ScratchDirectory _scratch = new();
    private readonly ManualTime _time = new();
    private readonly RecordingFiles _files = new();
    private readonly List<Acknowledgement> _told = [];

    private string Root => Path.Combine(_scratch.Path, "storage");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Whatever_was_acknowledged_is_there_after_a_power_cut_at_any_point()
    {
        await MakeHistoryAsync();
        IReadOnlyList<FileOperation> operations = _files.Operations;
        int points = 0;
        var seen = new HashSet<string>();
        for (int count = 0; count <= operations.Count; count++)
        {
            int told = operations.Take(count).Count(static operation => operation is Acknowledged);
            foreach ((Loss loss, int seed) in Losses)
            {
                points++;
                SortedDictionary<string, byte[]?> left = SimulatedDisk.CutAfter(operations.Take(count), Root, loss, (seed * 1_000) + count);
                if (seen.Add($"{told} {Fingerprint(left)}"))
                {
                    await ShouldHoldAsync(left, told, $"the power was cut after operation {count} of {operations.Count}, {(count == 0 ? "none" : operations[count - 1])}, with {loss}");
                }
            }
        }

        output.WriteLine($"{operations.Count} operations, {points} power cuts, {seen.Count} different disks.");
        seen.Count.Should().BeGreaterThan(100, "a cut that leaves what the one before left shows nothing new");
    }

    [Fact]
    public async Task A_storage_that_does_not_sync_its_directories_is_found_out()
    {
        await MakeHistoryAsync();
        await ShouldBeFoundOutAsync(static operation => operation is DirectorySynced);
    }

    [Fact]
    public async Task A_storage_that_does_not_sync_its_files_is_found_out()
    {
        await MakeHistoryAsync();
        await ShouldBeFoundOutAsync(static operation => operation is FileSynced);
    }

    private static IEnumerable<(Loss Loss, int Seed)> Losses =>
    [
        (Loss.Dropped, 0), (Loss.NamesWithoutContent, 0), (Loss.NamesWithTornContent, 0), .. Enumerable.Range(1, RandomLosses).Select(static seed => (Loss.Random, seed)),
    ];

    /// <summary>Two backups, the deletion of the second, and one more that takes its place.</summary>
    private async Task MakeHistoryAsync()
    {
        var storage = new FileStorage(Root, options: null, _files);
        DictionaryEngine engine = EngineOn(storage);
        SortedDictionary<string, byte[]> resource = engine.Resources["r"];
        List<BackupResult> taken = [];
        for (int i = 0; i < 2; i++)
        {
            resource[$"changes-{i % 2}"] = RandomNumberGenerator.GetBytes(200);
            taken.Add(await engine.BackupAsync("r", Name));
            Tell(taken[^1], resource);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        await new BackupCatalog(storage).DeleteAsync(taken[^1].Backup);
        _told.Add(new Acknowledgement(taken[^1].Backup.Timestamp, null));
        _files.Acknowledge();
        resource["last"] = RandomNumberGenerator.GetBytes(3);
        Tell(await engine.BackupAsync("r", Name), resource);
    }

    private void Tell(BackupResult result, SortedDictionary<string, byte[]> resource)
    {
        _told.Add(new Acknowledgement(result.Backup.Timestamp, new(resource, StringComparer.Ordinal)));
        _files.Acknowledge();
    }

    private DictionaryEngine EngineOn(IStorage storage) =>
        new(storage, new BackupEngineOptions { TimeProvider = _time, SourceHost = "here" });

    private async Task ShouldBeFoundOutAsync(Func<FileOperation, bool> omitted)
    {
        FileOperation[] operations = [.. _files.Operations.Where(operation => !omitted(operation))];
        Func<Task> cut = () => ShouldHoldAsync(
            SimulatedDisk.CutAfter(operations, Root, omitted(new FileSynced(0)) ? Loss.NamesWithoutContent : Loss.Dropped, seed: 0), _told.Count, "a sync is left out");
        await cut.Should().ThrowAsync<Exception>("a simulation that notices nothing would prove nothing");
    }

    /// <summary>What was acknowledged restores, what was deleted is gone, what is listed is whole, and the next backup is a good one.</summary>
    private async Task ShouldHoldAsync(SortedDictionary<string, byte[]?> left, int told, string because)
    {
        string place = Directory.CreateDirectory(Path.Combine(_scratch.Path, "disk")).FullName;
        try
        {
            Materialise(left, place);
            var storage = new FileStorage(place, options: null, new RecordingFiles());
            DictionaryEngine engine = EngineOn(storage);
            List<Backup> listed = [];
            await foreach (Backup backup in new BackupCatalog(storage).ListAsync("dictionary", Name))
            {
                backup.Problem.Should().BeNull(because);
                listed.Add(backup);
            }

            for (int i = 0; i < told; i++)
            {
                int deletion = _told.FindLastIndex(later => later.Timestamp == _told[i].Timestamp && later.Content is null);
                // While it is being deleted it may be there or not; if it is, it is whole.
                if (deletion != told)
                {
                    listed.Any(backup => backup.Timestamp == _told[i].Timestamp).Should().Be(deletion < 0 || deletion > told, because);
                }
            }

            foreach (Backup backup in listed)
            {
                SortedDictionary<string, byte[]> expected = _told.First(told => told.Timestamp == backup.Timestamp).Content!;
                await engine.RestoreAsync(Name, $"{backup.Timestamp}", new RestoreOptions { To = backup.Timestamp });
                Text(engine.Restored[$"{backup.Timestamp}"]).Should().Be(Text(expected), because);
            }

            engine.Resources["r"]["next"] = [1];
            (await engine.BackupAsync("r", Name)).Outcome.Should().Be(BackupOutcome.Complete, because);
            await engine.RestoreAsync(Name, "next");
            Text(engine.Restored["next"]).Should().Be("next=01", because);
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    private static void Materialise(SortedDictionary<string, byte[]?> left, string place)
    {
        foreach ((string path, byte[]? content) in left)
        {
            if (content is null)
            {
                Directory.CreateDirectory(Path.Combine(place, path));
            }
            else
            {
                File.WriteAllBytes(Path.Combine(place, path), content);
            }
        }
    }

    private static string Fingerprint(SortedDictionary<string, byte[]?> left) =>
        string.Join('\n', left.Select(static entry => $"{entry.Key} {(entry.Value is null ? "directory" : Convert.ToHexString(SHA256.HashData(entry.Value)))}"));

    private static string Text(SortedDictionary<string, byte[]> content) =>
        string.Join(' ', content.Select(static entry => $"{entry.Key}={Convert.ToHexString(entry.Value)}"));

    /// <summary>What the caller was told: a backup and its content, or (without content) its deletion.</summary>
    private sealed record Acknowledgement(DateTimeOffset Timestamp, SortedDictionary<string, byte[]>? Content);
}
