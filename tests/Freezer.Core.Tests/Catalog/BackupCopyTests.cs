using System.Text;
using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Storage;
using Freezer.Tests.Storage.Mirror;
using Freezer.Tests.Support;

namespace Freezer.Tests.Catalog;

public sealed class BackupCopyTests
{
    private readonly MemoryStorage _source = new();
    private readonly MemoryStorage _destination = new();

    [Fact]
    public async Task A_copy_holds_the_whole_chain_byte_for_byte()
    {
        await FillAsync();

        BackupCopyResult result = await CopyAsync(_destination);

        result.Outcome.Should().Be(BackupOutcome.Complete);
        result.Backups.Select(static backup => backup.Level).Should().Equal(0, 1, 2);
        result.Copied.Should().Be(12);
        result.Kept.Should().Be(0);
        await ShouldBeEqualAsync();
        (await RestoreAsync(_destination)).Should().Be("2");
    }

    [Fact]
    public async Task A_copy_of_an_earlier_backup_holds_no_later_one()
    {
        List<Backup> backups = await FillAsync();

        await new BackupCatalog(_source).CopyAsync(backups[1], _destination);

        (await RestoreAsync(_destination)).Should().Be("1");
        (await ListAsync(_destination)).Should().HaveCount(2);
    }

    [Fact]
    public async Task What_is_there_is_not_sent_again()
    {
        List<Backup> backups = await FillAsync();
        await new BackupCatalog(_source).CopyAsync(backups[1], _destination);
        var reads = new BreakableStorage(_source);

        BackupCopyResult result = await new BackupCatalog(reads).CopyAsync(backups[2], _destination);

        result.Copied.Should().Be(4);
        result.Kept.Should().Be(8);
        (await CopyAsync(_destination)).Copied.Should().Be(0);
        await ShouldBeEqualAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_call_fails_what_is_listed_restores_and_the_next_copy_goes_on(bool afterDoing)
    {
        await FillAsync();
        bool fired = true;
        for (int call = 1; fired; call++)
        {
            MemoryStorage store = new();
            var faulty = new FaultyStorage(store, afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call));
            try
            {
                await CopyAsync(faulty);
            }
            catch (StorageException)
            {
                // The planned one; the copy is not complete.
            }

            fired = faulty.AllFired;
            List<Backup> listed = await ListAsync(store);
            if (listed.Count > 0)
            {
                (await RestoreAsync(store)).Should().Be($"{listed.Count - 1}");
            }

            await CopyAsync(store);
            (await ListAsync(store)).Should().HaveCount(3);
            (await RestoreAsync(store)).Should().Be("2");
            // A claim whose removal failed is left for a sweep.
            (await StorageCalls.KeysAsync(store)).Where(static key => !key.EndsWith("/claim", StringComparison.Ordinal))
                .Should().Equal(await StorageCalls.KeysAsync(_source), "call {0} failed", call);
        }
    }

    [Theory]
    [InlineData("data")]
    [InlineData("engine_metadata")]
    [InlineData("index")]
    public async Task Damage_is_not_copied(string role)
    {
        await FillAsync();
        await DamageAsync(_source, role, level: 1);

        (await FluentActions.Awaiting(() => CopyAsync(_destination)).Should().ThrowAsync<BackupDamagedException>())
            .Which.Message.Should().Contain($"/{role}");

        (await ListAsync(_destination)).Should().ContainSingle().Which.Level.Should().Be(0);
        (await StorageCalls.KeysAsync(_destination)).Should().NotContain(key => key.Contains("/1_") && key.EndsWith($"/{role}"));
        (await RestoreAsync(_destination)).Should().Be("0");
    }

    [Fact]
    public async Task A_mirror_is_copied_from_its_sound_copies()
    {
        await FillAsync();
        MemoryStorage other = new();
        await Support.StorageKeys.CopyToAsync(_source, other);
        await DamageAsync(_source, "data", level: 0);
        await DamageAsync(other, "index", level: 1);
        await using MirrorStorage mirror = new([new("one", _source), new("two", other)]);

        await new BackupCatalog(mirror).CopyAsync((await ListAsync(mirror))[^1], _destination);

        (await RestoreAsync(_destination)).Should().Be("2");
    }

    [Fact]
    public async Task What_an_interrupted_copy_left_is_verified_before_it_is_kept()
    {
        await FillAsync();
        string key = (await StorageCalls.KeysAsync(_source)).First(static key => key.EndsWith("/data", StringComparison.Ordinal));
        byte[] content = await _source.GetAsync(key);
        content[0] ^= 1;
        await _destination.PutAsync(key, content);

        await CopyAsync(_destination);

        await ShouldBeEqualAsync();
    }

    [Fact]
    public async Task An_object_that_a_copy_lost_is_sent_again()
    {
        await FillAsync();
        await CopyAsync(_destination);
        string key = (await StorageCalls.KeysAsync(_source)).Last(static key => key.EndsWith("/data", StringComparison.Ordinal));
        await _destination.DeleteAsync(StorageKey.Parse(key));

        (await CopyAsync(_destination)).Copied.Should().Be(1);

        await ShouldBeEqualAsync();
    }

    [Fact]
    public async Task Another_backup_in_the_same_place_is_left_as_it_is()
    {
        await FillAsync();
        string key = (await StorageCalls.KeysAsync(_source, "metadata"))[0];
        await _destination.PutAsync(key, "something else");

        await FluentActions.Awaiting(() => CopyAsync(_destination)).Should().ThrowAsync<BackupException>();

        (await _destination.GetTextAsync(key)).Should().Be("something else");
        (await StorageCalls.KeysAsync(_destination)).Should().Equal(key);
    }

    [Fact]
    public async Task A_place_that_another_backup_claims_is_left_alone()
    {
        await FillAsync();
        string folder = (await StorageCalls.KeysAsync(_source, "data"))[0];
        string claim = folder[..folder.LastIndexOf('/')] + "/claim";
        foreach (string content in (string[])["not a claim", $$"""{"id":"{{Guid.NewGuid()}}","host":"h","process":1}"""])
        {
            await _destination.PutAsync(claim, content, WriteOptions.Replace);

            await FluentActions.Awaiting(() => CopyAsync(_destination)).Should().ThrowAsync<BackupException>();

            (await StorageCalls.KeysAsync(_destination)).Should().Equal(claim);
        }
    }

    [Fact]
    public async Task A_sweep_leaves_a_copy_alone_that_is_at_work()
    {
        await FillAsync();
        List<string> claims = [];
        var watched = new BreakableStorage(_destination)
        {
            AfterWrite = async key =>
            {
                if (key.Value.EndsWith("/data", StringComparison.Ordinal))
                {
                    claims.AddRange((await StorageCalls.KeysAsync(_destination)).Where(static other => other.EndsWith("/claim", StringComparison.Ordinal)));
                }
            },
        };

        await CopyAsync(watched);

        claims.Should().HaveCount(3);
    }

    [Fact]
    public async Task What_an_interrupted_copy_left_is_not_swept_while_the_next_one_verifies_it()
    {
        await FillAsync();
        var time = new ManualTime();
        var destination = new MemoryStorage(time);
        foreach (string key in (await StorageCalls.KeysAsync(_source)).Where(static key => key.EndsWith("/data", StringComparison.Ordinal)))
        {
            await destination.PutAsync(key, await _source.GetAsync(key));
        }

        time.Advance(TimeSpan.FromDays(2));
        var watched = new InterceptedStorage(destination)
        {
            AfterRead = key => key.Value.EndsWith("/data", StringComparison.Ordinal) ? new BackupCatalog(destination).SweepAsync(TimeSpan.FromDays(1)) : Task.CompletedTask,
        };

        await CopyAsync(watched);

        (await RestoreAsync(destination)).Should().Be("2");
    }

    [Fact]
    public async Task A_copy_whose_objects_somebody_removes_is_not_listed()
    {
        await FillAsync();
        var watched = new BreakableStorage(_destination)
        {
            AfterWrite = key => key.Value.EndsWith("/index", StringComparison.Ordinal)
                ? _destination.DeleteAsync(StorageKey.Parse(key.Value.Replace("/index", "/data", StringComparison.Ordinal))) : Task.CompletedTask,
        };

        await FluentActions.Awaiting(() => CopyAsync(watched)).Should().ThrowAsync<BackupException>().WithMessage("*Copy it again*");

        (await ListAsync(_destination)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("data")]
    [InlineData("index")]
    public async Task An_object_that_is_missing_is_named_as_damage_of_its_backup(string role)
    {
        List<Backup> backups = await FillAsync();
        string key = (await StorageCalls.KeysAsync(_source, "data")).Single(key => key.Contains("/1_") && key.EndsWith($"/{role}"));
        await _source.DeleteAsync(StorageKey.Parse(key));

        await FluentActions.Awaiting(() => CopyAsync(_destination)).Should().ThrowAsync<BackupDamagedException>().WithMessage($"{backups[1]}*{key} is missing*");
    }

    [Fact]
    public async Task A_chain_with_a_gap_is_not_copied()
    {
        await FillAsync();
        Backup newest = (await ListAsync(_source))[^1];
        await _source.DeleteAsync(StorageKey.Parse((await StorageCalls.KeysAsync(_source, "metadata")).Single(static key => key.Contains("/1_"))));

        await FluentActions.Awaiting(() => new BackupCatalog(_source).CopyAsync(newest, _destination)).Should().ThrowAsync<BackupDamagedException>();

        (await StorageCalls.KeysAsync(_destination)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_backup_that_is_gone_is_not_found()
    {
        List<Backup> backups = await FillAsync();

        await FluentActions.Awaiting(() => new BackupCatalog(_destination).CopyAsync(backups[0], _source)).Should().ThrowAsync<BackupNotFoundException>();
    }

    [Fact]
    public async Task A_copy_that_a_storage_of_a_mirror_lacks_says_so()
    {
        await FillAsync();
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("before", "content");
        process.Links[2].IsDown = true;

        BackupCopyResult result = await CopyAsync(process.Mirror);

        result.Outcome.Should().Be(BackupOutcome.CompleteWithDegradedMirror);
        result.Lagging.Should().ContainSingle().Which.Name.Should().Be("three");
    }

    private async Task<List<Backup>> FillAsync()
    {
        List<Backup> backups = [];
        var engine = new DictionaryEngine(_source);
        engine.Resources["r"]["large"] = StorageCalls.Bytes(2_500_000);
        for (int level = 0; level < 3; level++)
        {
            engine.Resources["r"]["state"] = Encoding.UTF8.GetBytes($"{level}");
            backups.Add((await engine.BackupAsync("r", "name")).Backup);
        }

        return backups;
    }

    private async Task<BackupCopyResult> CopyAsync(IStorage destination) =>
        await new BackupCatalog(_source).CopyAsync((await ListAsync(_source))[^1], destination);

    private static async Task<List<Backup>> ListAsync(IStorage storage)
    {
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(storage).ListAsync())
        {
            backups.Add(backup);
        }

        return backups;
    }

    private static async Task<string> RestoreAsync(IStorage storage)
    {
        var engine = new DictionaryEngine(storage);
        await engine.RestoreAsync("name", "there");
        engine.Restored["there"]["large"].AsSpan().SequenceEqual(StorageCalls.Bytes(2_500_000)).Should().BeTrue();
        return Encoding.UTF8.GetString(engine.Restored["there"]["state"]);
    }

    private static async Task DamageAsync(MemoryStorage store, string role, int level)
    {
        string key = (await StorageCalls.KeysAsync(store, "data")).Single(key => key.Contains($"/{level}_") && key.EndsWith($"/{role}"));
        byte[] content = await store.GetAsync(key);
        content[^1] ^= 1;
        await store.PutAsync(key, content, WriteOptions.Replace);
    }

    private async Task ShouldBeEqualAsync()
    {
        List<string> keys = await StorageCalls.KeysAsync(_source);
        (await StorageCalls.KeysAsync(_destination)).Should().Equal(keys);
        foreach (string key in keys)
        {
            byte[] content = await _source.GetAsync(key);
            (await _destination.GetAsync(key)).AsSpan().SequenceEqual(content).Should().BeTrue(key);
        }
    }
}
