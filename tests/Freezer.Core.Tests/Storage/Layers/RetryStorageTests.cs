using System.IO.Pipelines;
using Freezer.Storage;
using Freezer.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage.Layers;

public sealed class RetryStorageTests
{
    private static readonly StorageException _transient = new(StorageErrorKind.Unavailable, null, "planned", isTransient: true);

    private readonly SkippingTime _time = new();
    private readonly MemoryStorage _memory = new();

    private RetryOptions Patient => new() { Attempts = 100, TimeProvider = _time };

    [Fact]
    public void A_read_that_was_resumed_delivers_what_was_asked_for_whatever_fails() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(int Seed, ushort Length, ushort Offset, ushort Count)>(), example => Task.Run(async () =>
        {
            byte[] content = Bytes(example.Length, example.Seed);
            int offset = example.Offset % (content.Length + 1);
            int? count = example.Count % 3 == 0 ? null : example.Count % (content.Length - offset + 1);
            await using IStorage storage = new UnsteadyStorage(new MemoryStorage(), example.Seed).WithRetry(Patient);
            await storage.PutAsync("a", content);

            byte[] read = await storage.GetAsync("a", new ReadOptions { Offset = offset, Length = count });

            read.AsSpan().SequenceEqual(content.AsSpan(offset, count ?? content.Length - offset)).Should().BeTrue();
        }).GetAwaiter().GetResult()));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_listing_that_was_resumed_shows_every_entry_once_whatever_fails(bool inOrder) => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(int Seed, byte Count)>(), example => Task.Run(async () =>
        {
            await using IStorage storage = new UnsteadyStorage(new MemoryStorage(), example.Seed, inOrder).WithRetry(Patient);
            int count = example.Count % 25;
            for (int i = 0; i < count; i++)
            {
                await storage.PutAsync($"a/{i:d2}", "content");
            }

            List<string> listed = await StorageCalls.KeysAsync(storage, "a");

            listed.Order(StringComparer.Ordinal).Should().Equal(Enumerable.Range(0, count).Select(static i => $"a/{i:d2}"));
            if (inOrder)
            {
                listed.Should().BeInAscendingOrder(StringComparer.Ordinal);
            }
        }).GetAwaiter().GetResult()));

    [Fact]
    public async Task Finding_and_deleting_go_on_until_they_succeed()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            await using var unsteady = new UnsteadyStorage(new MemoryStorage(), seed);
            await using IStorage storage = unsteady.WithRetry(Patient);
            await storage.PutAsync("a", "content");

            (await storage.FindAsync(Key("a")))!.Length.Should().Be(7);
            await storage.DeleteAsync(Key("a"));
            (await storage.FindAsync(Key("a"))).Should().BeNull();
        }
    }

    [Fact]
    public async Task Waits_double_up_to_the_longest_and_are_shortened_by_at_most_a_half()
    {
        IStorage storage = new HookedStorage(_memory) { OnFind = () => throw _transient }.WithRetry(new RetryOptions
        {
            Attempts = 6, FirstDelay = TimeSpan.FromSeconds(1), LongestDelay = TimeSpan.FromSeconds(5), TimeProvider = _time,
        });

        (await storage.Invoking(s => s.FindAsync(Key("a"))).Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(_transient);

        double[] full = [1, 2, 4, 5, 5];
        _time.Waits.Should().HaveCount(full.Length);
        _time.Waits.Zip(full).Should().OnlyContain(wait => wait.First.TotalSeconds > wait.Second / 2 && wait.First.TotalSeconds <= wait.Second);
    }

    [Fact]
    public async Task What_is_not_transient_is_not_tried_again()
    {
        var failure = new StorageException(StorageErrorKind.AccessDenied, null, "planned");
        int calls = 0;
        IStorage storage = new HookedStorage(_memory) { OnFind = () => throw (calls++ == 0 ? failure : _transient) }.WithRetry(Patient);

        (await storage.Invoking(s => s.FindAsync(Key("a"))).Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(failure);

        calls.Should().Be(1);
        _time.Waits.Should().BeEmpty();
    }

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        int calls = 0;
        var failing = new HookedStorage(_memory)
        {
            OnFind = () =>
            {
                calls++;
                throw _transient;
            },
        };
        Task<StorageEntry?> finding = failing.WithRetry(new RetryOptions { TimeProvider = new ManualTime() }).FindAsync(Key("a"), cancellation.Token);
        await cancellation.CancelAsync();

        (await finding.Awaiting(f => f).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken.Should().Be(cancellation.Token);
        calls.Should().Be(1);
    }

    [Fact]
    public async Task A_read_does_not_go_on_with_another_version()
    {
        await _memory.PutAsync("a", new string('1', 1000));
        IStorage storage = new HookedStorage(_memory)
        {
            BreakReadAfter = 10,
            AfterBreak = () => _memory.PutAsync("a", new string('2', 1000), WriteOptions.Replace),
        }.WithRetry(Patient);

        await FailsAsync(() => storage.GetAsync("a"), StorageErrorKind.VersionMismatch);
    }

    [Fact]
    public async Task A_read_does_not_go_on_with_another_object_where_there_are_no_versions()
    {
        await _memory.PutAsync("a", new string('1', 1000));
        IStorage storage = new HookedStorage(new UnversionedStorage(_memory))
        {
            BreakReadAfter = 10,
            AfterBreak = () => _memory.PutAsync("a", new string('2', 999), WriteOptions.Replace),
        }.WithRetry(Patient);

        await FailsAsync(() => storage.GetAsync("a"), StorageErrorKind.VersionMismatch);
    }

    [Fact]
    public async Task A_read_goes_on_where_there_are_no_versions_and_the_object_stays()
    {
        await _memory.PutAsync("a", new string('1', 1000));
        IStorage storage = new HookedStorage(new UnversionedStorage(_memory)) { BreakReadAfter = 10 }.WithRetry(Patient);

        (await storage.GetTextAsync("a")).Should().Be(new string('1', 1000));
    }

    [Fact]
    public async Task An_object_that_is_replaced_after_it_was_looked_up_is_read_as_it_is_now()
    {
        await _memory.PutAsync("a", "old");
        IStorage storage = new HookedStorage(_memory)
        {
            AfterFind = () => _memory.PutAsync("a", "new", WriteOptions.Replace),
        }.WithRetry(Patient);

        (await storage.GetTextAsync("a")).Should().Be("new");
    }

    [Fact]
    public async Task A_storage_that_tells_two_versions_of_one_object_is_not_asked_for_ever()
    {
        await _memory.PutAsync("a", "content");
        IStorage storage = new HookedStorage(new TwoFacedStorage(_memory)).WithRetry(Patient);

        await FailsAsync(() => storage.GetAsync("a"), StorageErrorKind.VersionMismatch);
    }

    [Fact]
    public async Task A_read_that_delivered_everything_before_it_failed_delivers_nothing_twice()
    {
        await _memory.PutAsync("a", "content");
        IStorage storage = new HookedStorage(_memory) { BreakReadAfter = 7 }.WithRetry(Patient);

        (await storage.GetTextAsync("a")).Should().Be("content");
    }

    [Fact]
    public async Task A_write_whose_content_was_not_touched_begins_again()
    {
        var failing = new HookedStorage(_memory) { BreakWritesBefore = 3 };

        StorageEntry written = await failing.WithRetry(Patient).PutAsync("a", "content");

        written.Length.Should().Be(7);
        failing.Writes.Should().Be(4);
    }

    [Theory]
    [InlineData("a", "content")]
    [InlineData("empty", "")]
    public async Task A_write_whose_content_was_read_is_not_tried_again(string key, string content)
    {
        var failing = new HookedStorage(_memory) { BreakWritesAfter = 1 };

        await FailsAsync(() => failing.WithRetry(Patient).PutAsync(key, content), StorageErrorKind.Unavailable);

        failing.Writes.Should().Be(1);
        (await _memory.GetTextAsync(key)).Should().Be(content);
    }

    [Fact]
    public void Options_that_cannot_be_are_refused()
    {
        foreach (RetryOptions options in (RetryOptions[])
        [
            new() { Attempts = 0 },
            new() { FirstDelay = TimeSpan.FromTicks(-1) },
            new() { FirstDelay = TimeSpan.FromMinutes(1), LongestDelay = TimeSpan.FromSeconds(1) },
            new() { LongestDelay = TimeSpan.FromDays(2) },
        ])
        {
            _memory.Invoking(m => m.WithRetry(options)).Should().Throw<ArgumentOutOfRangeException>();
        }
    }

    private static async Task FailsAsync(Func<Task> call, StorageErrorKind kind) =>
        (await call.Should().ThrowAsync<StorageException>()).Which.Kind.Should().Be(kind);

    private sealed class UnversionedStorage(IStorage inner) : DelegatingStorage(inner)
    {
        public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
            await base.FindAsync(key, cancellationToken) is { } entry ? entry with { Version = null } : null;

        public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(key, destination, options, cancellationToken) with { Version = null };
    }

    /// <summary>Says one version when it is asked for an object, and has another one when it is read; as some gateways do that compress.</summary>
    private sealed class TwoFacedStorage(IStorage inner) : DelegatingStorage(inner)
    {
        public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
            await base.FindAsync(key, cancellationToken) is { } entry ? entry with { Version = entry.Version + "-found" } : null;
    }

    /// <summary>A storage in which planned things go wrong, each once unless it is counted.</summary>
    private sealed class HookedStorage(IStorage inner) : DelegatingStorage(inner)
    {
        internal Action? OnFind { get; init; }

        internal Func<Task>? AfterFind { get; set; }

        internal int? BreakReadAfter { get; set; }

        internal Func<Task>? AfterBreak { get; init; }

        internal int BreakWritesBefore { get; set; }

        internal int BreakWritesAfter { get; set; }

        internal int Writes { get; private set; }

        public override async Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default)
        {
            OnFind?.Invoke();
            StorageEntry? entry = await base.FindAsync(key, cancellationToken);
            Func<Task>? after = AfterFind;
            AfterFind = null;
            await (after?.Invoke() ?? Task.CompletedTask);
            return entry;
        }

        public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
        {
            if (BreakReadAfter is not { } length)
            {
                return await base.ReadAsync(key, destination, options, cancellationToken);
            }

            BreakReadAfter = null;
            await base.ReadAsync(key, destination, options with { Length = length }, cancellationToken);
            await (AfterBreak?.Invoke() ?? Task.CompletedTask);
            throw _transient;
        }

        public override async Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default)
        {
            Writes++;
            if (BreakWritesBefore-- > 0)
            {
                throw _transient;
            }

            StorageEntry entry = await base.WriteAsync(key, content, options, cancellationToken);
            return BreakWritesAfter-- > 0 ? throw _transient : entry;
        }
    }
}
