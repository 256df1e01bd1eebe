using System.Text;
using Freezer.Catalog;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Catalog;

/// <summary>Copies of encrypted backups. Whoever copies them has no key, unless a test says so.</summary>
public sealed class EncryptedCopyTests : IAsyncLifetime
{
    private readonly MemoryStorage _destination = new();
    private EncryptedRepository _source = null!;
    private int _levels;

    public async Task InitializeAsync() => _source = await EncryptedRepository.CreateAsync();

    public Task DisposeAsync()
    {
        _source.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_is_restored_with_the_key_of_the_first_storage_and_not_without(bool withKey)
    {
        await BackupAsync();
        await BackupAsync();

        await CopyAsync(_destination, withKey ? _source.Keys : null);

        await ShouldBeEqualAsync();
        (await RestoreAsync(_destination)).Should().Be("2");
        await FluentActions.Awaiting(() => new DictionaryEngine(_destination).RestoreAsync("name", "there")).Should().ThrowAsync<BackupKeyException>();
    }

    [Fact]
    public async Task A_later_level_is_copied_without_what_is_there()
    {
        await BackupAsync();
        (await CopyAsync(_destination)).Copied.Should().Be(6, "there are three objects, a commit, a data key and a slot");
        await BackupAsync();

        BackupCopyResult result = await CopyAsync(_destination);

        result.Copied.Should().Be(4);
        result.Kept.Should().Be(5);
        (await RestoreAsync(_destination)).Should().Be("2");
    }

    [Fact]
    public async Task A_chain_with_a_newer_data_key_is_copied_to_the_older_one()
    {
        await BackupAsync();
        await CopyAsync(_destination);
        await _source.Keys.RotateAsync();
        await BackupAsync(new BackupOptions { NoIncremental = true });

        await CopyAsync(_destination);

        await ShouldBeEqualAsync();
        (await RestoreAsync(_destination)).Should().Be("2");
    }

    [Fact]
    public async Task A_copy_keeps_the_slots_that_it_has()
    {
        await BackupAsync();
        await CopyAsync(_destination);
        using (RawKey added = Key(9))
        {
            await _source.Keys.AddAsync(added);
        }

        await BackupAsync();

        await CopyAsync(_destination);

        (await StorageCalls.KeysAsync(_destination, "keys")).Should().Equal("keys/1");
        (await RestoreAsync(_destination)).Should().Be("2");
    }

    [Fact]
    public async Task A_storage_with_keys_of_its_own_is_left_as_it_is()
    {
        await BackupAsync();
        using RawKey key = Key(8);
        (await KeyRing.OpenOrCreateAsync(_destination, key)).Dispose();

        await ShouldBeRefusedAsync("encrypted with keys of its own");
    }

    [Fact]
    public async Task A_storage_that_lost_the_slots_of_its_own_keys_gets_no_others()
    {
        await BackupAsync();
        using RawKey key = Key(8);
        (await KeyRing.OpenOrCreateAsync(_destination, key)).Dispose();
        await _destination.DeleteAsync(StorageKey.Parse("keys/1"));

        await ShouldBeRefusedAsync("encrypted with keys of its own");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whichever_call_fails_what_is_listed_restores_and_the_next_copy_goes_on(bool afterDoing)
    {
        await BackupAsync();
        await BackupAsync();
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
            int listed = (await StorageCalls.KeysAsync(store, "metadata")).Count;
            if (listed > 0)
            {
                (await RestoreAsync(store)).Should().Be($"{listed}");
            }

            await CopyAsync(store);
            (await RestoreAsync(store)).Should().Be("2", "call {0} failed", call);
        }
    }

    [Fact]
    public async Task Two_copies_at_the_same_time_share_the_keys()
    {
        await BackupAsync();
        bool isOther = false;
        var watched = new InterceptedStorage(_destination)
        {
            // Another copy makes all keys, and the rest, at the last moment before this one makes the first.
            BeforeWrite = async key =>
            {
                if (!isOther && key.Value.Contains("keys/"))
                {
                    isOther = true;
                    await CopyAsync(_destination);
                }
            },
        };

        await CopyAsync(watched);

        isOther.Should().BeTrue();
        await ShouldBeEqualAsync();
        (await RestoreAsync(_destination)).Should().Be("1");
    }

    [Fact]
    public async Task Damage_is_not_copied()
    {
        await BackupAsync();
        string key = (await StorageCalls.KeysAsync(_source.Storage, "data")).Single(static key => key.EndsWith("/data", StringComparison.Ordinal));
        byte[] content = await _source.GetAsync(key);
        content[^1] ^= 1;
        await _source.Storage.PutAsync(key, content, WriteOptions.Replace);

        await FluentActions.Awaiting(() => CopyAsync(_destination)).Should().ThrowAsync<BackupDamagedException>();

        (await StorageCalls.KeysAsync(_destination, "metadata")).Should().BeEmpty();
    }

    private static RawKey Key(byte of) => new(Enumerable.Repeat(of, RawKey.Size).ToArray());

    private async Task BackupAsync(BackupOptions? options = null)
    {
        var engine = new DictionaryEngine(_source.Storage, new BackupEngineOptions { Keys = _source.Keys });
        engine.Resources["r"]["state"] = Encoding.UTF8.GetBytes($"{++_levels}");
        await engine.BackupAsync("r", "name", options);
    }

    private async Task<BackupCopyResult> CopyAsync(IStorage destination, KeyRing? keys = null)
    {
        var catalog = new BackupCatalog(_source.Storage, keys: keys);
        Backup? newest = null;
        await foreach (Backup backup in catalog.ListAsync())
        {
            newest = backup;
        }

        return await catalog.CopyAsync(newest!, destination);
    }

    private async Task<string> RestoreAsync(MemoryStorage storage)
    {
        using RawKey key = Key(7);
        using KeyRing keys = await KeyRing.OpenAsync(storage, key);
        var engine = new DictionaryEngine(storage, new BackupEngineOptions { Keys = keys });
        await engine.RestoreAsync("name", "there");
        return Encoding.UTF8.GetString(engine.Restored["there"]["state"]);
    }

    private async Task ShouldBeRefusedAsync(string says)
    {
        List<string> before = await StorageCalls.KeysAsync(_destination);

        (await FluentActions.Awaiting(() => CopyAsync(_destination)).Should().ThrowAsync<BackupKeyException>()).Which.Message.Should().Contain(says);

        (await StorageCalls.KeysAsync(_destination)).Should().Equal(before);
    }

    private async Task ShouldBeEqualAsync()
    {
        List<string> keys = await StorageCalls.KeysAsync(_source.Storage);
        (await StorageCalls.KeysAsync(_destination)).Should().Equal(keys);
        foreach (string key in keys)
        {
            (await _destination.GetAsync(key)).Should().Equal(await _source.GetAsync(key), key);
        }
    }
}
