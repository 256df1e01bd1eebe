using System.Text;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Catalog;

/// <summary>What a repair writes, who takes it for what, and who removes it.</summary>
public sealed class RepairTests
{
    private const string Name = "name";
    private const int Entries = 700;

    private readonly ManualTime _time = new();
    private readonly MemoryStorage _storage;
    private readonly DictionaryEngine _engine;
    private readonly List<Backup> _backups = [];

    public RepairTests()
    {
        _storage = new MemoryStorage(_time);
        _engine = EngineOn(_storage);
    }

    [Fact]
    public async Task An_engine_that_cannot_make_a_manifest_of_an_archive_still_gets_a_lost_index_back()
    {
        await FillAsync(levels: 2);
        await LoseAsync(0, "index");
        await LoseAsync(1, "engine_metadata");

        RepairResult result = await _engine.RepairAsync(Name);

        result.IsWhole.Should().BeFalse();
        result.Backups.Select(static backup => backup.Outcome).Should().Equal(RepairOutcome.Repaired, RepairOutcome.NotRepaired);
        result.Backups[0].IsFromArchive.Should().BeFalse();
        result.Backups[1].Obstacle.Should().Contain("The engine dictionary cannot make a manifest");
        (await RestoreAsync(_storage, 0)).Should().Be("0");
        (await KeysAsync()).Should().NotContain(Key(1, "repair-1/index"), "what did not come to its end is not there");
    }

    [Fact]
    public async Task Where_nothing_is_wrong_nothing_is_written()
    {
        await FillAsync(levels: 3);
        Dictionary<string, string> before = await _storage.HashAllAsync();

        RepairResult result = await _engine.RepairAsync(Name, new RepairOptions { All = true });

        result.Backups.Should().HaveCount(3).And.OnlyContain(static backup => backup.Outcome == RepairOutcome.Sound && backup.Problem == null);
        (await _storage.HashAllAsync()).Should().BeEquivalentTo(before);
    }

    [Fact]
    public async Task A_date_chooses_the_chain()
    {
        await FillAsync(levels: 2);
        _backups.Add((await _engine.BackupAsync("r", Name, new BackupOptions { NoIncremental = true })).Backup);
        await LoseAsync(0, "index");
        await LoseAsync(2, "index");

        (await _engine.RepairAsync(Name, new RepairOptions { To = _backups[1].Timestamp })).Backups
            .Select(static backup => (backup.Backup.Level, backup.Outcome)).Should().Equal([(0, RepairOutcome.Repaired), (1, RepairOutcome.Repaired)], "the manifest of level 1 refers to that of level 0");
        (await _engine.RepairAsync(Name)).Backups.Should().ContainSingle().Which.Outcome.Should().Be(RepairOutcome.Repaired);
        await FluentActions.Awaiting(() => _engine.RepairAsync(Name, new RepairOptions { To = DateTimeOffset.UnixEpoch })).Should().ThrowAsync<BackupNotFoundException>();
    }

    [Fact]
    public async Task What_there_is_not_cannot_be_repaired()
    {
        await FillAsync(levels: 1);

        await FluentActions.Awaiting(() => _engine.RepairAsync(Name, new RepairOptions { To = DateTimeOffset.UnixEpoch })).Should().ThrowAsync<BackupNotFoundException>();
        await FluentActions.Awaiting(() => _engine.RepairAsync("other")).Should().ThrowAsync<BackupNotFoundException>();
        await FluentActions.Awaiting(() => _engine.RepairAsync(Name, new RepairOptions { All = true, To = DateTimeOffset.MaxValue })).Should().ThrowAsync<ArgumentException>();
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("another backup's")]
    [InlineData("the commit")]
    [InlineData("another number")]
    public async Task A_document_that_is_not_of_a_repair_of_this_backup_is_refused_told_and_got_over(string what)
    {
        await FillAsync(levels: 2);
        await LoseAsync(0, "index");
        await _engine.RepairAsync(Name);
        byte[] document = what switch
        {
            "garbage" => [1, 2, 3],
            "another backup's" => await _storage.GetAsync(Document(1, "repair-1")),
            "the commit" => await _storage.GetAsync(Document(0, "metadata")),
            _ => await _storage.GetAsync(Document(0, "repair-1")),
        };
        await _storage.PutAsync(Document(0, "repair-7"), document);

        (await RestoreAsync(_storage, 0)).Should().Be("0");
        VerifyResult verified = await _engine.VerifyAsync(Name);
        verified.Defects.Should().ContainSingle().Which.Object.Value.Should().Be(Document(0, "repair-7"));
        verified.Backups.Should().OnlyContain(static backup => backup.Restores);
        RepairResult repaired = await _engine.RepairAsync(Name);
        repaired.Backups[0].Problem.Should().Contain("repair-7");
        (await KeysAsync()).Should().Contain(Document(0, "repair-8")).And.Contain(Document(0, "repair-7"));
        (await _engine.VerifyAsync(Name)).IsSound.Should().BeTrue();
        (await RestoreAsync(_storage, 1)).Should().Be("1");
    }

    [Fact]
    public async Task The_document_of_a_repair_does_not_pass_for_a_commit()
    {
        await FillAsync(levels: 1);
        await LoseAsync(0, "index");
        await _engine.RepairAsync(Name);
        await _storage.PutAsync(Document(0, "metadata"), await _storage.GetAsync(Document(0, "repair-1")));

        await FluentActions.Awaiting(() => RestoreAsync(_storage, 0)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*that of repair 1*");
    }

    [Fact]
    public async Task Every_bit_of_a_repairs_document_is_vouched_for()
    {
        await FillAsync(levels: 1);
        await LoseAsync(0, "index");
        await _engine.RepairAsync(Name);
        byte[] document = await _storage.GetAsync(Document(0, "repair-1"));
        BackupLocation location = BackupLocation.Of(_backups[0]) with { Repair = 1 };
        for (int i = 0; i < document.Length; i++)
        {
            byte[] flipped = [.. document];
            flipped[i] ^= 1;
            (await CommittedBackup.ParseAsync(location, flipped, null, default)).Problem.Should().NotBeNull($"byte {i} was changed");
            (await CommittedBackup.ParseAsync(location, document[..i], null, default)).Problem.Should().NotBeNull($"it was cut off at byte {i}");
        }
    }

    [Fact]
    public async Task Everything_that_an_encrypted_repair_wrote_is_bound_to_its_number()
    {
        using EncryptedRepository repository = await EncryptedRepository.CreateAsync();
        DictionaryEngine engine = EngineOn(repository.Storage, repository.Keys);
        Fill(engine, 0);
        _backups.Add((await engine.BackupAsync("r", Name)).Backup);
        await repository.Storage.DeleteAsync(StorageKey.Parse(Key(0, "index")));
        (await engine.RepairAsync(Name)).IsWhole.Should().BeTrue();
        await repository.PutAsync(Document(0, "repair-2"), await repository.GetAsync(Document(0, "repair-1")));
        foreach (string role in (string[])["engine_metadata", "index"])
        {
            await repository.PutAsync(Key(0, $"repair-2/{role}"), await repository.GetAsync(Key(0, $"repair-1/{role}")));
        }

        (await engine.VerifyAsync(Name)).Defects.Should().ContainSingle().Which.Object.Value.Should().Be(Document(0, "repair-2"));
        await repository.SwapAsync(Key(0, "repair-1/engine_metadata"), Key(0, "engine_metadata"));
        CommittedBackup commit = (await new BackupCatalog(repository.Storage, keys: repository.Keys).FindAsync(BackupLocation.Of(_backups[0]), default))!;
        foreach (int repair in (int[])[0, 1])
        {
            using StoredObject manifest = commit.OpenManifest(repository.Storage, repair, (await repository.GetAsync(Key(0, repair == 0 ? "engine_metadata" : "repair-1/engine_metadata"))).Length);
            await FluentActions.Awaiting(() => manifest.ReadBytesAsync(0, 10, default)).Should().ThrowAsync<InvalidDataException>();
        }

        (await new BackupCatalog(repository.Storage).VerifyAsync("dictionary", Name)).Defects
            .Should().Contain(static defect => defect.Object.Value.EndsWith("repair-1/engine_metadata"), "lengths and digests need no key");
    }

    [Fact]
    public async Task What_a_repair_left_behind_is_an_orphan_until_it_is_swept()
    {
        await FillAsync(levels: 1);
        await LoseAsync(0, "index");
        await _engine.RepairAsync(Name);
        foreach (string left in (string[])["repair-2/engine_metadata", "repair-2/index"])
        {
            await _storage.PutAsync(Key(0, left), [1]);
        }

        VerifyResult verified = await _engine.VerifyAsync(Name);
        verified.IsSound.Should().BeTrue();
        verified.Orphans.Select(static orphan => orphan.Object.Value).Should().Equal(Key(0, "repair-2/engine_metadata"), Key(0, "repair-2/index"));
        _time.Advance(TimeSpan.FromHours(1));
        await new BackupCatalog(_storage).SweepAsync(TimeSpan.FromMinutes(30));

        List<string> keys = await KeysAsync();
        keys.Should().NotContain(static key => key.Contains("repair-2")).And.Contain(Key(0, "repair-1/index")).And.Contain(Key(0, "engine_metadata"));
        (await RestoreAsync(_storage, 0)).Should().Be("0");
    }

    [Fact]
    public async Task Whatever_call_a_deletion_fails_at_the_next_sweep_or_deletion_removes_all_of_a_repaired_backup()
    {
        await FillAsync(levels: 1);
        await LoseAsync(0, "index");
        await _engine.RepairAsync(Name);
        bool fired = true;
        for (int call = 1; fired; call++)
        {
            var store = new MemoryStorage(_time);
            await _storage.CopyToAsync(store);
            var faulty = new FaultyStorage(store, new FaultPlan().FailCall(call));
            try
            {
                await new BackupCatalog(faulty).DeleteAsync(_backups[0]);
            }
            catch (StorageException) when (faulty.AllFired)
            {
                // The planned one.
            }

            fired = faulty.AllFired;
            if (await store.FindAsync(StorageKey.Parse(Document(0, "metadata"))) is not null)
            {
                (await RestoreAsync(store, 0)).Should().Be("0");
                continue;
            }

            _time.Advance(TimeSpan.FromHours(1));
            await new BackupCatalog(store).SweepAsync(TimeSpan.FromMinutes(30));
            (await store.KeysAsync()).Should().BeEmpty($"call {call} failed");
        }
    }

    [Fact]
    public async Task Of_two_repairs_at_the_same_time_one_counts()
    {
        await FillAsync(levels: 3);
        await LoseAsync(0, "index");

        Task<RepairResult>[] repairs = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => EngineOn(_storage).RepairAsync(Name)))];
        await Task.WhenAll(repairs).ContinueWith(static _ => { }, TaskScheduler.Default);

        repairs.Where(static repair => repair.IsFaulted).Should().OnlyContain(static repair => repair.Exception!.InnerException is BackupException);
        (await EngineOn(_storage).RepairAsync(Name)).IsWhole.Should().BeTrue();
        (await EngineOn(_storage).RepairAsync(Name)).Backups.Should().OnlyContain(static backup => backup.Outcome == RepairOutcome.Sound);
        (await RestoreAsync(_storage, 2)).Should().Be("2");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_manifest_that_refers_to_one_whose_place_was_taken_is_read_and_then_stored_anew(bool afterDoing)
    {
        await FillAsync(levels: 3);
        (await ManifestsOfAsync(_storage, 2)).Should().Contain(new FrameOwner(_backups[0].Id, 0));
        await LoseAsync(0, "index");
        bool fired = true;
        for (int call = 1; fired; call++)
        {
            var store = new MemoryStorage(_time);
            await _storage.CopyToAsync(store);
            var faulty = new FaultyStorage(store, afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call));
            try
            {
                await EngineOn(faulty).RepairAsync(Name);
            }
            catch (Exception failure) when (failure is StorageException or BackupException)
            {
                // The planned one.
            }

            fired = faulty.AllFired;
            if (await store.FindAsync(StorageKey.Parse(Document(0, "repair-1"))) is not null)
            {
                (await EngineOn(store).VerifyAsync(Name, new VerifyOptions { Depth = VerifyDepth.Content })).IsSound.Should().BeTrue($"call {call} failed");
                (await EngineOn(store).RepairAsync(Name)).IsWhole.Should().BeTrue($"call {call} failed");
                (await EngineOn(store).RepairAsync(Name)).Backups.Should().OnlyContain(static backup => backup.Outcome == RepairOutcome.Sound);
            }
        }
    }

    [Fact]
    public async Task A_backup_whose_parent_is_repaired_meanwhile_does_not_refer_to_what_was_replaced()
    {
        await FillAsync(levels: 2);
        Fill(_engine, 2);
        _engine.WhileWriting = async _ =>
        {
            byte[] index = await _storage.GetAsync(Key(0, "index"));
            index[^1] ^= 1;
            await _storage.PutAsync(Key(0, "index"), index);
            (await EngineOn(_storage).RepairAsync(Name)).IsWhole.Should().BeTrue();
        };

        await FluentActions.Awaiting(() => _engine.BackupAsync("r", Name)).Should().ThrowAsync<BackupException>().WithMessage("*was repaired while it was written*");

        _engine.WhileWriting = null;
        Backup next = (await _engine.BackupAsync("r", Name)).Backup;
        next.Level.Should().Be(2);
        var copy = new MemoryStorage();
        await new BackupCatalog(_storage).CopyAsync(next, copy);
        (await EngineOn(copy).VerifyAsync(Name, new VerifyOptions { Depth = VerifyDepth.Content })).IsSound.Should().BeTrue();
    }

    [Fact]
    public async Task A_backup_that_was_copied_before_gets_its_repair_with_the_next_copy()
    {
        await FillAsync(levels: 1);
        var copy = new MemoryStorage();
        var catalog = new BackupCatalog(_storage);
        await catalog.CopyAsync(_backups[0], copy);
        await LoseAsync(0, "index");
        await _engine.RepairAsync(Name);

        BackupCopyResult result = await catalog.CopyAsync(_backups[0], copy);

        result.Copied.Should().Be(3);
        (await copy.KeysAsync()).Should().Contain(Document(0, "repair-1"));
        (await RestoreAsync(copy, 0)).Should().Be("0");
        (await catalog.CopyAsync(_backups[0], copy)).Copied.Should().Be(0);
        await _storage.DeleteAsync(StorageKey.Parse(Key(0, "engine_metadata")));
        (await EngineOn(copy).RepairAsync(Name)).Backups.Should().ContainSingle().Which.Outcome.Should().Be(RepairOutcome.Sound);
    }

    private static DictionaryEngine EngineOn(IStorage storage, KeyRing? keys = null) => new(storage, new BackupEngineOptions { Parallelism = 2, Keys = keys });

    /// <summary>Long enough for a manifest of several frames, of which each level changes one entry.</summary>
    private static void Fill(DictionaryEngine engine, int level)
    {
        for (int i = 0; level == 0 && i < Entries; i++)
        {
            engine.Resources["r"][$"entry {i} {new string('x', 1000)}"] = BitConverter.GetBytes(i);
        }

        engine.Resources["r"]["level"] = Encoding.ASCII.GetBytes($"{level}");
    }

    private async Task FillAsync(int levels)
    {
        for (int level = 0; level < levels; level++)
        {
            Fill(_engine, level);
            _backups.Add((await _engine.BackupAsync("r", Name)).Backup);
            _backups[^1].Level.Should().Be(level);
        }
    }

    /// <summary>What a level has under the name that tells which one it is; nothing else may be missing.</summary>
    private async Task<string> RestoreAsync(IStorage storage, int level)
    {
        DictionaryEngine engine = EngineOn(storage);
        await engine.RestoreAsync(Name, "target", new RestoreOptions { To = _backups[level].Timestamp });
        engine.Restored["target"].Should().HaveCount(Entries + 1);
        return Encoding.ASCII.GetString(engine.Restored["target"]["level"]);
    }

    /// <summary>The manifest objects that the frames of a level's manifest are in.</summary>
    private async Task<HashSet<FrameOwner>> ManifestsOfAsync(IStorage storage, int level)
    {
        CommittedBackup commit = (await new BackupCatalog(storage).FindAsync(BackupLocation.Of(_backups[level]), default))!;
        using StoredObject index = commit.OpenObject(storage, commit.Location.Index, commit.Document.Index.Length, SealedRole.Index);
        LevelIndexReader reader = await LevelIndexReader.OpenAsync(index, commit.IndexDirectory, default);
        HashSet<FrameOwner> owners = [];
        await foreach (ManifestFrame frame in reader.ReadManifestFramesAsync(default))
        {
            owners.Add(frame.Owner);
        }

        return owners;
    }

    private Task LoseAsync(int level, string role) => _storage.DeleteAsync(StorageKey.Parse(Key(level, role)));

    private Task<List<string>> KeysAsync() => _storage.KeysAsync();

    private string Key(int level, string role) => DamagedObjects.KeyOf(_backups[level], role);

    private string Document(int level, string name) => $"metadata/{BackupLocation.Of(_backups[level]).Folder}/{name}";
}
