using Freezer.Catalog;
using Freezer.Dataflow.Compression;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engine;

public sealed partial class EncryptionTests
{
    private static readonly string[] _roles = ["data", "engine_metadata", "index", "metadata"];

    public static TheoryData<string> Roles => [.. _roles];

    [Theory]
    [MemberData(nameof(Roles))]
    public async Task Objects_that_were_swapped_between_levels_chains_and_names_are_refused(string role)
    {
        // Sizes are the same wherever that can be, so that it is not they that give the swap away.
        var options = new BackupOptions { Compression = new Compression("none") };
        Backup full = await BackupAsync(0, options);
        Backup increment = await BackupAsync(1, options);
        Backup secondFull = await BackupAsync(0, options with { NoIncremental = true });
        Backup secondIncrement = await BackupAsync(1, options);
        Backup otherName = await BackupAsync(0, options, name: "work");

        foreach ((Backup left, Backup right) in ((Backup, Backup)[])[(full, increment), (full, secondFull), (increment, secondIncrement), (full, otherName)])
        {
            await _repository.SwapAsync(KeyOf(left, role), KeyOf(right, role));
            foreach (Backup tampered in (Backup[])[left, right])
            {
                Func<Task> use = role == "engine_metadata" ? () => ReadManifestAsync(tampered) : () => RestoreAsync(_engine, tampered.Timestamp, tampered.BackupName);
                await use.Should().ThrowAsync<BackupDamagedException>($"{role} of {left} and {right} are swapped");
            }

            await _repository.SwapAsync(KeyOf(left, role), KeyOf(right, role));
        }

        (await RestoreAsync(_engine, secondIncrement.Timestamp)).Should().Equal(Digests(1));
    }

    [Fact]
    public async Task A_whole_backup_that_was_put_under_another_name_is_refused()
    {
        Backup backup = await BackupAsync(0);
        foreach (string key in await _repository.Storage.KeysAsync())
        {
            await _repository.PutAsync(key.Replace($"/{Name}/", "/work/", StringComparison.Ordinal), await _repository.GetAsync(key));
        }

        await FluentActions.Awaiting(() => RestoreAsync(_engine, name: "work")).Should().ThrowAsync<BackupDamagedException>().WithMessage("*not the one that it lies with*");
        (await RestoreAsync(_engine, backup.Timestamp)).Should().Equal(Digests(0));
    }

    [Fact]
    public async Task An_older_level_in_the_place_of_a_newer_one_is_refused()
    {
        Backup full = await BackupAsync(0);
        Backup increment = await BackupAsync(1);
        Backup newest = await BackupAsync(2);
        foreach (string role in _roles)
        {
            await _repository.PutAsync(KeyOf(newest, role), await _repository.GetAsync(KeyOf(increment, role)));
        }

        await FluentActions.Awaiting(() => RestoreAsync(_engine)).Should().ThrowAsync<BackupDamagedException>();
        (await RestoreAsync(_engine, full.Timestamp)).Should().Equal(Digests(0));
    }

    [Fact]
    public async Task A_parent_that_was_replaced_by_another_backup_of_the_same_place_is_refused()
    {
        // The same place can only be taken again after a deletion; here somebody puts the deleted backup back.
        Backup old = await BackupAsync(0);
        var saved = new Dictionary<string, byte[]>();
        foreach (string role in _roles)
        {
            saved.Add(KeyOf(old, role), await _repository.GetAsync(KeyOf(old, role)));
        }

        await new BackupCatalog(_repository.Storage, null, _repository.Keys).DeleteAsync(old);
        _time.Advance(TimeSpan.FromMinutes(-1));
        Backup full = await BackupAsync(3);
        await BackupAsync(4);
        full.Timestamp.Should().Be(old.Timestamp);
        foreach ((string key, byte[] content) in saved)
        {
            await _repository.PutAsync(key, content);
        }

        await FluentActions.Awaiting(() => RestoreAsync(_engine)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*describes another one*");
    }

    [Fact]
    public async Task A_document_that_was_altered_or_cut_off_anywhere_is_refused()
    {
        Backup backup = await BackupAsync(0);
        string key = KeyOf(backup, "metadata");
        byte[] document = await _repository.GetAsync(key);
        for (int i = 0; i < document.Length; i++)
        {
            byte[] altered = [.. document];
            altered[i] ^= (byte)(1 << (i % 8));
            await RefusesAsync(altered, $"byte {i} is altered");
            await RefusesAsync(document[..i], $"only {i} bytes are left");
        }

        await RefusesAsync([.. document, (byte)' '], "something was added");
        await RefusesAsync([.. document, (byte)'\n', (byte)'x'], "a line was added");

        async Task RefusesAsync(byte[] bytes, string because)
        {
            await _repository.PutAsync(key, bytes);
            CommittedBackup commit = await CommittedBackup.ReadAsync(_repository.Storage, BackupLocation.Of(backup), _repository.Keys, CancellationToken.None);
            commit.Problem.Should().NotBeNull(because);
        }
    }

    [Theory]
    [InlineData("data")]
    [InlineData("engine_metadata")]
    [InlineData("index")]
    public async Task An_object_that_was_altered_is_refused(string role)
    {
        await BackupAsync(0);
        Backup increment = await BackupAsync(1);
        string key = KeyOf(increment, role);
        byte[] content = await _repository.GetAsync(key);
        foreach (int place in (int[])[0, 1, 39, 40, content.Length / 2, content.Length - 1])
        {
            byte[] altered = [.. content];
            altered[place] ^= 0x10;
            await _repository.PutAsync(key, altered);
            Func<Task> use = role == "engine_metadata" ? () => ReadManifestAsync(increment) : () => RestoreAsync(_engine);
            await use.Should().ThrowAsync<BackupDamagedException>($"byte {place} of {role} is altered");
        }

        await _repository.PutAsync(key, content[..^1]);
        await FluentActions.Awaiting(() => RestoreAsync(_engine)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*were stored*");
    }

    /// <summary>Reads a manifest as the next backup does: this engine's restore has no need of it.</summary>
    private async Task ReadManifestAsync(Backup backup)
    {
        List<CommittedBackup> chain = await new BackupCatalog(_repository.Storage, null, _repository.Keys)
            .FindChainAsync("dictionary", backup.BackupName, backup.Timestamp, CancellationToken.None);
        using var reader = new ChainReader(_repository.Storage, chain, new CodecSet([]), 2, 1 << 20);
        await reader.ReadManifestAsync(reader.Chain[^1], static (manifest, token) => manifest.CopyToAsync(Stream.Null, token), CancellationToken.None);
    }

    private static string KeyOf(Backup backup, string role) =>
        $"{(role == "metadata" ? "metadata" : "data")}/{BackupLocation.Of(backup).Folder}/{role}";
}
