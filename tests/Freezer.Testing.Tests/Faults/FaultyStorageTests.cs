using System.IO.Pipelines;
using System.Text;
using Freezer.Storage;

namespace Freezer.Testing.Tests.Faults;

public sealed class FaultyStorageTests
{
    private static readonly StorageKey _a = StorageKey.Parse("x/a");
    private static readonly StorageKey _b = StorageKey.Parse("x/b");

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Without_faults_it_keeps_the_contract(StorageCheck check) =>
        check.RunAsync(static _ => Task.FromResult<IStorage>(new FaultyStorage(new MemoryStorage(), new FaultPlan())), new CheckOptions { LargeObject = 1 << 20 });

    [Fact]
    public async Task A_call_fails_by_its_number()
    {
        var plan = new FaultPlan().FailCall(2);
        await using var storage = new FaultyStorage(new MemoryStorage(), plan);

        await PutAsync(storage, _a, "content");
        (await storage.Awaiting(s => s.DeleteAsync(_a)).Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(plan.Error);
        (await GetAsync(storage, _a)).Should().Be("content", "a call that fails does nothing");
        storage.Calls.Should().Be(3);
        storage.VerifyAllFired();
    }

    [Fact]
    public async Task A_call_fails_by_its_verb_and_key_with_an_error_of_choice()
    {
        var error = new StorageException(StorageErrorKind.NoSpace, "x/b", "full");
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().FailCall(FaultCall.Write("/b", number: 2), error));

        await PutAsync(storage, _a, "1");
        await PutAsync(storage, _b, "2");
        (await storage.Awaiting(s => PutAsync(s, _b, "3")).Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(error);
        (await GetAsync(storage, _b)).Should().Be("2");
    }

    [Fact]
    public async Task An_answer_is_lost_after_everything_was_done()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().LoseAnswer(FaultCall.Write()).LoseAnswer(FaultCall.Delete()).LoseAnswer(FaultCall.Find()).LoseAnswer(FaultCall.List()).LoseAnswer(FaultCall.Read()));

        await storage.Awaiting(s => PutAsync(s, _a, "content")).Should().ThrowAsync<StorageException>();
        await storage.Awaiting(s => s.FindAsync(_a)).Should().ThrowAsync<StorageException>();
        await storage.Awaiting(s => GetAsync(s, _a)).Should().ThrowAsync<StorageException>();
        (await GetAsync(storage, _a)).Should().Be("content");
        await storage.Awaiting(s => s.ListAsync(StoragePrefix.Root).ToListAsync().AsTask()).Should().ThrowAsync<StorageException>();
        await storage.Awaiting(s => s.DeleteAsync(_a)).Should().ThrowAsync<StorageException>();
        (await storage.FindAsync(_a)).Should().BeNull();
        storage.VerifyAllFired();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task A_write_that_fails_after_some_bytes_publishes_nothing(int bytes)
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().FailAfterBytes(1, bytes));

        await storage.Awaiting(s => PutAsync(s, _a, "content")).Should().ThrowAsync<StorageException>();
        (await storage.FindAsync(_a)).Should().BeNull();
        storage.VerifyAllFired();
    }

    [Fact]
    public async Task A_read_fails_after_the_bytes_that_it_delivered()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().FailAfterBytes(FaultCall.Read(), 3));
        await PutAsync(storage, _a, "content");
        var pipe = new Pipe();

        await storage.Awaiting(s => s.ReadAsync(_a, pipe.Writer, ReadOptions.Whole)).Should().ThrowAsync<StorageException>();

        pipe.Reader.TryRead(out ReadResult read).Should().BeTrue();
        Encoding.UTF8.GetString(read.Buffer).Should().Be("con");
    }

    [Fact]
    public async Task A_call_hangs_until_it_is_cancelled()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().Hang(1));
        using var cancellation = new CancellationTokenSource();
        Task<StorageEntry?> finding = storage.FindAsync(_a, cancellation.Token);

        finding.IsCompleted.Should().BeFalse();
        await cancellation.CancelAsync();
        await finding.Awaiting(f => f).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_read_is_short_and_says_nothing()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().ShortRead(FaultCall.Read(), 3));
        await PutAsync(storage, _a, "content");

        (await GetAsync(storage, _a)).Should().Be("con");
        (await GetAsync(storage, _a)).Should().Be("content");
    }

    [Fact]
    public async Task A_write_is_cut_and_says_nothing()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().Truncate(1, 3));

        (await PutAsync(storage, _a, "content")).Length.Should().Be(7);
        (await GetAsync(storage, _a)).Should().Be("con");
    }

    [Fact]
    public async Task A_bit_flips()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().FlipBit(FaultCall.Write(), 5).FlipBit(FaultCall.Read(number: 2), 13));
        await PutAsync(storage, _a, "content");

        (await GetAsync(storage, _a)).Should().Be("Content");
        (await GetAsync(storage, _a)).Should().Be("COntent");
        storage.VerifyAllFired();
    }

    [Fact]
    public async Task A_listing_shows_entries_twice_or_late()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().Duplicate(FaultCall.List()).ListLate(FaultCall.List(number: 2)));
        await PutAsync(storage, _a, "1");
        await PutAsync(storage, _b, "2");

        (await KeysAsync(storage)).Should().Equal(_a, _a, _b, _b);
        (await KeysAsync(storage)).Should().Equal(_a);
        (await KeysAsync(storage)).Should().Equal(_a, _b);
    }

    [Fact]
    public async Task A_fault_that_never_happened_fails_the_test()
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), new FaultPlan().FailCall(FaultCall.Write("/metadata")).FlipBit(1, 0));
        await storage.FindAsync(_a);

        storage.AllFired.Should().BeFalse();
        storage.Invoking(s => s.VerifyAllFired()).Should().Throw<InvalidOperationException>()
            .WithMessage("*Fail at Write 1 of …/metadata*").WithMessage("*FlipBit at call 1*");
    }

    [Fact]
    public async Task A_seed_makes_the_same_plan_again()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            (await FiringCallAsync(seed)).Should().Be(await FiringCallAsync(seed)).And.BeInRange(1, 5);
        }
    }

    private static async Task<int> FiringCallAsync(int seed)
    {
        await using var storage = new FaultyStorage(new MemoryStorage(), FaultPlan.Seeded(seed, calls: 5));
        while (true)
        {
            try
            {
                await storage.FindAsync(_a);
            }
            catch (StorageException)
            {
                return storage.Calls;
            }
        }
    }

    private static Task<StorageEntry> PutAsync(IStorage storage, StorageKey key, string content) =>
        storage.WriteAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(content)), WriteOptions.Replace);

    private static async Task<string> GetAsync(IStorage storage, StorageKey key)
    {
        using var content = new MemoryStream();
        await storage.ReadAsync(key, content, ReadOptions.Whole);
        return Encoding.UTF8.GetString(content.ToArray());
    }

    private static async Task<List<StorageKey>> KeysAsync(FaultyStorage storage) => await storage.ListAsync(StoragePrefix.Root).Select(static entry => entry.Key).ToListAsync();
}
