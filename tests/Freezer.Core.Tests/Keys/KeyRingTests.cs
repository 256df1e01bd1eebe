using System.Text;
using Freezer.Dataflow;
using Freezer.Keys;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Keys;

public sealed class KeyRingTests : IDisposable
{
    private readonly MemoryStorage _storage = new();
    private readonly ManualTime _time = new();
    private readonly RawKey _first = RawKeyOf(1);
    private readonly RawKey _second = RawKeyOf(2);

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task The_first_key_makes_the_repository_encrypted_and_opens_it_again()
    {
        using KeyRing made = await CreateAsync(_first);
        using KeyRing opened = await OpenAsync(_first);

        opened.Slot.Should().Be("1");
        (await DataKeyAsync(opened)).Should().Be(await DataKeyAsync(made));
        (await _storage.KeysAsync()).Should().HaveCount(2).And.Contain("keys/1");
    }

    [Fact]
    public async Task A_key_that_is_none_of_the_repository_s_is_refused_and_nothing_is_written()
    {
        using KeyRing made = await CreateAsync(_first);
        List<string> before = await _storage.KeysAsync();

        await RefusesAsync(() => OpenAsync(_second), "*none of the keys*");
        await RefusesAsync(() => CreateAsync(_second), "*none of the keys*");
        await RefusesAsync(() => OpenAsync(new VaultKey("v")), "*of the kind 'vault'*");
        (await _storage.KeysAsync()).Should().Equal(before);
    }

    [Fact]
    public async Task A_repository_without_keys_is_not_opened_with_one()
    {
        await RefusesAsync(() => OpenAsync(_first), "*has no keys*");
        (await _storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Every_key_that_was_added_opens_the_repository()
    {
        using KeyRing ring = await CreateAsync(_first);
        using var passphrase = new PassphraseKey("correct horse");
        var vault = new VaultKey("v");
        KeySlot second = await ring.AddAsync(_second);
        KeySlot third = await ring.AddAsync(passphrase);
        await ring.AddAsync(vault);

        second.Should().BeEquivalentTo(new KeySlot { Name = "2", Kind = "raw", Created = _time.GetUtcNow() });
        third.Kind.Should().Be("passphrase");
        foreach (IKeyProvider key in (IKeyProvider[])[_first, _second, passphrase, vault])
        {
            using KeyRing opened = await OpenAsync(key);
            (await DataKeyAsync(opened)).Should().Be(await DataKeyAsync(ring));
        }

        (await KeyRing.ListAsync(_storage).Select(static slot => slot.Kind).ToListAsync()).Should().Equal("raw", "raw", "passphrase", "vault");
    }

    [Fact]
    public async Task Adding_changing_and_removing_a_key_touch_one_small_object_each()
    {
        using KeyRing ring = await CreateAsync(_first);
        Dictionary<string, byte[]> before = await ContentAsync();
        await ring.AddAsync(_second);
        Dictionary<string, byte[]> added = await ContentAsync();
        using RawKey third = RawKeyOf(3);
        await ring.ChangeAsync("2", third);
        Dictionary<string, byte[]> changed = await ContentAsync();
        await ring.RemoveAsync("2");

        Differences(before, added).Should().Equal("keys/2");
        Differences(added, changed).Should().Equal("keys/2");
        Differences(changed, await ContentAsync()).Should().Equal("keys/2");
        added["keys/2"].Length.Should().BeLessThan(1024);
        await RefusesAsync(() => OpenAsync(_second), "*none of the keys*");
        await RefusesAsync(() => OpenAsync(third), "*none of the keys*");
    }

    [Fact]
    public async Task The_last_key_stays()
    {
        using KeyRing ring = await CreateAsync(_first);
        await RefusesAsync(() => ring.RemoveAsync("1"), "*the last one*");
        await ring.AddAsync(_second);
        await ring.RemoveAsync("1");
        await RefusesAsync(() => ring.RemoveAsync("2"), "*the last one*");
        (await _storage.KeysAsync("keys")).Should().Equal("keys/2");
    }

    [Fact]
    public async Task Two_that_remove_the_last_two_keys_leave_one()
    {
        var storage = new InterceptedStorage(_storage);
        using KeyRing ring = await KeyRing.OpenOrCreateAsync(storage, _first, _time);
        await ring.AddAsync(_second);
        storage.BeforeDelete = async key =>
        {
            storage.BeforeDelete = null;
            await _storage.DeleteAsync(StorageKey.Parse("keys/2"));
        };

        await RefusesAsync(() => ring.RemoveAsync("1"), "*the last one*");
        using KeyRing opened = await OpenAsync(_first);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("02")]
    [InlineData("../metadata")]
    [InlineData("")]
    public async Task A_slot_that_is_not_there_is_an_error(string slot)
    {
        using KeyRing ring = await CreateAsync(_first);
        await ring.AddAsync(_second);

        await RefusesAsync(() => ring.RemoveAsync(slot), "*has no key*");
        await RefusesAsync(() => ring.ChangeAsync(slot, _first), "*has no key*");
    }

    [Fact]
    public async Task Of_two_that_make_the_first_key_at_the_same_time_one_uses_the_other_s()
    {
        KeyRing? other = null;
        // The other one comes between the look for keys and the writing of the first one.
        var slow = new MeetingKey(_first, async () => other ??= await CreateAsync(_first));
        using KeyRing ring = await CreateAsync(slow);

        (await DataKeyAsync(ring)).Should().Be(await DataKeyAsync(other!));
        (await _storage.KeysAsync("keys")).Should().Equal("keys/1");
        other!.Dispose();
    }

    [Fact]
    public async Task A_first_key_that_comes_too_late_for_a_repository_with_other_keys_is_taken_back()
    {
        // While it is wrapped, somebody else makes the repository, adds a key and removes the first.
        var slow = new MeetingKey(_first, async () =>
        {
            using RawKey third = RawKeyOf(3);
            using KeyRing other = await CreateAsync(third);
            await other.AddAsync(_second);
            await other.RemoveAsync("1");
        });

        await RefusesAsync(() => CreateAsync(slow), "*none of the keys*");
        (await _storage.KeysAsync("keys")).Should().Equal("keys/2");
        using KeyRing opened = await OpenAsync(_second);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_call_fails_while_the_first_key_is_made_the_next_attempt_succeeds(bool afterDoing)
    {
        bool fired = true;
        for (int call = 1; fired; call++)
        {
            await using var storage = new MemoryStorage();
            await using var faulty = new FaultyStorage(storage, afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call));
            Exception? failure = await Record.ExceptionAsync(async () => (await KeyRing.OpenOrCreateAsync(faulty, _first)).Dispose());
            fired = faulty.AllFired;
            (failure is not null).Should().Be(fired);

            using KeyRing made = await KeyRing.OpenOrCreateAsync(storage, _first);
            using KeyRing opened = await KeyRing.OpenAsync(storage, _first);
            (await DataKeyAsync(opened)).Should().Be(await DataKeyAsync(made));
        }
    }

    [Fact]
    public async Task A_repository_that_lost_its_keys_gets_no_others()
    {
        (await CreateAsync(_first)).Dispose();
        await _storage.DeleteAsync(StorageKey.Parse("keys/1"));

        await RefusesAsync(() => CreateAsync(_first), "*all of its keys are gone*");
        (await _storage.KeysAsync("keys")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_rotation_gives_a_new_data_key_and_the_older_ones_stay()
    {
        using KeyRing ring = await CreateAsync(_first);
        Guid first = await DataKeyAsync(ring);
        // The clock stands still, and then goes back.
        Guid second = await ring.RotateAsync();
        _time.Advance(TimeSpan.FromDays(-1));
        Guid third = await ring.RotateAsync();

        using KeyRing opened = await OpenAsync(_first);
        new[] { first, second, third }.Should().OnlyHaveUniqueItems();
        (await DataKeyAsync(opened)).Should().Be(third);
        (await opened.FindDataKeyAsync(first, CancellationToken.None))!.Id.Should().Be(first);
        (await opened.FindDataKeyAsync(Guid.NewGuid(), CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public async Task A_ring_that_is_open_sees_the_data_keys_that_others_make()
    {
        using KeyRing ring = await CreateAsync(_first);
        using KeyRing other = await OpenAsync(_first);
        Guid rotated = await other.RotateAsync();

        (await DataKeyAsync(ring)).Should().Be(rotated);
    }

    [Fact]
    public async Task A_data_key_of_another_repository_or_of_another_name_is_refused()
    {
        using KeyRing ring = await CreateAsync(_first);
        Guid id = await DataKeyAsync(ring);
        byte[] bytes = (await ContentAsync())[$"data-keys/{id:N}"];
        var renamed = Guid.CreateVersion7();
        await PutAsync($"data-keys/{renamed:N}", bytes);

        await FluentActions.Awaiting(() => ring.FindDataKeyAsync(renamed, CancellationToken.None)).Should().ThrowAsync<InvalidDataException>();
        await _storage.DeleteAsync(StorageKey.Parse($"data-keys/{id:N}"));
        await RefusesAsync(() => OpenAsync(_first), "*was altered*");
    }

    [Fact]
    public async Task A_data_key_that_is_damaged_stands_in_the_way_of_new_chains_only_until_the_next_rotation()
    {
        using KeyRing ring = await CreateAsync(_first);
        Guid first = await DataKeyAsync(ring);
        Guid second = await ring.RotateAsync();
        await PutAsync($"data-keys/{second:N}", "nothing"u8.ToArray());

        using KeyRing opened = await OpenAsync(_first);
        (await opened.FindDataKeyAsync(first, CancellationToken.None))!.Id.Should().Be(first);
        await RefusesAsync(() => DataKeyAsync(opened), "*Rotate the keys*");
        Guid third = await opened.RotateAsync();
        (await DataKeyAsync(opened)).Should().Be(third);
    }

    [Theory]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    [InlineData("ffffffffffff7fffbfffffffffffffff")]
    [InlineData("ffffffffffff4fffbfffffffffffffff")]
    public async Task What_has_a_name_that_no_data_key_can_have_is_none(string name)
    {
        using KeyRing ring = await CreateAsync(_first);
        await PutAsync($"data-keys/{name}", "nothing"u8.ToArray());

        using KeyRing opened = await OpenAsync(_first);
        (await DataKeyAsync(opened)).Should().Be(await DataKeyAsync(ring));
        (await DataKeyAsync(opened)).Should().NotBe(await opened.RotateAsync());
    }

    [Fact]
    public async Task Who_finds_the_keys_that_somebody_else_makes_just_now_opens_them()
    {
        KeyRing? other = null;
        // It comes between the look for slots and the look for data keys.
        var storage = new MeetingStorage(_storage, "data-keys", async () => other ??= await CreateAsync(_first));

        using KeyRing ring = await KeyRing.OpenOrCreateAsync(storage, _first, _time);

        (await DataKeyAsync(ring)).Should().Be(await DataKeyAsync(other!));
        other!.Dispose();
    }

    [Fact]
    public async Task The_last_key_that_can_be_used_stays()
    {
        using KeyRing ring = await CreateAsync(_first);
        await ring.AddAsync(_second);
        await PutAsync("keys/1", "no slot"u8.ToArray());

        await RefusesAsync(() => ring.RemoveAsync("2"), "*the last one*");
        await ring.RemoveAsync("1");
        (await _storage.KeysAsync("keys")).Should().Equal("keys/2");
    }

    [Fact]
    public async Task A_slot_that_the_storage_cannot_deliver_does_not_stand_in_the_way_of_others()
    {
        using KeyRing ring = await CreateAsync(_first);
        await ring.AddAsync(_second);
        var failure = new StorageException(StorageErrorKind.Unknown, "keys/1", "the disk is damaged");
        var storage = new InterceptedStorage(_storage) { AfterRead = key => key.Value == "keys/1" ? throw failure : Task.CompletedTask };

        using KeyRing opened = await KeyRing.OpenAsync(storage, _second, _time);
        (await KeyRing.ListAsync(storage).ToListAsync()).Select(static slot => slot.Problem is null).Should().Equal(false, true);
        (await FluentActions.Awaiting(() => KeyRing.OpenAsync(storage, _first, _time)).Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(failure);
    }

    [Fact]
    public async Task A_slot_with_any_bit_flipped_or_cut_off_anywhere_never_opens_and_says_so()
    {
        (await CreateAsync(_first)).Dispose();
        byte[] slot = (await ContentAsync())["keys/1"];
        // What a slot says of its age is not secret, and nothing depends on it.
        int created = slot.AsSpan().IndexOf("\"created\":"u8) + 10;
        int createdEnd = created + slot.AsSpan(created).IndexOf((byte)',');
        for (int i = 0; i < slot.Length; i++)
        {
            await PutAsync("keys/1", slot[..i]);
            await FluentActions.Awaiting(() => OpenAsync(_first)).Should().ThrowAsync<BackupKeyException>($"only {i} bytes are left");
            for (int bit = 0; bit < 8 && (i < created || i >= createdEnd); bit++)
            {
                byte[] altered = [.. slot];
                altered[i] ^= (byte)(1 << bit);
                await PutAsync("keys/1", altered);
                await FluentActions.Awaiting(() => OpenAsync(_first)).Should().ThrowAsync<BackupKeyException>($"bit {bit} of byte {i} is flipped: {Encoding.UTF8.GetString(altered)}");
            }
        }
    }

    [Fact]
    public async Task A_damaged_slot_is_listed_with_its_problem_and_does_not_stand_in_the_way_of_others()
    {
        using KeyRing ring = await CreateAsync(_first);
        await ring.AddAsync(_second);
        await PutAsync("keys/1", "no slot"u8.ToArray());
        await PutAsync("keys/notes", "not a slot"u8.ToArray());

        using KeyRing opened = await OpenAsync(_second);
        List<KeySlot> slots = await KeyRing.ListAsync(_storage).ToListAsync();
        slots.Select(static slot => slot.Name).Should().Equal("1", "2");
        slots[0].Problem.Should().NotBeNullOrEmpty();
        slots[1].Problem.Should().BeNull();
        await RefusesAsync(() => OpenAsync(_first), "*keys/1*cannot be used*");
    }

    [Fact]
    public async Task Keys_that_were_disposed_are_cleared_and_refuse_to_work()
    {
        KeyRing ring = await CreateAsync(_first);
        DataKey key = await ring.GetCurrentDataKeyAsync(CancellationToken.None);
        ring.Dispose();
        var raw = RawKeyOf(9);
        raw.Dispose();

        await FluentActions.Awaiting(() => ring.GetCurrentDataKeyAsync(CancellationToken.None)).Should().ThrowAsync<ObjectDisposedException>();
        FluentActions.Invoking(() => key.Seal(Guid.NewGuid(), SealedRole.Archive)).Should().Throw<ObjectDisposedException>();
        await FluentActions.Awaiting(() => OpenAsync(raw)).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task No_secret_is_stored()
    {
        using KeyRing ring = await CreateAsync(_first);
        using var passphrase = new PassphraseKey("correct horse");
        await ring.AddAsync(passphrase);
        byte[] raw = [.. Enumerable.Repeat((byte)1, 32)];

        foreach ((string name, byte[] content) in await ContentAsync())
        {
            content.AsSpan().IndexOf("correct horse"u8).Should().Be(-1, name);
            content.AsSpan().IndexOf(raw).Should().Be(-1, name);
        }
    }

    internal static RawKey RawKeyOf(byte seed) => new(Enumerable.Repeat(seed, 32).ToArray());

    private Task<KeyRing> CreateAsync(IKeyProvider key) => KeyRing.OpenOrCreateAsync(_storage, key, _time);

    private Task<KeyRing> OpenAsync(IKeyProvider key) => KeyRing.OpenAsync(_storage, key, _time);

    private static async Task<Guid> DataKeyAsync(KeyRing ring) => (await ring.GetCurrentDataKeyAsync(CancellationToken.None)).Id;

    private static async Task RefusesAsync(Func<Task> action, string message) =>
        await action.Should().ThrowAsync<BackupKeyException>().WithMessage(message);

    private async Task PutAsync(string key, byte[] bytes) => await _storage.WriteBytesAsync(StorageKey.Parse(key), bytes, WriteMode.Replace, CancellationToken.None);

    private async Task<Dictionary<string, byte[]>> ContentAsync()
    {
        var content = new Dictionary<string, byte[]>();
        foreach (string key in await _storage.KeysAsync())
        {
            content.Add(key, await _storage.ReadBytesAsync(StorageKey.Parse(key), ReadOptions.Whole, 1 << 20, CancellationToken.None));
        }

        return content;
    }

    private static IEnumerable<string> Differences(Dictionary<string, byte[]> before, Dictionary<string, byte[]> after) =>
        before.Keys.Union(after.Keys).Where(key => !before.TryGetValue(key, out byte[]? old) || !after.TryGetValue(key, out byte[]? now) || !old.SequenceEqual(now));

    /// <summary>Somebody else does something just before a prefix is listed.</summary>
    private sealed class MeetingStorage(IStorage inner, string prefix, Func<Task> meanwhile) : DelegatingStorage(inner)
    {
        public override async IAsyncEnumerable<StorageEntry> ListAsync(
            StoragePrefix listed, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await (listed.Value == prefix ? meanwhile() : Task.CompletedTask);
            await foreach (StorageEntry entry in Inner.ListAsync(listed, cancellationToken))
            {
                yield return entry;
            }
        }
    }

    /// <summary>Somebody else does something while this key wraps.</summary>
    private sealed class MeetingKey(IKeyProvider inner, Func<Task> meanwhile) : IKeyProvider
    {
        public string Kind => inner.Kind;

        public async ValueTask<WrappedKey> WrapAsync(ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
        {
            await meanwhile();
            return await inner.WrapAsync(key, cancellationToken);
        }

        public ValueTask<bool> TryUnwrapAsync(WrappedKey wrapped, Memory<byte> key, CancellationToken cancellationToken = default) =>
            inner.TryUnwrapAsync(wrapped, key, cancellationToken);
    }
}
