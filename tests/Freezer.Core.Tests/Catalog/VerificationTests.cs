using Freezer.Catalog;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Catalog;

/// <summary>Whatever is done to a repository behind the library's back, a verification names it, and no restore delivers it.</summary>
public sealed class VerificationTests : IDisposable
{
    private const string Name = "home";

    private static readonly string[] _roles = ["data", "engine_metadata", "index", "metadata"];
    private static readonly VerifyOptions _everything = new() { All = true };

    private readonly ManualTime _time = new();
    private readonly EncryptedRepository _encrypted;
    private MemoryStorage _storage = new();
    private DictionaryEngine _engine;

    public VerificationTests()
    {
        _encrypted = EncryptedRepository.CreateAsync(_time).GetAwaiter().GetResult();
        _engine = NewEngine(null);
    }

    public void Dispose() => _encrypted.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_repository_that_nobody_touched_is_sound_at_every_depth(bool encrypted)
    {
        await FillAsync(encrypted);
        foreach (VerifyDepth depth in Enum.GetValues<VerifyDepth>())
        {
            VerifyResult result = await _engine.VerifyAsync(Name, _everything with { Depth = depth });

            result.IsSound.Should().BeTrue();
            result.Defects.Should().BeEmpty();
            result.Orphans.Should().BeEmpty();
            result.Backups.Select(static backup => (backup.Backup.Level, backup.Restores)).Should().Equal((0, true), (1, true), (2, true));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flipped_bit_anywhere_in_any_object_is_named(bool encrypted)
    {
        await FillAsync(encrypted, levels: 2);
        List<string> unnoticed = [];
        foreach (string key in (await _storage.KeysAsync()).Where(static key => !key.StartsWith("keys/", StringComparison.Ordinal)))
        {
            byte[] content = await _storage.GetAsync(key);
            for (int i = 0; i < content.Length; i++)
            {
                byte[] altered = [.. content];
                altered[i] ^= (byte)(1 << (i % 8));
                await _storage.PutAsync(key, altered);

                VerifyResult result = await _engine.VerifyAsync(Name, _everything);
                if (!result.Defects.Any(defect => defect.Object.Value == key) || result.Backups.All(static backup => backup.Restores))
                {
                    unnoticed.Add($"byte {i} of {key}");
                }

                // A restore needs not every byte; that it gives back another content is what must not be.
                if (i % 8 == 0)
                {
                    await RefusesOrDeliversAsync(1, $"byte {i} of {key} is altered");
                }
            }

            await _storage.PutAsync(key, content);
        }

        unnoticed.Should().BeEmpty();
    }

    [Fact]
    public async Task A_flipped_bit_of_a_key_slot_is_noticed_where_it_matters()
    {
        await FillAsync(encrypted: true, levels: 1);
        string key = (await _storage.KeysAsync("keys")).Should().ContainSingle().Subject;
        byte[] content = await _storage.GetAsync(key);
        for (int i = 0; i < content.Length; i++)
        {
            byte[] altered = [.. content];
            altered[i] ^= (byte)(1 << (i % 8));
            await _storage.PutAsync(key, altered);
            using var raw = new RawKey(Enumerable.Repeat((byte)7, RawKey.Size).ToArray());
            try
            {
                // When a key was added is nobody's secret, and opens nothing.
                using KeyRing opened = await KeyRing.OpenAsync(_storage, raw);
                (await NewEngine(opened).VerifyAsync(Name)).Backups.Should().OnlyContain(static backup => backup.Restores);
            }
            catch (BackupKeyException)
            {
                VerifyResult result = await _engine.VerifyAsync(Name);
                result.Backups.Should().OnlyContain(static backup => backup.Restores);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_objects_that_were_swapped_are_named(bool encrypted)
    {
        await FillAsync(encrypted);
        List<string> keys = [.. (await _storage.KeysAsync()).Where(static key => !key.StartsWith("keys/", StringComparison.Ordinal))];
        for (int left = 0; left < keys.Count; left++)
        {
            for (int right = left + 1; right < keys.Count; right++)
            {
                await _storage.SwapAsync(keys[left], keys[right]);

                VerifyResult result = await _engine.VerifyAsync(Name, _everything);
                // Where a metadata document is gone, nobody knows what the objects beside it should be.
                List<string> named = [.. result.Defects.Select(static defect => defect.Object.Value)];
                named.Should().Contain(KeyThatTells(keys[left], keys[right])).And.Contain(KeyThatTells(keys[right], keys[left]));
                await RefusesOrDeliversAsync(2, $"{keys[left]} and {keys[right]} are swapped");
                await _storage.SwapAsync(keys[left], keys[right]);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_that_is_gone_is_named(bool encrypted)
    {
        List<Backup> backups = await FillAsync(encrypted);
        string newest = KeyOf(backups[^1], "metadata");
        foreach (string key in (await _storage.KeysAsync()).Where(key => key != newest && !key.StartsWith("keys/", StringComparison.Ordinal)))
        {
            byte[] content = await _storage.GetAsync(key);
            await _storage.DeleteAsync(StorageKey.Parse(key));

            VerifyResult result = await _engine.VerifyAsync(Name, _everything with { Depth = VerifyDepth.Structure });
            result.Defects.Should().Contain(defect => defect.Object.Value == key);
            result.Backups[^1].Restores.Should().BeFalse();
            await _storage.PutAsync(key, content);
        }

        await _storage.DeleteAsync(StorageKey.Parse(newest));
        VerifyResult withoutNewest = await _engine.VerifyAsync(Name, _everything);
        withoutNewest.IsSound.Should().BeTrue();
        withoutNewest.Orphans.Select(static orphan => orphan.Object.Value).Should().BeEquivalentTo(_roles[..3].Select(role => KeyOf(backups[^1], role)));
        withoutNewest.Orphans.Should().OnlyContain(static orphan => !orphan.IsClaimed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_that_was_rolled_back_to_an_earlier_version_is_named(bool encrypted)
    {
        // Only after a deletion is a place taken a second time: here the earlier backup of the place comes back, object by object.
        List<Backup> old = await FillAsync(encrypted, levels: 2);
        var saved = new Dictionary<string, byte[]>();
        foreach (string key in await _storage.KeysAsync())
        {
            saved.Add(key, await _storage.GetAsync(key));
        }

        foreach (Backup backup in Enumerable.Reverse(old))
        {
            await new BackupCatalog(_storage, null, encrypted ? _encrypted.Keys : null).DeleteAsync(backup);
        }

        _time.Advance(TimeSpan.FromMinutes(-2));
        await BackupAsync(5);
        await BackupAsync(6);
        foreach (Backup backup in old)
        {
            foreach (string role in _roles)
            {
                string key = KeyOf(backup, role);
                byte[] current = await _storage.GetAsync(key);
                await _storage.PutAsync(key, saved[key]);

                VerifyResult result = await _engine.VerifyAsync(Name, _everything);
                string named = backup.Level == 1 && role == "metadata" ? KeyOf(old[0], role) : key;
                result.Defects.Should().Contain(defect => defect.Object.Value == named, $"{key} was rolled back");
                await RefusesOrDeliversAsync(6, $"{key} was rolled back");
                await _storage.PutAsync(key, current);
            }
        }
    }

    [Fact]
    public async Task Stored_bytes_are_verified_without_the_key()
    {
        await FillAsync(encrypted: true);
        var catalog = new BackupCatalog(_storage);
        VerifyResult untouched = await catalog.VerifyAsync(options: _everything);
        untouched.IsSound.Should().BeTrue();
        untouched.Backups.Should().HaveCount(3);

        foreach (string key in await _storage.KeysAsync("data"))
        {
            byte[] content = await _storage.GetAsync(key);
            byte[] altered = [.. content];
            altered[^1] ^= 1;
            await _storage.PutAsync(key, altered);
            (await catalog.VerifyAsync(options: _everything)).Defects.Should().ContainSingle(defect => defect.Object.Value == key).Which.Kind.Should().Be(DefectKind.Altered);
            await _storage.PutAsync(key, content[..^1]);
            (await catalog.VerifyAsync(options: _everything)).Defects.Should().ContainSingle(defect => defect.Object.Value == key).Which.Kind.Should().Be(DefectKind.WrongLength);
            await _storage.PutAsync(key, content);
        }
    }

    [Fact]
    public async Task The_content_of_an_encrypted_backup_asks_for_the_key()
    {
        await FillAsync(encrypted: true);

        await FluentActions.Awaiting(() => NewEngine(null).VerifyAsync(Name, new VerifyOptions { Depth = VerifyDepth.Content })).Should().ThrowAsync<BackupKeyException>();
    }

    [Fact]
    public async Task A_plain_backup_is_a_defect_for_whoever_gives_a_key()
    {
        await FillAsync(encrypted: false, levels: 1);
        Backup plain = (await new BackupCatalog(_storage).ListAsync().ToListAsync()).Should().ContainSingle().Subject;
        await _storage.CopyToAsync(_encrypted.Storage);
        _storage = _encrypted.Storage;

        VerifyResult result = await NewEngine(_encrypted.Keys).VerifyAsync(Name);

        result.Defects.Should().ContainSingle().Which.Object.Value.Should().Be(KeyOf(plain, "metadata"));
        result.Backups.Should().ContainSingle().Which.Restores.Should().BeFalse();
    }

    [Fact]
    public async Task Only_what_a_backup_needs_is_verified_for_it()
    {
        List<Backup> backups = await FillAsync(encrypted: false);
        string newest = KeyOf(backups[^1], "data");
        await _storage.PutAsync(newest, [1, 2, 3]);

        (await _engine.VerifyAsync(Name, new VerifyOptions { To = backups[1].Timestamp })).IsSound.Should().BeTrue();
        VerifyResult all = await _engine.VerifyAsync(Name, _everything);
        all.Backups.Select(static backup => backup.Restores).Should().Equal(true, true, false);
        all.Defects.Should().ContainSingle().Which.Affected.Select(static backup => backup.Id).Should().Equal(backups[^1].Id);
    }

    [Fact]
    public async Task Every_name_and_engine_is_verified_where_none_is_given()
    {
        await FillAsync(encrypted: false);
        await _engine.BackupAsync("r", "work");

        VerifyResult newest = await new BackupCatalog(_storage).VerifyAsync();

        newest.Backups.Select(static backup => (backup.Backup.BackupName, backup.Backup.Level)).Should().Equal((Name, 2), ("work", 0));
    }

    [Fact]
    public async Task A_name_that_was_never_used_is_an_error()
    {
        await FillAsync(encrypted: false);

        await FluentActions.Awaiting(() => _engine.VerifyAsync("other")).Should().ThrowAsync<BackupNotFoundException>();
        await FluentActions.Awaiting(() => _engine.VerifyAsync(Name, new VerifyOptions { To = DateTimeOffset.UnixEpoch })).Should().ThrowAsync<BackupNotFoundException>();
        await FluentActions.Awaiting(() => _engine.VerifyAsync(Name, new VerifyOptions { To = DateTimeOffset.UnixEpoch, All = true })).Should().ThrowAsync<ArgumentException>();
        await FluentActions.Awaiting(() => new BackupCatalog(_storage).VerifyAsync(options: new VerifyOptions { Depth = VerifyDepth.Content })).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task What_somebody_is_writing_is_told_from_what_nobody_claims()
    {
        await FillAsync(encrypted: false, levels: 1);
        VerifyResult? meanwhile = null;
        _engine.WhileWriting = async _ => meanwhile = await NewEngine(null).VerifyAsync(Name, _everything);
        await BackupAsync(1);
        await _storage.PutAsync($"data/dictionary/{Name}/1/0_1/data", [1]);
        await _storage.PutAsync($"data/dictionary/{Name}/readme", [1]);

        meanwhile!.Orphans.Should().OnlyContain(static orphan => orphan.IsClaimed).And.NotBeEmpty();
        meanwhile.IsSound.Should().BeTrue();
        (await _engine.VerifyAsync(Name)).Orphans.Should().HaveCount(2).And.OnlyContain(static orphan => !orphan.IsClaimed);
    }

    [Fact]
    public async Task An_object_that_the_storage_cannot_deliver_is_a_defect_and_a_storage_that_cannot_be_reached_an_error()
    {
        List<Backup> backups = await FillAsync(encrypted: false);
        string key = KeyOf(backups[1], "data");
        var damaged = new UnreadableObject(_storage, key, StorageErrorKind.Unknown);
        var unreachable = new UnreadableObject(_storage, key, StorageErrorKind.Unavailable);

        VerifyResult result = await new BackupCatalog(damaged).VerifyAsync(options: _everything);
        result.Defects.Should().ContainSingle(defect => defect.Object.Value == key).Which.Kind.Should().Be(DefectKind.Unreadable);
        result.Backups.Select(static backup => backup.Restores).Should().Equal(true, false, false);
        await FluentActions.Awaiting(() => new BackupCatalog(unreachable).VerifyAsync(options: _everything)).Should().ThrowAsync<StorageException>();
    }

    [Fact]
    public async Task A_document_that_the_storage_cannot_deliver_is_told_and_hides_no_other_backup()
    {
        List<Backup> backups = await FillAsync(encrypted: false);
        string key = $"metadata/{BackupLocation.Of(backups[1]).Folder}/metadata";
        var catalog = new BackupCatalog(new UnreadableObject(_storage, key, StorageErrorKind.Unknown));

        List<Backup> listed = [];
        await foreach (Backup backup in catalog.ListAsync())
        {
            listed.Add(backup);
        }

        listed.Select(static backup => backup.Problem is null).Should().Equal(true, false, true);
        VerifyResult result = await catalog.VerifyAsync(options: _everything);
        result.Defects.Should().ContainSingle().Which.Object.Value.Should().Be(key);
        result.Backups.Select(static backup => backup.Restores).Should().Equal(true, false, false);
    }

    [Fact]
    public async Task A_verification_writes_nothing()
    {
        await FillAsync(encrypted: true);
        var before = (await _storage.ListAsync(StoragePrefix.Parse("")).ToListAsync()).ToList();
        await _engine.VerifyAsync(Name, _everything with { Depth = VerifyDepth.Content });

        (await _storage.ListAsync(StoragePrefix.Parse("")).ToListAsync()).Should().Equal(before);
    }

    [Fact]
    public async Task A_cancelled_verification_ends_as_cancelled()
    {
        await FillAsync(encrypted: false);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await FluentActions.Awaiting(() => _engine.VerifyAsync(Name, cancellationToken: cancelled.Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    private DictionaryEngine NewEngine(KeyRing? keys) => new(_storage, new BackupEngineOptions { TimeProvider = _time, Keys = keys, Parallelism = 2 });

    /// <summary>Takes a chain of backups; each state has one entry more.</summary>
    private async Task<List<Backup>> FillAsync(bool encrypted, int levels = 3)
    {
        _storage = encrypted ? _encrypted.Storage : new MemoryStorage(_time);
        _engine = NewEngine(encrypted ? _encrypted.Keys : null);
        List<Backup> backups = [];
        for (int state = 0; state < levels; state++)
        {
            backups.Add(await BackupAsync(state));
        }

        return backups;
    }

    private async Task<Backup> BackupAsync(int state)
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        _engine.Resources["r"] = Content(state);
        return (await _engine.BackupAsync("r", Name, new BackupOptions { Compression = new Compression("none") })).Backup;
    }

    private static SortedDictionary<string, byte[]> Content(int state) =>
        new(Enumerable.Range(0, state + 1).ToDictionary(static i => $"entry {i}", i => (byte[])[(byte)i, (byte)state, 1, 2, 3]), StringComparer.Ordinal);

    private async Task RefusesOrDeliversAsync(int state, string because)
    {
        _engine.Restored.Clear();
        try
        {
            await _engine.RestoreAsync(Name, "d");
        }
        catch (BackupException)
        {
            return;
        }

        _engine.Restored["d"].Should().BeEquivalentTo(Content(state), because);
    }

    private static string KeyThatTells(string key, string other) =>
        other == key.Replace("data/", "metadata/", StringComparison.Ordinal)[..(key.LastIndexOf('/') + 5)] + "metadata" ? other : key;

    private static string KeyOf(Backup backup, string role) =>
        $"{(role == "metadata" ? "metadata" : "data")}/{BackupLocation.Of(backup).Folder}/{role}";

    private sealed class UnreadableObject(IStorage inner, string key, StorageErrorKind kind) : DelegatingStorage(inner)
    {
        public override Task<StorageEntry> ReadAsync(StorageKey read, System.IO.Pipelines.PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
            read.Value == key ? throw new StorageException(kind, key, "planned") : base.ReadAsync(read, destination, options, cancellationToken);
    }
}
