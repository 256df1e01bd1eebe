using System.Text;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Catalog;

/// <summary>One backup is deleted: never one that another needs, and never half of one.</summary>
public sealed class BackupDeletionTests
{
    private const string Name = "home";

    private readonly ManualTime _time = new();
    private readonly MemoryStorage _storage;
    private readonly DictionaryEngine _engine;
    private readonly BackupCatalog _catalog;

    public BackupDeletionTests()
    {
        _storage = new MemoryStorage(_time);
        _engine = new DictionaryEngine(_storage, new BackupEngineOptions { TimeProvider = _time });
        _catalog = new BackupCatalog(_storage);
    }

    [Fact]
    public async Task A_chain_is_deleted_from_its_end_and_nothing_is_left()
    {
        List<Backup> chain = await ChainAsync(3);
        await _catalog.DeleteAsync(chain[2]);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(1));
        await _catalog.DeleteAsync(chain[1]);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));
        await _catalog.DeleteAsync(chain[0]);
        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_another_backup_builds_on_is_not_deleted()
    {
        List<Backup> chain = await ChainAsync(3);
        List<string> before = await _storage.KeysAsync();
        foreach (int level in new[] { 0, 1 })
        {
            Func<Task> delete = () => _catalog.DeleteAsync(chain[level]);
            await delete.Should().ThrowAsync<BackupException>().WithMessage($"{chain[level]} cannot be deleted*{chain[level + 1]}*");
        }

        (await _storage.KeysAsync()).Should().Equal(before);
    }

    [Fact]
    public async Task Siblings_do_not_keep_each_other()
    {
        await ChainAsync(2);
        var differential = new BackupOptions { AlwaysLevel = 1 };
        Backup second = (await _engine.BackupAsync("r", Name, differential)).Backup;
        Backup first = (await ListAsync())[1];
        second.Level.Should().Be(first.Level);
        await _catalog.DeleteAsync(first);
        (await ListAsync()).Should().HaveCount(2);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(1));
    }

    [Fact]
    public async Task A_backup_that_is_being_written_keeps_its_parent_and_no_other()
    {
        List<Backup> chain = await ChainAsync(2);
        Backup other = (await _engine.BackupAsync("r", Name, new BackupOptions { NoIncremental = true })).Backup;
        bool wasRefused = false;
        _engine.WhileWriting = async _ =>
        {
            Func<Task> delete = () => _catalog.DeleteAsync(chain[1]);
            await delete.Should().ThrowAsync<BackupException>().WithMessage("*being written*");
            await _catalog.DeleteAsync(other);
            wasRefused = true;
        };
        Backup next = (await _engine.BackupAsync("r", Name, new BackupOptions { Parent = chain[1] })).Backup;
        wasRefused.Should().BeTrue();
        (await ListAsync()).Select(static backup => backup.Id).Should().Equal(chain[0].Id, chain[1].Id, next.Id);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(1));
    }

    [Fact]
    public async Task A_backup_that_begins_just_before_the_commit_goes_gets_its_parent_back()
    {
        List<Backup> chain = await ChainAsync(2);
        var storage = new InterceptedStorage(_storage)
        {
            BeforeDelete = key => key == PlaceOf(chain[1]).Metadata ? ClaimOnAsync(chain[1]) : Task.CompletedTask,
        };
        Func<Task> delete = () => new BackupCatalog(storage).DeleteAsync(chain[1]);
        await delete.Should().ThrowAsync<BackupException>().WithMessage("*needed by*2_99*");
        (await ListAsync()).Should().HaveCount(2);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(1));
        (await _storage.KeysAsync()).Where(static key => key.EndsWith("/claim")).Should().ContainSingle("that of the new backup");
    }

    [Fact]
    public async Task A_backup_that_is_committed_just_before_the_commit_goes_gets_its_parent_back()
    {
        List<Backup> chain = await ChainAsync(1);
        var storage = new InterceptedStorage(_storage);
        storage.BeforeDelete = key => key == PlaceOf(chain[0]).Metadata ? BackupOnceAsync() : Task.CompletedTask;
        Func<Task> delete = () => new BackupCatalog(storage).DeleteAsync(chain[0]);
        await delete.Should().ThrowAsync<BackupException>().WithMessage("*level 1*");
        (await ListAsync()).Should().HaveCount(2);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));

        Task BackupOnceAsync()
        {
            storage.BeforeDelete = null;
            return _engine.BackupAsync("r", Name);
        }
    }

    [Fact]
    public async Task A_backup_that_begins_after_the_commit_went_begins_a_new_chain()
    {
        List<Backup> chain = await ChainAsync(1);
        BackupResult? next = null;
        var storage = new InterceptedStorage(_storage);
        storage.AfterDelete = async key =>
        {
            if (key == PlaceOf(chain[0]).Metadata)
            {
                next = await _engine.BackupAsync("r", Name);
            }
        };
        await new BackupCatalog(storage).DeleteAsync(chain[0]);
        next!.Backup.Level.Should().Be(0);
        (await ListAsync()).Should().ContainSingle().Which.Id.Should().Be(next.Backup.Id);
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));
    }

    [Fact]
    public async Task A_sweep_leaves_alone_what_may_be_put_back()
    {
        List<Backup> chain = await ChainAsync(1);
        _time.Advance(TimeSpan.FromDays(3));
        var storage = new InterceptedStorage(_storage);
        storage.AfterDelete = async key =>
        {
            if (key == PlaceOf(chain[0]).Metadata)
            {
                (await _catalog.SweepAsync(BackupCatalog.LeastSweepAge)).Should().Be(0);
                await ClaimOnAsync(chain[0]);
            }
        };
        Func<Task> delete = () => new BackupCatalog(storage).DeleteAsync(chain[0]);
        await delete.Should().ThrowAsync<BackupException>();
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));
    }

    [Fact]
    public async Task The_parent_of_what_is_being_deleted_is_not_deleted_yet()
    {
        List<Backup> chain = await ChainAsync(2);
        bool wasRefused = false;
        var storage = new InterceptedStorage(_storage);
        storage.AfterDelete = async key =>
        {
            if (key == PlaceOf(chain[1]).Metadata)
            {
                Func<Task> delete = () => _catalog.DeleteAsync(chain[0]);
                await delete.Should().ThrowAsync<BackupException>().WithMessage("*being written or deleted*");
                wasRefused = true;
            }
        };
        await new BackupCatalog(storage).DeleteAsync(chain[1]);
        wasRefused.Should().BeTrue();
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_storage_that_fails_at_any_call_leaves_a_whole_backup_or_none(bool afterDoing)
    {
        bool wasKept = false;
        bool wasGone = false;
        for (int call = 1; ; call++)
        {
            foreach (string key in await _storage.KeysAsync())
            {
                await _storage.DeleteAsync(StorageKey.Parse(key));
            }

            List<Backup> chain = await ChainAsync(2);
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call);
            var faulty = new FaultyStorage(_storage, plan);
            try
            {
                await new BackupCatalog(faulty).DeleteAsync(chain[1]);
            }
            catch (StorageException exception)
            {
                exception.Should().BeSameAs(plan.Error);
                bool isListed = (await ListAsync()).Count == 2;
                (await RestoreAsync()).Should().BeEquivalentTo(Content(isListed ? 1 : 0), $"call {call} failed");
                wasKept |= isListed;
                wasGone |= !isListed;
                if (call % 2 == 0 && !isListed)
                {
                    // A sweep finishes it as well.
                    _time.Advance(TimeSpan.FromHours(1));
                    await _catalog.SweepAsync(BackupCatalog.LeastSweepAge);
                    (await _storage.KeysAsync()).Should().HaveCount(4);
                }

                await _catalog.DeleteAsync(chain[1]);
            }

            (await ListAsync()).Should().ContainSingle();
            await _catalog.DeleteAsync(chain[0]);
            (await _storage.KeysAsync()).Should().BeEmpty($"call {call} failed");
            if (!faulty.AllFired)
            {
                (wasKept && wasGone).Should().BeTrue();
                return;
            }
        }
    }

    [Fact]
    public async Task A_cancelled_deletion_leaves_the_backup_whole()
    {
        List<Backup> chain = await ChainAsync(1);
        using var source = new CancellationTokenSource();
        var storage = new InterceptedStorage(_storage) { AfterDelete = _ => source.CancelAsync() };
        Func<Task> delete = () => new BackupCatalog(storage).DeleteAsync(chain[0], source.Token);
        await delete.Should().ThrowAsync<OperationCanceledException>();
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));
        (await _storage.KeysAsync()).Should().HaveCount(4);
    }

    [Fact]
    public async Task What_is_gone_counts_as_deleted_and_a_place_that_another_backup_took_stays()
    {
        List<Backup> chain = await ChainAsync(1);
        await _catalog.DeleteAsync(chain[0] with { Id = Guid.NewGuid() });
        await _catalog.DeleteAsync(chain[0] with { Timestamp = chain[0].Timestamp.AddDays(1) });
        (await RestoreAsync()).Should().BeEquivalentTo(Content(0));
        await _catalog.DeleteAsync(chain[0]);
        await _catalog.DeleteAsync(chain[0]);
        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_somebody_else_is_writing_at_the_place_of_a_deleted_backup_stays()
    {
        List<Backup> chain = await ChainAsync(1);
        await _catalog.DeleteAsync(chain[0]);
        StorageKey[] keys = [PlaceOf(chain[0]).Claim, PlaceOf(chain[0]).Archive];
        await _storage.WriteBytesAsync(keys[0], new ClaimDocument(Guid.NewGuid(), null, "elsewhere", 1).ToBytes(), WriteMode.CreateNew, default);
        await _storage.WriteBytesAsync(keys[1], new byte[3], WriteMode.CreateNew, default);
        await _catalog.DeleteAsync(chain[0]);
        (await _storage.KeysAsync()).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_storage_that_is_full_lets_backups_be_deleted()
    {
        List<Backup> chain = await ChainAsync(2);
        var full = new StorageException(StorageErrorKind.NoSpace, null, "full");
        var storage = new InterceptedStorage(_storage) { BeforeWrite = _ => throw full };

        await FluentActions.Awaiting(() => new BackupCatalog(storage).DeleteAsync(chain[0])).Should().ThrowAsync<BackupException>();
        await new BackupCatalog(storage).DeleteAsync(chain[1]);
        await new BackupCatalog(storage).DeleteAsync(chain[0]);

        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_place_that_another_backup_took_stays_also_without_its_key()
    {
        using EncryptedRepository repository = await EncryptedRepository.CreateAsync(_time);
        var engine = new DictionaryEngine(repository.Storage, new BackupEngineOptions { TimeProvider = _time, Keys = repository.Keys });
        Backup deleted = (await engine.BackupAsync("r", Name)).Backup;
        var catalog = new BackupCatalog(repository.Storage);
        await catalog.DeleteAsync(deleted);
        // The clock stands still, so that the next one gets the same place.
        Backup next = (await engine.BackupAsync("r", Name)).Backup;
        next.Timestamp.Should().Be(deleted.Timestamp);

        await catalog.DeleteAsync(deleted);

        (await repository.Storage.KeysAsync("metadata")).Should().ContainSingle();
        await catalog.DeleteAsync(next);
        (await repository.Storage.KeysAsync("metadata")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_deletion_that_dies_beside_a_backup_leaves_no_backup_that_passes_for_a_success()
    {
        List<Backup> chain = await ChainAsync(1);
        var storage = new InterceptedStorage(_storage);
        storage.BeforeWrite = key => key.Value.StartsWith("metadata/", StringComparison.Ordinal) ? _storage.DeleteAsync(PlaceOf(chain[0]).Metadata) : Task.CompletedTask;
        var engine = new DictionaryEngine(storage, new BackupEngineOptions { TimeProvider = _time });

        await FluentActions.Awaiting(() => engine.BackupAsync("r", Name)).Should().ThrowAsync<BackupException>().WithMessage("*its parent*is being deleted*");
    }

    [Fact]
    public async Task A_damaged_backup_keeps_its_parent_and_can_be_deleted()
    {
        List<Backup> chain = await ChainAsync(2);
        await _storage.WriteBytesAsync(PlaceOf(chain[1]).Metadata, "not json"u8.ToArray(), WriteMode.Replace, default);
        Backup damaged = (await ListAsync())[1];
        damaged.Problem.Should().NotBeNull();
        Func<Task> delete = () => _catalog.DeleteAsync(chain[0]);
        await delete.Should().ThrowAsync<BackupException>();
        await _catalog.DeleteAsync(damaged);
        await _catalog.DeleteAsync(chain[0]);
        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_chain_of_another_program_is_deleted_from_its_end()
    {
        await ChainAsync(2);
        foreach (string key in await _storage.KeysAsync("metadata"))
        {
            await _storage.WriteBytesAsync(
                StorageKey.Parse(key), Encoding.ASCII.GetBytes("{\"engine_name\": \"dictionary\", \"compression\": \"gzip\", \"encryption\": false}"), WriteMode.Replace, default);
        }

        List<Backup> foreign = await ListAsync();
        Func<Task> delete = () => _catalog.DeleteAsync(foreign[0]);
        await delete.Should().ThrowAsync<BackupException>().WithMessage($"*{foreign[1]}*");
        await _catalog.DeleteAsync(foreign[1]);
        await _catalog.DeleteAsync(foreign[0]);
        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Names_that_no_backup_can_have_are_refused()
    {
        List<Backup> chain = await ChainAsync(1);
        foreach (string name in new[] { "..", "a/b", "" })
        {
            Func<Task> delete = () => _catalog.DeleteAsync(chain[0] with { BackupName = name });
            await delete.Should().ThrowAsync<ArgumentException>();
        }
    }

    private static BackupLocation PlaceOf(Backup backup) => BackupLocation.Of(backup);

    private static SortedDictionary<string, byte[]> Content(int level) =>
        new(Enumerable.Range(0, level + 1).ToDictionary(static i => $"entry-{i}", static i => new byte[] { (byte)i }), StringComparer.Ordinal);

    /// <summary>What somebody else does who begins a backup on this one.</summary>
    private Task<StorageEntry> ClaimOnAsync(Backup parent) => _storage.WriteBytesAsync(
        (PlaceOf(parent) with { Level = parent.Level + 1, Time = 99 }).Claim,
        new ClaimDocument(Guid.NewGuid(), parent.Id, "elsewhere", 1).ToBytes(),
        WriteMode.CreateNew,
        default);

    private async Task<List<Backup>> ChainAsync(int levels)
    {
        List<Backup> chain = [];
        for (int level = 0; level < levels; level++)
        {
            _engine.Resources["r"] = Content(level);
            chain.Add((await _engine.BackupAsync("r", Name)).Backup);
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        return chain;
    }

    private async Task<List<Backup>> ListAsync()
    {
        List<Backup> backups = [];
        await foreach (Backup backup in _catalog.ListAsync())
        {
            backups.Add(backup);
        }

        return backups;
    }

    private async Task<SortedDictionary<string, byte[]>> RestoreAsync()
    {
        _engine.Restored.Clear();
        await _engine.RestoreAsync(Name, "d");
        return _engine.Restored["d"];
    }
}
