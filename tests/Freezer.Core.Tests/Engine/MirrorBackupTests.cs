using System.Text;
using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Storage;
using Freezer.Tests.Storage.Mirror;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engine;

/// <summary>Backups into a mirror, and out of one that is damaged.</summary>
public sealed class MirrorBackupTests
{
    private readonly MirrorBench _bench = new(3, quorum: 2);

    [Fact]
    public async Task A_backup_that_a_storage_lacks_says_so()
    {
        MirrorBench.Process process = _bench.Open();
        (await BackupAsync(process.Mirror, "1")).Outcome.Should().Be(BackupOutcome.Complete);
        process.Links[1].IsDown = true;

        BackupResult result = await BackupAsync(process.Mirror, "2");

        result.Outcome.Should().Be(BackupOutcome.CompleteWithDegradedMirror);
        result.Lagging.Should().ContainSingle().Which.Name.Should().Be("two");
        result.Backup.Outcome.Should().Be(BackupOutcome.Complete, "the backup itself is");
        (await BackupAsync(_bench.Open().Mirror, "3")).Outcome.Should().Be(BackupOutcome.CompleteWithDegradedMirror);

        await _bench.Open().Mirror.SynchronizeAsync();
        (await BackupAsync(_bench.Open().Mirror, "4")).Outcome.Should().Be(BackupOutcome.Complete);
        foreach (MemoryStorage store in _bench.Stores)
        {
            (await RestoreAsync(store)).Should().Be("4");
        }
    }

    [Fact]
    public async Task A_commit_that_too_few_storages_took_is_no_backup_although_it_can_be_read_in_one()
    {
        MirrorBench.Process process = _bench.Open();
        await BackupAsync(process.Mirror, "1");
        static bool IsCommit(StorageKey key) => key.Value.StartsWith("metadata/", StringComparison.Ordinal);
        process.Links[0].LosesAnswer = IsCommit;
        process.Links[2].RefusesWrite = IsCommit;

        BackupException failure = (await FluentActions.Awaiting(() => BackupAsync(process.Mirror, "2")).Should().ThrowAsync<BackupException>()).Which;

        failure.Message.Should().Contain("not known whether it happened in one");
        (await RestoreAsync(_bench.Open().Mirror)).Should().Be("1");
    }

    [Fact]
    public async Task Whichever_call_of_one_storage_fails_the_backup_is_there_and_the_mirror_can_be_synchronised()
    {
        foreach (bool afterDoing in (bool[])[false, true])
        {
            bool fired = true;
            for (int call = 1; fired; call++)
            {
                MemoryStorage[] stores = [new(), new(), new()];
                // The storages know each other already: joining them for the first time needs them all.
                await MirrorOf(stores).DeleteAsync(StorageKey.Parse("nothing"));
                var faulty = new FaultyStorage(stores[call % 3], afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call));
                IStorage[] links = [.. stores];
                links[call % 3] = faulty;
                await using var mirror = MirrorOf(links);
                await BackupAsync(mirror, "1");
                await BackupAsync(mirror, "2");
                (await RestoreAsync(mirror)).Should().Be("2");
                fired = faulty.AllFired;

                await using var next = MirrorOf(stores);
                (await next.SynchronizeAsync()).Lagging.Should().BeEmpty();
                foreach (MemoryStorage store in stores)
                {
                    (await RestoreAsync(store)).Should().Be("2", "call {0} failed", call);
                }
            }
        }
    }

    [Theory]
    [InlineData("data")]
    [InlineData("engine_metadata")]
    [InlineData("index")]
    [InlineData("metadata")]
    public async Task Damage_in_one_storage_is_read_from_another_one(string role)
    {
        await BackupAsync(_bench.Open().Mirror, "1", large: true);
        await BackupAsync(_bench.Open().Mirror, "2", large: true);
        foreach (int damaged in (int[])[0, 1])
        {
            await DamageAsync(_bench.Stores[damaged], role, at: 0.5 + (damaged * 0.3));
        }

        (await RestoreAsync(_bench.Open().Mirror)).Should().Be("2");
    }

    [Fact]
    public async Task Copies_that_are_damaged_in_different_places_make_a_sound_one_together()
    {
        await BackupAsync(_bench.Open().Mirror, "1", large: true);
        for (int i = 0; i < 3; i++)
        {
            await DamageAsync(_bench.Stores[i], "data", at: 0.2 + (i * 0.3));
        }

        foreach (MemoryStorage store in _bench.Stores)
        {
            await FluentActions.Awaiting(() => RestoreAsync(store)).Should().ThrowAsync<BackupDamagedException>();
        }

        (await RestoreAsync(_bench.Open().Mirror)).Should().Be("1");
    }

    [Fact]
    public async Task What_is_damaged_in_all_storages_is_damaged()
    {
        await BackupAsync(_bench.Open().Mirror, "1", large: true);
        foreach (MemoryStorage store in _bench.Stores)
        {
            await DamageAsync(store, "data", at: 0.5);
        }

        await FluentActions.Awaiting(() => RestoreAsync(_bench.Open().Mirror)).Should().ThrowAsync<BackupDamagedException>();
    }

    private static MirrorStorage MirrorOf(IStorage[] storages) => new(
        [.. storages.Select(static (storage, i) => new MirrorMember(MirrorBench.Names[i], storage))], new MirrorOptions { Quorum = 2 });

    private static async Task<BackupResult> BackupAsync(IStorage storage, string state, bool large = false)
    {
        var engine = new DictionaryEngine(storage);
        engine.Resources["r"]["state"] = Encoding.UTF8.GetBytes(state);
        if (large)
        {
            // More than a few leaves, and the same in each level.
            engine.Resources["r"]["large"] = StorageCalls.Bytes(6_000_000);
        }

        return await engine.BackupAsync("r", "name", new BackupOptions { Compression = Compression.None });
    }

    private static async Task<string> RestoreAsync(IStorage storage)
    {
        var engine = new DictionaryEngine(storage);
        await engine.RestoreAsync("name", "there");
        SortedDictionary<string, byte[]> restored = engine.Restored["there"];
        if (restored.TryGetValue("large", out byte[]? large))
        {
            large.AsSpan().SequenceEqual(StorageCalls.Bytes(6_000_000)).Should().BeTrue();
        }

        return Encoding.UTF8.GetString(restored["state"]);
    }

    /// <summary>Changes a byte of each object of a role.</summary>
    private static async Task DamageAsync(MemoryStorage store, string role, double at)
    {
        int damaged = 0;
        foreach (string key in (await StorageCalls.KeysAsync(store)).Where(key => key.EndsWith($"/{role}", StringComparison.Ordinal)))
        {
            byte[] content = await store.GetAsync(key);
            content[(int)(content.Length * at)] ^= 1;
            await store.PutAsync(key, content, WriteOptions.Replace);
            damaged++;
        }

        damaged.Should().BeGreaterThan(0);
    }
}
