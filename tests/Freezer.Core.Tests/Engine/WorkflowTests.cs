using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Freezer.Catalog;
using Freezer.Dataflow;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Freezer.Tests.Engine;

/// <summary>The workflow of every engine, driven through a small one: levels, commit, chains, damage, faults.</summary>
public sealed class WorkflowTests
{
    private const string Name = "home";

    private readonly ManualTime _time = new();
    private readonly MemoryStorage _storage;
    private readonly DictionaryEngine _engine;

    public WorkflowTests()
    {
        _storage = new MemoryStorage(_time);
        _engine = EngineOn(_storage);
    }

    [Fact]
    public async Task Every_level_restores_to_its_own_date()
    {
        List<(DateTimeOffset Date, SortedDictionary<string, byte[]> Content)> states = [];
        for (int level = 0; level < 5; level++)
        {
            Mutate(level);
            BackupResult result = await BackupAsync();
            result.Outcome.Should().Be(BackupOutcome.Complete);
            result.Backup.Level.Should().Be(level);
            states.Add((result.Backup.Timestamp, Copy()));
            _time.Advance(TimeSpan.FromHours(1));
        }

        foreach ((DateTimeOffset date, SortedDictionary<string, byte[]> content) in states)
        {
            (await RestoreAsync(new RestoreOptions { To = date })).Should().BeEquivalentTo(content);
            (await RestoreAsync(new RestoreOptions { To = date.AddMinutes(59) })).Should().BeEquivalentTo(content);
        }

        (await RestoreAsync()).Should().BeEquivalentTo(states[^1].Content);
    }

    [Theory]
    [InlineData(null, null, new[] { 0, 1, 2, 3, 4, 5 })]
    [InlineData(0, 0, new[] { 0, 1, 2, 3, 4, 5 })]
    [InlineData(2, null, new[] { 0, 1, 2, 0, 1, 2 })]
    [InlineData(null, 2, new[] { 0, 1, 2, 2, 2, 2 })]
    [InlineData(null, 1, new[] { 0, 1, 1, 1, 1, 1 })]
    [InlineData(1, 3, new[] { 0, 1, 0, 1, 0, 1 })]
    [InlineData(3, 1, new[] { 0, 1, 1, 1, 1, 1 })]
    [InlineData(2, 2, new[] { 0, 1, 2, 0, 1, 2 })]
    public async Task Levels_follow_the_rules(int? maxLevel, int? alwaysLevel, int[] expected)
    {
        var options = new BackupOptions { MaxLevel = maxLevel, AlwaysLevel = alwaysLevel };
        List<int> levels = [];
        for (int i = 0; i < expected.Length; i++)
        {
            Mutate(i);
            BackupResult result = await BackupAsync(options);
            levels.Add(result.Backup.Level);
            (await RestoreAsync()).Should().BeEquivalentTo(Copy());
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        levels.Should().Equal(expected);
    }

    [Fact]
    public async Task A_lowered_always_level_begins_a_new_chain()
    {
        for (int i = 0; i < 4; i++)
        {
            await BackupAsync();
        }

        BackupResult result = await BackupAsync(new BackupOptions { AlwaysLevel = 2 });
        result.Backup.Level.Should().Be(0);
        result.NewChainReason.Should().Contain("level 3");
    }

    [Fact]
    public async Task A_chain_restarts_by_the_age_of_its_level_zero()
    {
        var options = new BackupOptions { RestartAlwaysLevel = TimeSpan.FromDays(3) };
        List<int> levels = [];
        for (int day = 0; day < 7; day++)
        {
            levels.Add((await BackupAsync(options)).Backup.Level);
            _time.Advance(TimeSpan.FromDays(1));
        }

        levels.Should().Equal(0, 1, 2, 0, 1, 2, 0);
    }

    [Fact]
    public async Task No_incremental_is_always_full()
    {
        await BackupAsync();
        (await BackupAsync(new BackupOptions { NoIncremental = true })).Backup.Level.Should().Be(0);
    }

    [Fact]
    public async Task An_engine_may_refuse_its_parent_and_the_result_says_why()
    {
        await BackupAsync();
        _engine.Plan = BackupPlan.Full("the volume has grown");
        BackupResult result = await BackupAsync();
        result.Backup.Level.Should().Be(0);
        result.NewChainReason.Should().Be("the volume has grown");
    }

    [Fact]
    public async Task A_parent_of_another_source_is_not_built_on()
    {
        await BackupAsync();
        _engine.Resources["other"] = Copy();
        BackupResult result = await _engine.BackupAsync("other", Name);
        result.Backup.Level.Should().Be(0);
        result.NewChainReason.Should().Contain("'r'").And.Contain("'other'");
        BackupResult elsewhere = await EngineOn(_storage, host: "elsewhere").BackupAsync("r", Name);
        elsewhere.NewChainReason.Should().Contain("elsewhere");
    }

    [Fact]
    public async Task Backups_in_one_second_get_timestamps_of_their_own()
    {
        List<DateTimeOffset> timestamps = [];
        for (int i = 0; i < 4; i++)
        {
            timestamps.Add((await BackupAsync()).Backup.Timestamp);
        }

        timestamps.Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
    }

    [Fact]
    public async Task A_clock_that_was_put_back_does_not_reorder_backups()
    {
        DateTimeOffset first = (await BackupAsync()).Backup.Timestamp;
        _time.Advance(TimeSpan.FromDays(-30));
        BackupResult second = await BackupAsync();
        second.Backup.Timestamp.Should().BeAfter(first);
        second.Backup.Level.Should().Be(1);
    }

    [Fact]
    public async Task Backups_of_one_name_at_the_same_time_are_all_good()
    {
        Mutate(0);
        await BackupAsync();
        Mutate(1);
        const int Writers = 8;
        int started = 0;
        var allStarted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engines = Enumerable.Range(0, Writers).Select(_ =>
        {
            DictionaryEngine engine = EngineOn(_storage);
            engine.Resources["r"] = Copy();
            engine.WhileWriting = _ =>
            {
                if (Interlocked.Increment(ref started) == Writers)
                {
                    allStarted.SetResult();
                }

                return allStarted.Task;
            };
            return engine;
        }).ToList();
        BackupResult[] results = await Task.WhenAll(engines.Select((engine, i) =>
            Task.Run(() => engine.BackupAsync("r", Name, new BackupOptions { NoIncremental = i % 3 == 0 }))));
        results.Select(result => result.Backup.Timestamp).Should().OnlyHaveUniqueItems();
        foreach (BackupResult result in results)
        {
            (await RestoreAsync(new RestoreOptions { To = result.Backup.Timestamp })).Should().BeEquivalentTo(Copy());
        }

        (await KeysAsync("data")).Should().NotContain(key => key.EndsWith("/claim"));
    }

    [Fact]
    public async Task Unchanged_manifest_frames_are_not_stored_again()
    {
        for (int i = 0; i < 20_000; i++)
        {
            _engine.Resources["r"][$"entry-{i:D6}"] = [1];
        }

        BackupResult full = await BackupAsync();
        _engine.Resources["r"]["entry-010000"] = [2];
        BackupResult second = await BackupAsync();
        BackupResult third = await BackupAsync();
        long[] manifests = [await ManifestLengthAsync(full), await ManifestLengthAsync(second), await ManifestLengthAsync(third)];
        manifests[1].Should().BePositive().And.BeLessThan(manifests[0] / 2);
        manifests[2].Should().BeLessThan(32, "only the empty file of the codec is left");
        (await BackupAsync()).Backup.Entries.Should().Be(20_000);
        (await RestoreAsync()).Should().BeEquivalentTo(Copy());
    }

    [Fact]
    public async Task The_document_is_one_line_of_json_that_begins_with_freezers_own_members()
    {
        Mutate(0);
        BackupResult result = await BackupAsync(new BackupOptions { Compression = new Compression("gzip") });
        string key = (await KeysAsync("metadata")).Should().ContainSingle().Subject;
        key.Should().Be($"metadata/dictionary/{Name}/{result.Backup.Timestamp.ToUnixTimeSeconds()}/0_{result.Backup.Timestamp.ToUnixTimeSeconds()}/metadata");
        string text = Encoding.UTF8.GetString(await ReadAsync(key));
        text.Should().StartWith("{\"engine_name\":\"dictionary\",\"compression\":\"gzip\",\"encryption\":false").And.NotContain("\n");
        JsonDocument.Parse(text).RootElement.GetProperty("id").GetGuid().Should().Be(result.Backup.Id);
    }

    [Fact]
    public async Task A_missing_middle_level_is_found_before_anything_is_written()
    {
        await ChainAsync(3);
        string middle = (await KeysAsync("metadata")).Single(key => key.Contains("/1_"));
        await _storage.DeleteAsync(StorageKey.Parse(middle));
        Func<Task> restore = () => RestoreAsync();
        (await restore.Should().ThrowAsync<BackupDamagedException>()).WithMessage($"*level 1*missing*{middle}*");
        _engine.Restored.Should().BeEmpty();
        BackupResult next = await BackupAsync();
        next.Backup.Level.Should().Be(0);
        next.NewChainReason.Should().Contain("cannot be built on");
    }

    [Theory]
    [InlineData("data")]
    [InlineData("engine_metadata")]
    [InlineData("index")]
    public async Task A_missing_or_cut_object_is_found_before_anything_is_written(string role)
    {
        await ChainAsync(2);
        StorageKey key = StorageKey.Parse((await KeysAsync("data")).Single(key => key.Contains("/0_") && key.EndsWith("/" + role)));
        byte[] content = await ReadAsync(key.Value);
        await _storage.WriteBytesAsync(key, content.AsMemory(0, content.Length - 1), WriteMode.Replace, default);
        Func<Task> restore = () => RestoreAsync();
        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*{key}*");
        await _storage.DeleteAsync(key);
        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*{key}*missing*");
        _engine.Restored.Should().BeEmpty();
    }

    [Fact]
    public async Task Any_flipped_bit_of_any_object_is_noticed_by_a_restore()
    {
        _engine.Resources["r"]["one"] = [1, 2, 3];
        _engine.Resources["r"]["two"] = [];
        await BackupAsync(new BackupOptions { Compression = new Compression("none") });
        foreach (string key in (await KeysAsync("data")).Where(key => !key.EndsWith("engine_metadata")).Concat(await KeysAsync("metadata")))
        {
            byte[] content = await ReadAsync(key);
            for (int i = 0; i < content.Length; i++)
            {
                content[i] ^= 0x10;
                await _storage.WriteBytesAsync(StorageKey.Parse(key), content, WriteMode.Replace, default);
                Func<Task> restore = () => RestoreAsync();
                // The pages of the manifest are not needed by a restore that replays.
                if (!await IsManifestPageAsync(key, i))
                {
                    await restore.Should().ThrowAsync<BackupException>($"byte {i} of {key} was flipped");
                }

                content[i] ^= 0x10;
            }

            await _storage.WriteBytesAsync(StorageKey.Parse(key), content, WriteMode.Replace, default);
        }

        (await RestoreAsync()).Should().BeEquivalentTo(Copy());
    }

    [Fact]
    public async Task A_damaged_parent_manifest_begins_a_new_chain()
    {
        await ChainAsync(1);
        StorageKey key = StorageKey.Parse((await KeysAsync("data")).Single(key => key.EndsWith("/engine_metadata")));
        byte[] content = await ReadAsync(key.Value);
        content[content.Length / 2] ^= 1;
        await _storage.WriteBytesAsync(key, content, WriteMode.Replace, default);
        BackupResult next = await BackupAsync();
        next.Backup.Level.Should().Be(0);
        next.NewChainReason.Should().Contain("damaged");
        next.Backup.Entries.Should().Be(_engine.Resources["r"].Count);
    }

    [Fact]
    public async Task A_document_that_is_not_json_is_named_and_the_next_backup_begins_a_new_chain()
    {
        await ChainAsync(1);
        string key = (await KeysAsync("metadata")).Single();
        await _storage.WriteBytesAsync(StorageKey.Parse(key), "not json"u8.ToArray(), WriteMode.Replace, default);
        Func<Task> restore = () => RestoreAsync();
        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*{key}*not a JSON document*");
        Backup listed = (await ListAsync()).Should().ContainSingle().Subject;
        listed.Problem.Should().Contain("JSON");
        (await BackupAsync()).NewChainReason.Should().Contain(key);
    }

    [Theory]
    [InlineData("\"format\":1", "\"format\":9", "*format 9*newer version*")]
    [InlineData("\"requires\":[]", "\"requires\":[\"teleport\"]", "*teleport*newer version*")]
    public async Task A_document_of_a_newer_version_is_refused_by_name(string from, string to, string message)
    {
        await ChainAsync(1);
        string key = (await KeysAsync("metadata")).Single();
        string text = Encoding.UTF8.GetString(await ReadAsync(key)).Replace(from, to);
        await _storage.WriteBytesAsync(StorageKey.Parse(key), Encoding.UTF8.GetBytes(text), WriteMode.Replace, default);
        Func<Task> restore = () => RestoreAsync();
        await restore.Should().ThrowAsync<BackupUnsupportedException>().WithMessage(message);
    }

    [Fact]
    public async Task A_document_that_lies_with_another_backup_is_refused()
    {
        await ChainAsync(2);
        string[] keys = [.. await KeysAsync("metadata")];
        await _storage.WriteBytesAsync(StorageKey.Parse(keys[1]), await ReadAsync(keys[0]), WriteMode.Replace, default);
        Func<Task> restore = () => RestoreAsync();
        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage("*not the one that it lies with*");
    }

    [Fact]
    public async Task Levels_with_one_id_are_refused()
    {
        await ChainAsync(2);
        string[] keys = [.. await KeysAsync("metadata")];
        string first = (await ListAsync())[0].Id.ToString();
        string second = (await ListAsync())[1].Id.ToString();
        byte[] document = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(await ReadAsync(keys[1])).Replace($"\"id\":\"{second}\"", $"\"id\":\"{first}\""));
        Freezer.Fuzz.Repairs.Document(document);
        await _storage.WriteBytesAsync(StorageKey.Parse(keys[1]), document, WriteMode.Replace, default);
        Func<Task> restore = () => RestoreAsync();
        await restore.Should().ThrowAsync<BackupDamagedException>().WithMessage($"*{first.Replace("-", "")}*another level*");
    }

    [Fact]
    public async Task Unknown_names_and_dates_before_the_first_backup_are_errors_that_say_so()
    {
        Func<Task> unknown = () => RestoreAsync();
        await unknown.Should().ThrowAsync<BackupNotFoundException>().WithMessage($"*'{Name}'*");
        await ChainAsync(1);
        Func<Task> early = () => RestoreAsync(new RestoreOptions { To = _time.GetUtcNow().AddYears(-1) });
        await early.Should().ThrowAsync<BackupNotFoundException>().WithMessage("*the first one is of 2026-03-01*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a\nb")]
    [InlineData("a\\b")]
    public async Task Names_that_are_no_segment_are_refused(string name)
    {
        Func<Task> backup = () => _engine.BackupAsync("r", name);
        await backup.Should().ThrowAsync<ArgumentException>().WithMessage("*cannot name a backup*");
    }

    [Fact]
    public async Task Options_that_cannot_be_are_refused()
    {
        Func<Task> queue = () => BackupAsync(new BackupOptions { QueueSize = 0 });
        await queue.Should().ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*QueueSize*");
        Func<Task> codec = () => BackupAsync(new BackupOptions { Compression = new Compression("lz77") });
        await codec.Should().ThrowAsync<Exception>().WithMessage("*lz77*");
    }

    [Fact]
    public async Task A_chain_of_another_program_restores_by_the_newest_backup_of_each_level()
    {
        var states = new List<SortedDictionary<string, byte[]>>();
        foreach (int i in Enumerable.Range(0, 3))
        {
            Mutate(i);
            await BackupAsync(new BackupOptions { Compression = new Compression("gzip") });
            states.Add(Copy());
            _time.Advance(TimeSpan.FromMinutes(5));
        }

        foreach (string key in await KeysAsync("metadata"))
        {
            await _storage.WriteBytesAsync(
                StorageKey.Parse(key), "{\"engine_name\": \"dictionary\", \"compression\": \"gzip\", \"encryption\": false}"u8.ToArray(), WriteMode.Replace, default);
        }

        foreach (string key in (await KeysAsync("data")).Where(key => !key.EndsWith("/data")))
        {
            await _storage.DeleteAsync(StorageKey.Parse(key));
        }

        List<Backup> listed = await ListAsync();
        listed.Should().HaveCount(3).And.OnlyContain(backup => backup.IsForeign);
        for (int i = 0; i < 3; i++)
        {
            (await RestoreAsync(new RestoreOptions { To = listed[i].Timestamp })).Should().BeEquivalentTo(states[i]);
        }

        (await BackupAsync()).NewChainReason.Should().Contain("another program");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_storage_that_fails_at_any_call_loses_nothing(bool afterDoing)
    {
        bool fired = true;
        for (int call = 1; fired; call++)
        {
            // Each fault meets the same storage: one full backup, and an increment that is being taken.
            var test = new WorkflowTests();
            test.Mutate(0);
            await test.BackupAsync();
            SortedDictionary<string, byte[]> before = test.Copy();
            test.Mutate(1);
            fired = await test.FailAsync(call, afterDoing);
            (await test.BackupAsync()).Outcome.Should().Be(BackupOutcome.Complete);
            List<Backup> listed = await test.ListAsync();
            listed.Should().OnlyContain(backup => backup.Problem == null);
            (await test.RestoreAsync()).Should().BeEquivalentTo(test.Copy());
            (await test.RestoreAsync(new RestoreOptions { To = listed[0].Timestamp })).Should().BeEquivalentTo(before);
        }
    }

    /// <summary>Takes a backup whose storage fails at one call; what it reports must be what is so.</summary>
    private async Task<bool> FailAsync(int call, bool afterDoing)
    {
        FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call);
        var faulty = new FaultyStorage(_storage, plan);
        int before = (await ListAsync()).Count;
        try
        {
            await EngineOn(faulty).BackupAsync("r", Name);
            (await ListAsync()).Count.Should().Be(before + 1);
        }
        catch (Exception exception)
        {
            Causes(exception).Should().Contain(plan.Error, $"call {call} failed");
            (await ListAsync()).Count.Should().Be(before, $"call {call} was reported as a failure");
        }

        return faulty.AllFired;
    }

    [Fact]
    public async Task A_restore_from_a_storage_that_fails_at_any_call_throws_its_cause()
    {
        await ChainAsync(2);
        for (int call = 1; ; call++)
        {
            FaultPlan plan = new FaultPlan().FailCall(call);
            var faulty = new FaultyStorage(_storage, plan);
            try
            {
                await EngineOn(faulty).RestoreAsync(Name, "x");
                faulty.AllFired.Should().BeFalse();
                break;
            }
            catch (Exception exception)
            {
                Causes(exception).Should().Contain(plan.Error);
            }
        }
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_a_success()
    {
        var storage = new FaultyStorage(_storage, new FaultPlan().LoseAnswer(FaultCall.Write("/metadata")));
        await EngineOn(storage).BackupAsync("r", Name);
        storage.VerifyAllFired();
        (await ListAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_commit_of_which_the_storage_says_that_it_failed_is_no_success()
    {
        var plan = new FaultPlan { Error = new StorageException(StorageErrorKind.Unknown, null, "The disk failed.") };
        plan.LoseAnswer(FaultCall.Write("/metadata"));
        Func<Task> backup = () => EngineOn(new FaultyStorage(_storage, plan)).BackupAsync("r", Name);
        (await backup.Should().ThrowAsync<BackupException>()).WithInnerException<StorageException>().Which.Should().BeSameAs(plan.Error);
    }

    [Fact]
    public async Task A_backup_that_was_swept_while_its_commit_took_long_is_no_success()
    {
        await ChainAsync(1);
        var storage = new InterceptedStorage(_storage);
        storage.BeforeWrite = async key =>
        {
            if (key.Value.StartsWith("metadata/", StringComparison.Ordinal))
            {
                _time.Advance(TimeSpan.FromHours(1));
                await _storage.DeleteAsync(StorageKey.Parse((await KeysAsync("data")).Single(static key => key.Contains("/1_") && key.EndsWith("/data"))));
            }
        };
        Func<Task> backup = () => EngineOn(storage).BackupAsync("r", Name);
        await backup.Should().ThrowAsync<BackupException>().WithMessage("*not whole*");
    }

    [Fact]
    public async Task A_storage_that_lists_late_loses_nothing_that_is_committed()
    {
        Mutate(0);
        await BackupAsync();
        Func<Task> second = () => EngineOn(new LateStorage(_storage)).BackupAsync("r", Name);
        await second.Should().ThrowAsync<StorageException>();
        (await RestoreAsync()).Should().BeEquivalentTo(Copy());
    }

    [Fact]
    public async Task A_storage_that_lists_everything_twice_shows_each_backup_once()
    {
        await ChainAsync(2);
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(new TwiceStorage(_storage)).ListAsync())
        {
            backups.Add(backup);
        }

        backups.Should().HaveCount(2);
        (await EngineOn(new TwiceStorage(_storage)).VerifyAsync(Name)).IsSound.Should().BeTrue();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_an_engine_says_that_could_not_be_read_back_fails_the_backup(bool isNothing)
    {
        _engine.WhileWriting = context =>
        {
            context.Facts["fact"] = isNothing ? null! : new string('x', 2 << 20);
            return Task.CompletedTask;
        };
        Func<Task> backup = () => BackupAsync();
        await backup.Should().ThrowAsync<Exception>().WithMessage(isNothing ? "*the fact 'fact' no value*" : "*metadata document*");
        (await KeysAsync("")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_backup_that_is_cancelled_just_after_its_claim_leaves_none()
    {
        using var source = new CancellationTokenSource();
        var storage = new Freezer.Tests.Storage.Mirror.BreakableStorage(_storage) { AfterWrite = _ => source.CancelAsync() };
        Func<Task> backup = () => EngineOn(storage).BackupAsync("r", Name, cancellationToken: source.Token);
        await backup.Should().ThrowAsync<OperationCanceledException>();
        (await KeysAsync("")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_cancelled_operation_is_told_as_cancelled_and_not_as_a_failure()
    {
        await ChainAsync(1);
        List<string> outcomes = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Freezer",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("freezer.backup_name") is "told as cancelled")
                {
                    outcomes.Add($"{activity.OperationName} {activity.GetTagItem("freezer.outcome")} {activity.Status}");
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var logger = new LevelLogger();
        var engine = new DictionaryEngine(_storage, new BackupEngineOptions { Logger = logger });
        var cancelled = new CancellationToken(canceled: true);
        foreach (Func<Task> operation in new Func<Task>[]
        {
            () => engine.BackupAsync("r", "told as cancelled", cancellationToken: cancelled),
            () => engine.RestoreAsync("told as cancelled", "d", cancellationToken: cancelled),
            () => engine.VerifyAsync("told as cancelled", cancellationToken: cancelled),
            () => engine.RepairAsync("told as cancelled", cancellationToken: cancelled),
        })
        {
            await operation.Should().ThrowAsync<OperationCanceledException>();
        }

        logger.Levels.Should().Equal(Enumerable.Repeat(LogLevel.Information, 4));
        outcomes.Should().Equal("Freezer.Backup cancelled Unset", "Freezer.Restore cancelled Unset", "Freezer.Verify cancelled Unset", "Freezer.Repair cancelled Unset");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_last_report_counts_every_byte_that_was_stored(bool encrypted)
    {
        using EncryptedRepository repository = await EncryptedRepository.CreateAsync();
        List<BackupProgress> reports = [];
        var engine = new DictionaryEngine(encrypted ? repository.Storage : _storage, new BackupEngineOptions { Keys = encrypted ? repository.Keys : null });
        engine.Resources["r"]["large"] = new byte[3_000_000];
        for (int level = 0; level < 2; level++)
        {
            engine.Resources["r"]["level"] = [(byte)level];
            BackupResult result = await engine.BackupAsync("r", Name, progress: new Recorder(reports));
            reports[^1].BytesStored.Should().Be(result.Backup.BytesStored);
        }
    }

    [Fact]
    public async Task What_another_program_encrypted_is_not_taken_for_damage()
    {
        await ChainAsync(1);
        foreach (string key in await KeysAsync("metadata"))
        {
            await _storage.WriteBytesAsync(
                StorageKey.Parse(key), "{\"engine_name\": \"dictionary\", \"compression\": \"gzip\", \"encryption\": true}"u8.ToArray(), WriteMode.Replace, default);
        }

        Func<Task> restore = () => RestoreAsync(new RestoreOptions { SkipDamaged = true });
        await restore.Should().ThrowAsync<BackupUnsupportedException>().WithMessage("*encrypted by another program*");
        _engine.Restored.Should().BeEmpty();
        (await BackupAsync()).NewChainReason.Should().Contain("another program");
    }

    [Fact]
    public async Task A_sweep_removes_the_probes_of_those_who_died()
    {
        await _storage.WriteBytesAsync(StorageKey.Parse("probe/0123"), default, WriteMode.CreateNew, default);
        await new BackupCatalog(_storage).SweepAsync(TimeSpan.FromHours(1));
        (await KeysAsync("")).Should().ContainSingle();
        _time.Advance(TimeSpan.FromHours(1));
        await new BackupCatalog(_storage).SweepAsync(TimeSpan.FromHours(1));
        (await KeysAsync("")).Should().BeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void A_number_of_cores_that_cannot_be_is_refused(int parallelism) =>
        FluentActions.Invoking(() => new DictionaryEngine(_storage, new BackupEngineOptions { Parallelism = parallelism }))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName("Parallelism");

    [Theory]
    [InlineData(0)]
    [InlineData(5_000_000)]
    public async Task A_manifest_that_is_written_in_large_pieces_is_read_back(int atOnce)
    {
        int step = atOnce == 0 ? 10_000_000 : atOnce;
        byte[] content = new byte[30_000_000];
        new Random(1).NextBytes(content);
        _engine.WhileWriting = async context =>
        {
            for (int position = 0; position < content.Length; position += step)
            {
                ReadOnlyMemory<byte> piece = content.AsMemory(position, step);
                if (atOnce == 0)
                {
                    System.Buffers.BuffersExtensions.Write(context.Manifest, piece.Span);
                }
                else
                {
                    piece.CopyTo(context.Manifest.GetMemory(atOnce));
                    context.Manifest.Advance(atOnce);
                }

                context.Manifest.EndBlock();
                await context.Manifest.FlushAsync();
            }
        };
        Backup backup = (await BackupAsync()).Backup;

        CommittedBackup commit = (await new BackupCatalog(_storage).FindAsync(BackupLocation.Of(backup), default))!;
        using var reader = new ChainReader(_storage, [commit], Freezer.Dataflow.Compression.CodecSet.BuiltIn, 2, 1 << 20);
        using var read = new MemoryStream();
        await reader.ReadManifestAsync(reader.Chain[0], (manifest, token) => manifest.CopyToAsync(read, token), default);
        read.ToArray().AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task A_failing_engine_leaves_nothing_behind()
    {
        var cause = new InvalidOperationException("the source broke");
        _engine.WhileWriting = _ => throw cause;
        Mutate(0);
        Func<Task> backup = () => BackupAsync();
        (await backup.Should().ThrowAsync<InvalidOperationException>()).Which.Should().BeSameAs(cause);
        (await KeysAsync("")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_cancelled_backup_leaves_nothing_behind()
    {
        using var source = new CancellationTokenSource();
        _engine.WhileWriting = _ => source.CancelAsync();
        Func<Task> backup = () => _engine.BackupAsync("r", Name, cancellationToken: source.Token);
        (await backup.Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(source.Token);
        (await KeysAsync("")).Should().BeEmpty();
    }

    [Fact]
    public async Task Skips_change_the_outcome_or_fail_the_backup_by_option()
    {
        _engine.WhileWriting = context =>
        {
            context.ReportSkip(new SkippedEntry(EntryPath.Parse("a/b"), SkipKind.Unreadable, "Permission denied."));
            return Task.CompletedTask;
        };
        BackupResult result = await BackupAsync();
        result.Outcome.Should().Be(BackupOutcome.CompleteWithSkips);
        result.Skips.Should().ContainSingle().Which.Path.ToString().Should().Be("a/b");
        (await ListAsync()).Single().Outcome.Should().Be(BackupOutcome.CompleteWithSkips);
        Func<Task> strict = () => BackupAsync(new BackupOptions { FailOnSkip = true });
        await strict.Should().ThrowAsync<BackupException>().WithMessage("a/b: Permission denied.*");
    }

    [Fact]
    public async Task A_sweep_removes_what_was_never_committed_once_it_is_old()
    {
        await ChainAsync(1);
        var catalog = new BackupCatalog(_storage);
        foreach (string role in new[] { "claim", "data", "engine_metadata" })
        {
            await _storage.WriteBytesAsync(StorageKey.Parse($"data/dictionary/{Name}/17/0_17/{role}"), new byte[3], WriteMode.CreateNew, default);
        }

        (await ListAsync()).Should().ContainSingle();
        (await catalog.SweepAsync(TimeSpan.FromHours(1))).Should().Be(0);
        _time.Advance(TimeSpan.FromHours(2));
        (await catalog.SweepAsync(TimeSpan.FromHours(1))).Should().Be(1);
        (await KeysAsync("data")).Should().NotContain(key => key.Contains("/17/")).And.HaveCount(3);
        (await RestoreAsync()).Should().BeEquivalentTo(Copy());
        Func<Task> young = () => catalog.SweepAsync(TimeSpan.FromMinutes(1));
        await young.Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task A_backup_in_progress_renews_its_claim_and_is_not_swept()
    {
        var catalog = new BackupCatalog(_storage);
        _engine.WhileWriting = async _ =>
        {
            StorageKey claim = StorageKey.Parse((await KeysAsync("data")).Single(key => key.EndsWith("/claim")));
            for (int i = 0; i < 30; i++)
            {
                DateTimeOffset before = (await _storage.FindAsync(claim))!.LastModified;
                _time.Advance(TimeSpan.FromMinutes(4));
                while ((await _storage.FindAsync(claim))!.LastModified == before)
                {
                    await Task.Yield();
                }
            }

            (await catalog.SweepAsync(BackupCatalog.LeastSweepAge)).Should().Be(0);
        };
        (await BackupAsync()).Outcome.Should().Be(BackupOutcome.Complete);
    }

    [Fact]
    public async Task Progress_is_throttled_and_the_last_report_is_complete()
    {
        Mutate(0);
        var reports = new List<BackupProgress>();
        BackupResult result = await _engine.BackupAsync("r", Name, progress: new Recorder(reports));
        reports.Should().HaveCount(1, "the clock stands still");
        reports[^1].Entries.Should().Be(result.Backup.Entries);
        reports[^1].Bytes.Should().Be(result.Backup.BytesRead);
    }

    private static IEnumerable<Exception> Causes(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
        }
    }

    private DictionaryEngine EngineOn(IStorage storage, string host = "here")
    {
        var engine = new DictionaryEngine(storage, new BackupEngineOptions { TimeProvider = _time, SourceHost = host });
        if (_engine is not null)
        {
            engine.Resources["r"] = Copy();
        }

        return engine;
    }

    private void Mutate(int seed)
    {
        var random = new Random(seed);
        SortedDictionary<string, byte[]> resource = _engine.Resources["r"];
        for (int i = 0; i < 12; i++)
        {
            byte[] content = new byte[random.Next(300)];
            random.NextBytes(content);
            resource[$"entry-{random.Next(20)}"] = content;
        }

        resource.Remove($"entry-{random.Next(20)}");
    }

    private SortedDictionary<string, byte[]> Copy() => new(_engine.Resources["r"], StringComparer.Ordinal);

    private async Task ChainAsync(int levels)
    {
        for (int i = 0; i < levels; i++)
        {
            Mutate(i);
            await BackupAsync();
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    private Task<BackupResult> BackupAsync(BackupOptions? options = null) => _engine.BackupAsync("r", Name, options);

    private async Task<SortedDictionary<string, byte[]>> RestoreAsync(RestoreOptions? options = null)
    {
        _engine.Restored.Clear();
        await _engine.RestoreAsync(Name, "d", options);
        return _engine.Restored.GetValueOrDefault("d") ?? [];
    }

    private async Task<List<Backup>> ListAsync()
    {
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(_storage).ListAsync("dictionary", Name))
        {
            backups.Add(backup);
        }

        return backups;
    }

    private async Task<List<string>> KeysAsync(string prefix)
    {
        List<string> keys = [];
        await foreach (StorageEntry entry in _storage.ListAsync(StoragePrefix.Parse(prefix)))
        {
            keys.Add(entry.Key.Value);
        }

        return keys;
    }

    private Task<byte[]> ReadAsync(string key) => _storage.ReadBytesAsync(StorageKey.Parse(key), ReadOptions.Whole, int.MaxValue, default);

    private async Task<long> ManifestLengthAsync(BackupResult result)
    {
        string key = (await KeysAsync("data")).Single(key =>
            key.EndsWith($"_{result.Backup.Timestamp.ToUnixTimeSeconds()}/engine_metadata"));
        return (await _storage.FindAsync(StorageKey.Parse(key)))!.Length;
    }

    private async Task<bool> IsManifestPageAsync(string key, int offset)
    {
        if (!key.EndsWith("/index"))
        {
            return false;
        }

        using JsonDocument document = JsonDocument.Parse(await ReadAsync((await KeysAsync("metadata")).Single()));
        JsonElement index = document.RootElement.GetProperty("index");
        long directory = index.GetProperty("length").GetInt64() - index.GetProperty("directory_length").GetInt64();
        // Archive frames and leaves come first: one frame, one leaf.
        return offset >= LevelIndexLayout.ArchiveFrameSize + LevelIndexLayout.LeafSize && offset < directory;
    }

    /// <summary>A storage that does not list anything yet.</summary>
    private sealed class LateStorage(IStorage inner) : DelegatingStorage(inner)
    {
        public override IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) => AsyncEnumerable.Empty<StorageEntry>();
    }

    private sealed class TwiceStorage(IStorage inner) : DelegatingStorage(inner)
    {
        public override async IAsyncEnumerable<StorageEntry> ListAsync(
            StoragePrefix prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (StorageEntry entry in Inner.ListAsync(prefix, cancellationToken))
            {
                yield return entry;
                yield return entry;
            }
        }
    }

    private sealed class LevelLogger : ILogger
    {
        internal List<LogLevel> Levels { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Levels.Add(logLevel);
    }

    private sealed class Recorder(List<BackupProgress> reports) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value) => reports.Add(value);
    }
}
