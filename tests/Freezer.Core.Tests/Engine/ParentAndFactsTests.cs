using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engine;

/// <summary>What an application chooses itself: the backup to build on, and what it has to say of a backup.</summary>
public sealed class ParentAndFactsTests
{
    private const string Name = "home";

    private readonly ManualTime _time = new();
    private readonly MemoryStorage _storage;
    private readonly DictionaryEngine _engine;

    public ParentAndFactsTests()
    {
        _storage = new MemoryStorage(_time);
        _engine = new DictionaryEngine(_storage, new BackupEngineOptions { TimeProvider = _time });
    }

    [Fact]
    public async Task A_backup_builds_on_the_parent_that_it_is_given()
    {
        Backup full = await BackupAsync(0);
        Backup first = await BackupAsync(1);
        await BackupAsync(2, new BackupOptions { NoIncremental = true });
        Backup second = await BackupAsync(3, new BackupOptions { Parent = full, MaxLevel = 1 });
        Backup third = await BackupAsync(4, new BackupOptions { Parent = first, MaxLevel = 1 });

        second.ParentId.Should().Be(full.Id);
        second.Level.Should().Be(1);
        second.ChainTimestamp.Should().Be(full.Timestamp);
        third.ParentId.Should().Be(first.Id);
        third.Level.Should().Be(2);
        Backup[] all = [full, first, second, third];
        int[] states = [0, 1, 3, 4];
        for (int i = 0; i < all.Length; i++)
        {
            _engine.Restored.Clear();
            await _engine.RestoreAsync(Name, "d", new RestoreOptions { To = all[i].Timestamp });
            _engine.Restored["d"].Should().BeEquivalentTo(Content(states[i]));
        }
    }

    [Fact]
    public async Task A_parent_that_is_not_in_the_storage_is_an_error()
    {
        Backup full = await BackupAsync(0);
        Func<Task> otherId = () => BackupAsync(1, new BackupOptions { Parent = full with { Id = Guid.NewGuid() } });
        await otherId.Should().ThrowAsync<BackupNotFoundException>();
        await new BackupCatalog(_storage).DeleteAsync(full);
        Func<Task> deleted = () => BackupAsync(1, new BackupOptions { Parent = full });
        await deleted.Should().ThrowAsync<BackupNotFoundException>().WithMessage($"{full}*{full.Id:N}*");
        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_parent_that_the_engine_refuses_leads_to_a_new_chain()
    {
        Backup full = await BackupAsync(0);
        _engine.Plan = BackupPlan.Full("another size");
        BackupResult result = await _engine.BackupAsync("r", Name, new BackupOptions { Parent = full });
        result.Backup.Level.Should().Be(0);
        result.NewChainReason.Should().Be("another size");
    }

    [Fact]
    public async Task A_parent_of_another_name_or_beside_a_full_backup_is_a_wrong_argument()
    {
        Backup full = await BackupAsync(0);
        Func<Task> name = () => _engine.BackupAsync("r", "other", new BackupOptions { Parent = full });
        await name.Should().ThrowAsync<ArgumentException>().WithMessage("*'other'*");
        Func<Task> contradiction = () => BackupAsync(1, new BackupOptions { Parent = full, NoIncremental = true });
        await contradiction.Should().ThrowAsync<ArgumentException>().WithMessage("*NoIncremental*");
    }

    [Fact]
    public async Task Facts_of_the_application_come_back_as_they_were()
    {
        Dictionary<string, string> facts = new() { ["ticket"] = "4711", ["text"] = "\"quoted\"\r\n\0 ü 😀", [""] = "" };
        Backup backup = await BackupAsync(0, new BackupOptions { Facts = facts });
        backup.Facts.Should().BeEquivalentTo(facts);
        backup.EngineFacts.Should().BeEmpty();
        (await ListAsync()).Single().Facts.Should().BeEquivalentTo(facts);
    }

    [Fact]
    public async Task Facts_may_be_as_long_as_the_limit_says_whatever_is_in_them()
    {
        // Every character of these is written with six.
        Dictionary<string, string> facts = new() { ["a"] = new string('\0', BackupOptions.LongestFacts - 1) };
        await BackupAsync(0, new BackupOptions { Facts = facts });
        (await ListAsync()).Single().Facts.Should().BeEquivalentTo(facts);
        facts.Add("b", "");
        Func<Task> longer = () => BackupAsync(0, new BackupOptions { Facts = facts });
        await longer.Should().ThrowAsync<ArgumentOutOfRangeException>();
        Func<Task> unpaired = () => BackupAsync(0, new BackupOptions { Facts = new Dictionary<string, string> { ["a"] = "\ud800" } });
        await unpaired.Should().ThrowAsync<ArgumentException>();
    }

    private static SortedDictionary<string, byte[]> Content(int state) => new(StringComparer.Ordinal)
    {
        ["same"] = [1, 2, 3],
        ["changed"] = [(byte)state],
        [$"new-{state}"] = [],
    };

    private async Task<Backup> BackupAsync(int state, BackupOptions? options = null)
    {
        _engine.Resources["r"] = Content(state);
        _time.Advance(TimeSpan.FromMinutes(1));
        return (await _engine.BackupAsync("r", Name, options)).Backup;
    }

    private async Task<List<Backup>> ListAsync()
    {
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(_storage).ListAsync())
        {
            backups.Add(backup);
        }

        return backups;
    }
}
