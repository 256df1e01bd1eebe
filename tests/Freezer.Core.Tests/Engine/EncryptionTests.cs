using System.Security.Cryptography;
using System.Text;
using Freezer.Catalog;
using Freezer.Dataflow.Compression;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engine;

/// <summary>Backups of an encrypted repository, through the workflow of every engine.</summary>
public sealed partial class EncryptionTests : IDisposable
{
    private const string Name = "home";
    private const string Secret = "Known-Plain-Text";

    private readonly ManualTime _time = new();
    private readonly EncryptedRepository _repository;
    private readonly DictionaryEngine _engine;
    private readonly DictionaryEngine _keyless;

    public EncryptionTests()
    {
        _repository = EncryptedRepository.CreateAsync(_time).GetAwaiter().GetResult();
        _engine = NewEngine(_repository.Keys);
        _keyless = NewEngine(null);
    }

    public void Dispose() => _repository.Dispose();

    [SkippableTheory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Every_level_of_an_encrypted_chain_restores(string codec)
    {
        Skip.If(CodecSet.BuiltIn.Find(codec)!.WhyUnavailable is not null);
        var options = new BackupOptions { Compression = new Compression(codec) };
        List<Backup> chain = [await BackupAsync(0, options), await BackupAsync(1, options), await BackupAsync(2, options)];

        chain.Select(static backup => backup.Level).Should().Equal(0, 1, 2);
        chain.Should().OnlyContain(static backup => backup.IsEncrypted);
        for (int state = 0; state < chain.Count; state++)
        {
            (await RestoreAsync(_engine, chain[state].Timestamp)).Should().Equal(Digests(state));
        }
    }

    [Fact]
    public async Task A_resource_without_anything_in_it_restores()
    {
        _engine.Resources["r"] = new(StringComparer.Ordinal);
        await _engine.BackupAsync("r", Name, new BackupOptions { Compression = new Compression("none") });

        (await RestoreAsync(_engine)).Should().BeEmpty();
    }

    [Fact]
    public async Task Nothing_that_is_secret_can_be_read_in_the_storage_at_any_time()
    {
        byte[] secret = Encoding.UTF8.GetBytes(Secret);
        var engine = new DictionaryEngine(_repository.Storage, new BackupEngineOptions { TimeProvider = _time, Keys = _repository.Keys, SourceHost = $"host of {Secret}" });
        engine.Resources[$"/home/{Secret}"] = Content(0);
        List<string> whileWriting = ["not asked"];
        engine.WhileWriting = async _ => whileWriting = await _repository.FindAsync(secret);
        var options = new BackupOptions { Compression = new Compression("none"), Facts = new Dictionary<string, string> { [$"name {Secret}"] = Secret } };
        await engine.BackupAsync($"/home/{Secret}", Name, options);
        engine.Resources[$"/home/{Secret}"] = Content(1);
        _time.Advance(TimeSpan.FromMinutes(1));
        await engine.BackupAsync($"/home/{Secret}", Name, options);

        whileWriting.Should().BeEmpty();
        (await _repository.FindAsync(secret)).Should().BeEmpty();
        Backup listed = await new BackupCatalog(_repository.Storage, null, _repository.Keys).ListAsync().LastAsync();
        listed.SourcePath.Should().Be($"/home/{Secret}");
        listed.Facts.Should().Contain($"name {Secret}", Secret);
    }

    [Fact]
    public async Task Without_encryption_the_same_search_finds_what_it_searches_for()
    {
        await using var storage = new MemoryStorage();
        var engine = new DictionaryEngine(storage) { Resources = { ["r"] = Content(0) } };
        await engine.BackupAsync("r", Name, new BackupOptions { Compression = new Compression("none") });
        await storage.CopyToAsync(_repository.Storage);

        (await _repository.FindAsync(Encoding.UTF8.GetBytes(Secret))).Should().HaveCount(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_key_nothing_is_written_to_an_encrypted_repository(bool full)
    {
        List<string> before = await _repository.Storage.KeysAsync();
        await FluentActions.Awaiting(() => _keyless.BackupAsync("r", Name, new BackupOptions { NoIncremental = full }))
            .Should().ThrowAsync<BackupKeyException>().WithMessage("*no key was given*");
        await BackupAsync(0);
        List<string> after = await _repository.Storage.KeysAsync();
        await FluentActions.Awaiting(() => _keyless.BackupAsync("r", Name, new BackupOptions { NoIncremental = full }))
            .Should().ThrowAsync<BackupKeyException>().WithMessage("*no key was given*");

        before.Should().HaveCount(2);
        (await _repository.Storage.KeysAsync()).Should().Equal(after);
    }

    [Fact]
    public async Task Without_a_key_nothing_is_restored()
    {
        await BackupAsync(0);

        await FluentActions.Awaiting(() => RestoreAsync(_keyless)).Should().ThrowAsync<BackupKeyException>().WithMessage("*it is encrypted, and no key was given*");
        _keyless.Restored.Should().BeEmpty();
    }

    [Fact]
    public async Task The_keys_of_another_repository_restore_nothing_and_write_nothing()
    {
        await BackupAsync(0);
        List<string> before = await _repository.Storage.KeysAsync();
        using EncryptedRepository other = await EncryptedRepository.CreateAsync();
        DictionaryEngine stranger = NewEngine(other.Keys);

        await FluentActions.Awaiting(() => RestoreAsync(stranger)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*data key*which this repository does not have*");
        await FluentActions.Awaiting(() => stranger.BackupAsync("r", Name)).Should().ThrowAsync<BackupKeyException>().WithMessage("*another repository*");
        (await _repository.Storage.KeysAsync()).Should().Equal(before);
    }

    [Fact]
    public async Task On_a_chain_that_is_not_encrypted_an_encrypted_one_begins_and_says_why()
    {
        await using var plain = new MemoryStorage(_time);
        Backup old = await BackupAsync(0, engine: new DictionaryEngine(plain, new BackupEngineOptions { TimeProvider = _time }));
        await plain.CopyToAsync(_repository.Storage);
        _engine.Resources["r"] = Content(1);
        _time.Advance(TimeSpan.FromMinutes(1));
        BackupResult result = await _engine.BackupAsync("r", Name);

        old.IsEncrypted.Should().BeFalse();
        result.Backup.Level.Should().Be(0);
        result.Backup.IsEncrypted.Should().BeTrue();
        result.NewChainReason.Should().Contain("not encrypted");
        (await RestoreAsync(_engine)).Should().Equal(Digests(1));
        // What a key does not vouch for is only restored by whoever gives none.
        await FluentActions.Awaiting(() => RestoreAsync(_engine, old.Timestamp)).Should().ThrowAsync<BackupKeyException>().WithMessage("*is not encrypted, and a key was given*");
        (await RestoreAsync(_keyless, old.Timestamp)).Should().Equal(Digests(0));
    }

    [Fact]
    public async Task A_chain_whose_levels_mix_is_refused_and_not_built_on()
    {
        Backup full = await BackupAsync(0);
        await BackupAsync(1);
        CommittedBackup commit = await CommittedBackup.ReadAsync(_repository.Storage, BackupLocation.Of(full), _repository.Keys, CancellationToken.None);
        BackupDocument forged = commit.Document with { DataKey = null, Requires = [], Encryption = false };
        await _repository.PutAsync(commit.Location.Metadata.Value, forged.ToBytes(null));

        await FluentActions.Awaiting(() => RestoreAsync(_engine)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*either encrypted as a whole or not at all*");
        await FluentActions.Awaiting(() => RestoreAsync(_keyless)).Should().ThrowAsync<BackupKeyException>();
        _engine.Resources["r"] = Content(2);
        _time.Advance(TimeSpan.FromMinutes(1));
        BackupResult result = await _engine.BackupAsync("r", Name);
        result.Backup.Level.Should().Be(0);
        result.NewChainReason.Should().Contain("either encrypted as a whole or not at all");
    }

    [Fact]
    public async Task A_rotated_data_key_serves_new_chains_and_old_ones_go_on()
    {
        await BackupAsync(0);
        Guid old = (await _repository.Keys.GetCurrentDataKeyAsync(CancellationToken.None)).Id;
        Guid rotated = await _repository.Keys.RotateAsync();
        Backup increment = await BackupAsync(1);
        Backup full = await BackupAsync(2, new BackupOptions { NoIncremental = true });

        (await DataKeyOfAsync(increment)).Should().Be(old);
        (await DataKeyOfAsync(full)).Should().Be(rotated);
        (await RestoreAsync(_engine, increment.Timestamp)).Should().Equal(Digests(1));
        (await RestoreAsync(_engine, full.Timestamp)).Should().Equal(Digests(2));
    }

    [Fact]
    public async Task A_catalog_without_keys_tells_what_everybody_may_see_and_no_more()
    {
        Backup backup = await BackupAsync(0, new BackupOptions { Facts = new Dictionary<string, string> { ["a"] = "b" } });
        Backup open = await new BackupCatalog(_repository.Storage, null, _repository.Keys).ListAsync().SingleAsync();
        Backup closed = await new BackupCatalog(_repository.Storage).ListAsync().SingleAsync();

        open.Should().BeEquivalentTo(backup);
        open.Problem.Should().BeNull();
        closed.Problem.Should().Contain("no key was given");
        closed.Should().BeEquivalentTo(new { backup.Id, backup.Timestamp, backup.Level, backup.Compression, IsEncrypted = true, SourcePath = "", Entries = 0 });
        closed.Facts.Should().BeEmpty();
    }

    [Fact]
    public async Task An_encrypted_backup_is_deleted_with_and_without_its_key()
    {
        Backup full = await BackupAsync(0);
        Backup first = await BackupAsync(1);
        Backup second = await BackupAsync(2);
        var open = new BackupCatalog(_repository.Storage, null, _repository.Keys);
        var closed = new BackupCatalog(_repository.Storage);

        await FluentActions.Awaiting(() => open.DeleteAsync(full)).Should().ThrowAsync<BackupException>().WithMessage("*needed by*");
        await FluentActions.Awaiting(() => closed.DeleteAsync(first)).Should().ThrowAsync<BackupException>().WithMessage("*needed by*");
        await closed.DeleteAsync(second);
        await open.DeleteAsync(first);
        await open.DeleteAsync(full);
        (await _repository.Storage.KeysAsync("data")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_sweep_leaves_keys_alone()
    {
        await BackupAsync(0);
        _time.Advance(TimeSpan.FromDays(30));
        await new BackupCatalog(_repository.Storage).SweepAsync(TimeSpan.FromDays(1));

        (await RestoreAsync(_engine)).Should().Equal(Digests(0));
    }

    [Fact]
    public async Task An_encrypted_document_keeps_the_line_that_OpenStack_Freezer_reads()
    {
        Backup backup = await BackupAsync(0, new BackupOptions { Compression = new Compression("gzip") });
        string document = Encoding.UTF8.GetString(await _repository.GetAsync(BackupLocation.Of(backup).Metadata.Value));

        document.Should().StartWith("{\"engine_name\":\"dictionary\",\"compression\":\"gzip\",\"encryption\":true,\"format\":1,\"requires\":[\"sealed\"],");
        document.Should().NotContain("\n");
    }

    private DictionaryEngine NewEngine(KeyRing? keys) =>
        new(_repository.Storage, new BackupEngineOptions { TimeProvider = _time, Keys = keys, Parallelism = 2 });

    private static SortedDictionary<string, byte[]> Content(int state)
    {
        var content = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        for (int i = 0; i < 6; i++)
        {
            int version = i < state ? state : 0;
            content.Add($"{Secret}-{i}", [.. Encoding.UTF8.GetBytes(Secret), .. Noise(i, version)]);
        }

        return content;
    }

    private static byte[] Noise(int entry, int version)
    {
        byte[] noise = new byte[entry == 5 ? 2_500_000 : 70_000];
        new Random((entry * 10) + version).NextBytes(noise);
        return noise;
    }

    private async Task<Backup> BackupAsync(int state, BackupOptions? options = null, DictionaryEngine? engine = null, string name = Name)
    {
        engine ??= _engine;
        _time.Advance(TimeSpan.FromMinutes(1));
        engine.Resources["r"] = Content(state);
        BackupResult result = await engine.BackupAsync("r", name, options);
        return result.Backup;
    }

    private static SortedDictionary<string, string> Digests(int state) => Digests(Content(state));

    private static SortedDictionary<string, string> Digests(SortedDictionary<string, byte[]> content) =>
        new(content.ToDictionary(static entry => entry.Key, static entry => Convert.ToHexString(SHA256.HashData(entry.Value))), StringComparer.Ordinal);

    private static async Task<SortedDictionary<string, string>> RestoreAsync(DictionaryEngine engine, DateTimeOffset? to = null, string name = Name)
    {
        engine.Restored.Clear();
        await engine.RestoreAsync(name, "d", new RestoreOptions { To = to });
        return engine.Restored.TryGetValue("d", out SortedDictionary<string, byte[]>? restored) ? Digests(restored) : [];
    }

    private async Task<Guid?> DataKeyOfAsync(Backup backup) =>
        (await CommittedBackup.ReadAsync(_repository.Storage, BackupLocation.Of(backup), _repository.Keys, CancellationToken.None)).Document.DataKey;
}
