using Freezer.Storage;

namespace Freezer.Testing.Tests.Storage;

/// <summary>How the checks themselves behave.</summary>
public sealed class StorageContractTests
{
    private static readonly StorageCheck _check = StorageContract.Checks.Single(static check => check.Name == "Deleting twice succeeds");

    [Fact]
    public void Every_check_has_a_name_of_its_own_and_a_rule()
    {
        StorageContract.Checks.Select(static check => check.Name).Should().OnlyHaveUniqueItems();
        StorageContract.Checks.Should().OnlyContain(static check => check.Description.Length > 20 && check.ToString() == check.Name);
        StorageContract.Checks.Count.Should().BeGreaterThan(150);
    }

    [Fact]
    public async Task A_storage_that_hangs_fails_at_the_deadline_and_the_message_says_where()
    {
        var storage = new BrokenStorage { Delete = static (_, _, _) => new TaskCompletionSource().Task };

        Func<Task> run = () => _check.RunAsync(_ => Task.FromResult<IStorage>(storage), new CheckOptions { Deadline = TimeSpan.FromMilliseconds(100) });

        (await run.Should().ThrowAsync<ContractViolationException>()).Which.Seen.Should().StartWith("it hangs while DeleteAsync was deleting 'a/b'");
    }

    [Fact]
    public async Task A_storage_that_blocks_its_thread_fails_at_the_deadline()
    {
        using var never = new ManualResetEventSlim();
        var storage = new BrokenStorage
        {
            Delete = (_, _, _) =>
            {
                never.Wait(CancellationToken.None);
                return Task.CompletedTask;
            },
        };

        Func<Task> run = () => _check.RunAsync(_ => Task.FromResult<IStorage>(storage), new CheckOptions { Deadline = TimeSpan.FromMilliseconds(100) });

        await run.Should().ThrowAsync<ContractViolationException>();
        never.Set();
    }

    [Fact]
    public async Task A_failure_of_the_storage_is_inside_the_violation()
    {
        var cause = new StorageException(StorageErrorKind.AccessDenied, "a", "no");
        var storage = new BrokenStorage { Delete = (_, _, _) => throw cause };

        Func<Task> run = () => _check.RunAsync(_ => Task.FromResult<IStorage>(storage));

        (await run.Should().ThrowAsync<ContractViolationException>()).Which.InnerException.Should().BeSameAs(cause);
    }

    [Fact]
    public async Task A_check_that_is_cancelled_is_no_violation()
    {
        using var cancellation = new CancellationTokenSource();
        var storage = new BrokenStorage
        {
            Delete = async (_, _, token) =>
            {
                await cancellation.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
        };

        Func<Task> run = () => _check.RunAsync(_ => Task.FromResult<IStorage>(storage), cancellationToken: cancellation.Token);

        await run.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Checks_share_a_storage_and_leave_nothing_in_it()
    {
        await using var bucket = new MemoryStorage();
        StorageEntry others = await bucket.WriteAsync(StorageKey.Parse("others/object"), new MemoryStream([1, 2, 3]), WriteOptions.CreateNew);

        await Task.WhenAll(StorageContract.Checks.Take(60).Select(check => check.RunAsync(_ => Task.FromResult<IStorage>(ClientOf(bucket)))));

        (await bucket.ListAsync(StoragePrefix.Root).ToListAsync()).Should().Equal(others);
    }

    [Fact]
    public async Task A_storage_is_held_to_no_more_than_it_declares()
    {
        var declared = new StorageCapabilities { AtomicCreateLimit = 0, ListsInOrder = false };
        List<string> skipped = [];

        foreach (StorageCheck check in StorageContract.Checks.Where(static check => check.Name.Contains("ordered", StringComparison.Ordinal) || check.Name.StartsWith("Of several writers that create", StringComparison.Ordinal)))
        {
            CheckOutcome outcome = await check.RunAsync(_ => Task.FromResult<IStorage>(new BrokenStorage { Declared = declared }));
            outcome.Check.Should().Be(check.Name);
            skipped.Add(outcome.NotApplicable!);
        }

        skipped.Should().HaveCount(4).And.NotContainNulls();
    }

    [Fact]
    public async Task A_check_disposes_the_storage_that_was_opened_for_it()
    {
        var storage = new MemoryStorage();
        await _check.RunAsync(_ => Task.FromResult<IStorage>(storage));
        await storage.Awaiting(s => s.FindAsync(StorageKey.Parse("a"))).Should().ThrowAsync<ObjectDisposedException>();
    }

    /// <summary>One of many clients of a bucket: closing it leaves the bucket as it is.</summary>
    private static BrokenStorage ClientOf(MemoryStorage bucket) => new()
    {
        Write = (_, key, content, options, token) => bucket.WriteAsync(key, content, options, token),
        Read = (_, key, destination, options, token) => bucket.ReadAsync(key, destination, options, token),
        Find = (_, key, token) => bucket.FindAsync(key, token),
        List = (_, prefix, _) => bucket.ListAsync(prefix),
        Delete = (_, key, token) => bucket.DeleteAsync(key, token),
    };
}
