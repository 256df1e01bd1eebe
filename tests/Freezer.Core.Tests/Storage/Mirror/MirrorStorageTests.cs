using Freezer.Storage;
using Freezer.Tests.Storage.Layers;
using Freezer.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using static Freezer.Tests.Storage.StorageCalls;

namespace Freezer.Tests.Storage.Mirror;

public sealed class MirrorStorageTests
{
    [Fact]
    public async Task Every_storage_holds_what_was_written()
    {
        MirrorBench bench = new(3);
        byte[] content = Bytes(3_000_000);

        await bench.Open().Mirror.PutAsync("a/b", content);

        foreach (MemoryStorage store in bench.Stores)
        {
            (await store.GetAsync("a/b")).AsSpan().SequenceEqual(content).Should().BeTrue();
        }
    }

    [Fact]
    public async Task What_the_mirror_keeps_for_itself_is_neither_shown_nor_taken()
    {
        MirrorStorage mirror = new MirrorBench(2).Open().Mirror;
        await mirror.PutAsync("a", "content");

        (await StorageCalls.KeysAsync(mirror)).Should().Equal("a");
        (await StorageCalls.KeysAsync(mirror, "mirror")).Should().BeEmpty();
        await mirror.Invoking(m => m.PutAsync("mirror/storage", "x")).Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task One_storage_is_enough_to_read_where_all_take_every_write()
    {
        MirrorBench bench = new(3);
        await bench.Open().Mirror.PutAsync("a", "content");

        for (int alone = 0; alone < 3; alone++)
        {
            MirrorBench.Process process = bench.Open();
            foreach (int other in Enumerable.Range(0, 3).Where(i => i != alone))
            {
                process.Links[other].IsDown = true;
            }

            (await process.Mirror.GetTextAsync("a")).Should().Be("content");
            (await StorageCalls.KeysAsync(process.Mirror)).Should().Equal("a");
        }
    }

    [Fact]
    public void A_read_goes_on_from_another_storage_wherever_one_breaks() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.ArbFor<(int Seed, ushort Length, ushort Offset)>(), example => Task.Run(async () =>
        {
            MemoryStorage[] stores = [new(), new(), new()];
            byte[] content = Bytes(example.Length, example.Seed);
            int offset = example.Offset % (content.Length + 1);
            await MirrorOf(stores).PutAsync("a", content);
            var mirror = MirrorOf(new UnsteadyStorage(stores[0], example.Seed), new UnsteadyStorage(stores[1], example.Seed + 1), stores[2]);

            byte[] read = await mirror.GetAsync("a", new ReadOptions { Offset = offset });

            read.AsSpan().SequenceEqual(content.AsSpan(offset)).Should().BeTrue();
        }).GetAwaiter().GetResult()));

    [Fact]
    public async Task A_read_that_no_storage_can_finish_fails_with_the_first_cause()
    {
        MirrorBench bench = new(2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("a", "content");
        process.Links[0].BreaksReadAfter = 2;
        process.Links[1].BreaksReadAfter = 1;

        (await process.Mirror.Invoking(m => m.GetAsync("a")).Should().ThrowAsync<StorageException>()).Which.Message.Should().Contain("planned");
    }

    [Fact]
    public async Task All_means_all()
    {
        MirrorBench bench = new(2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("before", "content");
        process.Links[1].RefusesWrite = static _ => true;

        StorageException failure = await BelowQuorumAsync(() => process.Mirror.PutAsync("a", "content"));

        failure.IsTransient.Should().BeTrue();
        failure.Message.Should().Contain("two").And.Contain("planned").And.Contain("taken back");
        (await bench.KeysAsync(0)).Should().Equal("before");
        (await StorageCalls.KeysAsync(process.Mirror)).Should().Equal("before");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_storage_that_cannot_be_opened_is_out_until_it_can_and_is_synchronised(int failing)
    {
        MirrorBench bench = new(3, quorum: 2);
        await bench.Open().Mirror.PutAsync("before", "content");
        var failure = new StorageException(StorageErrorKind.AccessDenied, null, "no entry");
        MirrorStorage mirror = await OpenAsync(quorum: 2);
        await mirror.PutAsync("missed", "content");
        mirror.Lagging.Should().Equal(new LaggingStorage(MirrorBench.Names[failing], "no entry"));
        (await StorageCalls.KeysAsync(mirror)).Should().Equal("before", "missed");
        (await mirror.GetTextAsync("before")).Should().Be("content");
        await mirror.DeleteAsync(StorageKey.Parse("before"));
        (await mirror.SynchronizeAsync()).Lagging.Should().ContainSingle();
        MirrorStorage all = await OpenAsync(quorum: 3);
        (await BelowQuorumAsync(() => all.PutAsync("a", "content"))).Message.Should().Contain("no entry");

        (await bench.Open().Mirror.SynchronizeAsync()).Synchronized.Should().Equal(MirrorBench.Names[failing]);
        (await bench.KeysAsync(failing)).Should().Equal("missed");

        async Task<MirrorStorage> OpenAsync(int quorum) => new(
            await Task.WhenAll(bench.Stores.Select((store, index) => MirrorMember.OpenAsync(
                MirrorBench.Names[index], _ => index == failing ? Task.FromException<MemoryStorage>(failure) : Task.FromResult(store)))),
            new MirrorOptions { Quorum = quorum });
    }

    [Fact]
    public async Task A_mirror_whose_storages_cannot_be_opened_says_why()
    {
        MirrorMember[] members = await Task.WhenAll(((string[])["one", "two"]).Select(static name => MirrorMember.OpenAsync(
            name, _ => Task.FromException<MemoryStorage>(new StorageException(StorageErrorKind.Unavailable, null, $"{name} is away", isTransient: true)))));
        await using var mirror = new MirrorStorage(members);

        StorageException failure = await BelowQuorumAsync(() => mirror.FindAsync(StorageKey.Parse("a")));

        failure.Message.Should().Contain("one is away").And.Contain("two is away");
        failure.IsTransient.Should().BeTrue();
        failure.InnerException.Should().BeOfType<StorageException>().Which.Message.Should().Be("one is away");
    }

    [Fact]
    public async Task Only_what_a_storage_says_puts_it_out_when_it_is_opened()
    {
        await FluentActions.Awaiting(() => MirrorMember.OpenAsync("a", static _ => Task.FromException<MemoryStorage>(new ArgumentException("option")))).Should().ThrowAsync<ArgumentException>();
        await FluentActions.Awaiting(() => MirrorMember.OpenAsync("a", static token => Task.FromCanceled<MemoryStorage>(token), new CancellationToken(true)))
            .Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_storage_that_fails_is_out_until_it_is_synchronised_also_for_the_next_process(int failing)
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process first = bench.Open();
        await first.Mirror.PutAsync("before", "content");
        first.Links[failing].IsDown = true;
        await first.Mirror.PutAsync("missed", "content");
        first.Lagging.Should().Equal(MirrorBench.Names[failing]);
        first.Links[failing].IsDown = false;
        await first.Mirror.PutAsync("later", "content");
        (await bench.KeysAsync(failing)).Should().Equal("before");

        MirrorBench.Process second = bench.Open();
        await second.Mirror.PutAsync("last", "content");
        second.Lagging.Should().Equal(MirrorBench.Names[failing]);
        (await bench.KeysAsync(failing)).Should().Equal("before");

        MirrorSynchronization synchronization = await second.Mirror.SynchronizeAsync();
        synchronization.Synchronized.Should().Equal(MirrorBench.Names[failing]);
        synchronization.Copied.Should().Be(3);
        synchronization.BytesCopied.Should().Be(21);
        synchronization.Lagging.Should().BeEmpty();
        (await bench.KeysAsync(failing)).Should().Equal("before", "last", "later", "missed");

        MirrorBench.Process third = bench.Open();
        await third.Mirror.PutAsync("again", "content");
        third.Lagging.Should().BeEmpty();
        (await bench.KeysAsync(failing)).Should().Contain("again");
    }

    [Fact]
    public async Task A_storage_that_cannot_be_reached_from_the_beginning_is_out_of_what_is_written()
    {
        MirrorBench bench = new(3, quorum: 2);
        await bench.Open().Mirror.PutAsync("before", "content");
        MirrorBench.Process process = bench.Open();
        process.Links[0].IsDown = true;
        await process.Mirror.PutAsync("missed", "content");

        MirrorBench.Process next = bench.Open();
        (await next.Mirror.GetTextAsync("missed")).Should().Be("content");
        next.Lagging.Should().Equal("one");
    }

    [Fact]
    public async Task Reading_alone_puts_nobody_out()
    {
        MirrorBench bench = new(3, quorum: 2);
        await bench.Open().Mirror.PutAsync("a", "content");
        MirrorBench.Process reader = bench.Open();
        reader.Links[1].IsDown = true;
        (await reader.Mirror.GetTextAsync("a")).Should().Be("content");

        MirrorBench.Process next = bench.Open();
        await next.Mirror.FindAsync(Key("a"));
        next.Lagging.Should().BeEmpty();
    }

    [Fact]
    public async Task Below_the_quorum_what_was_created_is_taken_back()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("before", "content");
        process.Links[1].RefusesWrite = static key => key.Value == "a";
        process.Links[2].RefusesWrite = static key => key.Value == "a";

        await BelowQuorumAsync(() => process.Mirror.PutAsync("a", Bytes(3_000_000)));

        for (int i = 0; i < 3; i++)
        {
            (await bench.KeysAsync(i)).Should().Equal("before");
        }

        process.Lagging.Should().BeEmpty("nobody missed anything that was acknowledged");
    }

    [Fact]
    public async Task An_answer_that_is_lost_below_the_quorum_leaves_it_open_and_says_where()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("before", "content");
        process.Links[0].LosesAnswer = static key => key.Value == "a";
        process.Links[2].RefusesWrite = static key => key.Value == "a";

        StorageException failure = await BelowQuorumAsync(() => process.Mirror.PutAsync("a", "content"));

        failure.Message.Should().Contain("not known whether it happened in one");
        (await bench.KeysAsync(0)).Should().Equal(["a", "before"], "it may be somebody else's, so that it is not deleted");
        (await process.Mirror.FindAsync(Key("a"))).Should().BeNull();
        (await StorageCalls.KeysAsync(process.Mirror)).Should().Equal("before");
    }

    [Fact]
    public async Task A_replacement_below_the_quorum_names_where_it_happened()
    {
        MirrorBench bench = new(2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("a", "old");
        process.Links[1].LosesAnswer = static _ => true;

        StorageException failure = await BelowQuorumAsync(() => process.Mirror.PutAsync("a", "new", WriteOptions.Replace));

        failure.Message.Should().Contain("not known whether it happened in one, two");
    }

    [Fact]
    public async Task A_deletion_below_the_quorum_fails_and_can_be_repeated()
    {
        MirrorBench bench = new(2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("a", "content");
        process.Links[1].IsDown = true;
        await BelowQuorumAsync(() => process.Mirror.DeleteAsync(Key("a")));
        process.Links[1].IsDown = false;
        (await process.Mirror.GetTextAsync("a")).Should().Be("content", "it was not acknowledged");

        await process.Mirror.DeleteAsync(Key("a"));

        (await StorageCalls.KeysAsync(process.Mirror)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_was_deleted_while_a_storage_was_out_does_not_come_back()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process stale = bench.Open();
        await stale.Mirror.PutAsync("a", "content");
        await stale.Mirror.PutAsync("b", "content");
        MirrorBench.Process process = bench.Open();
        process.Links[2].IsDown = true;
        await process.Mirror.DeleteAsync(Key("a"));

        (await bench.KeysAsync(2)).Should().Equal("a", "b");
        (await stale.Mirror.FindAsync(Key("a"))).Should().BeNull("most storages have it no more, whatever this process knows");
        (await StorageCalls.KeysAsync(stale.Mirror)).Should().Equal("b");
        (await StorageCalls.KeysAsync(bench.Open().Mirror)).Should().Equal("b");

        process.Links[2].IsDown = false;
        (await process.Mirror.SynchronizeAsync()).Deleted.Should().Be(1);
        (await bench.KeysAsync(2)).Should().Equal("b");
    }

    [Fact]
    public async Task A_process_that_knows_nothing_of_a_missed_write_cannot_count_on_the_storage_that_missed_it()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process stale = bench.Open();
        await stale.Mirror.PutAsync("before", "content");
        MirrorBench.Process process = bench.Open();
        process.Links[2].IsDown = true;
        await process.Mirror.PutAsync("missed by three", "content");

        stale.Links[1].IsDown = true;
        await BelowQuorumAsync(() => stale.Mirror.PutAsync("missed by two", "content"));

        (await bench.KeysAsync(0)).Should().Equal("before", "missed by three");
        (await bench.KeysAsync(2)).Should().Equal("before");
    }

    [Fact]
    public async Task So_many_storages_have_to_answer_that_one_knows_of_everything()
    {
        MirrorBench bench = new(3, quorum: 2);
        await bench.Open().Mirror.PutAsync("a", "content");
        MirrorBench.Process process = bench.Open();
        process.Links[0].IsDown = true;
        process.Links[1].IsDown = true;

        await BelowQuorumAsync(() => process.Mirror.FindAsync(Key("a")));
        await BelowQuorumAsync(() => StorageCalls.KeysAsync(process.Mirror));
        process.Links[1].IsDown = false;
        (await process.Mirror.GetTextAsync("a")).Should().Be("content");
        process.Links[1].IsDown = true;
        await BelowQuorumAsync(() => StorageCalls.KeysAsync(process.Mirror));
        await BelowQuorumAsync(() => process.Mirror.GetAsync("a"));
    }

    [Fact]
    public async Task Of_two_processes_that_take_different_storages_for_the_first_one_at_most_creates_an_object()
    {
        for (int round = 0; round < 20; round++)
        {
            MirrorBench bench = new(3, quorum: 2);
            await bench.Open().Mirror.PutAsync("before", "content");
            MirrorBench.Process left = bench.Open();
            MirrorBench.Process right = bench.Open();
            right.Links[0].IsDown = true;

            bool[] won = await Task.WhenAll(TryCreateAsync(left, "left"), TryCreateAsync(right, "right"));

            won.Count(static one => one).Should().BeLessThanOrEqualTo(1);
            string?[] stored = await Task.WhenAll(bench.Stores.Select(async store => await store.FindAsync(Key("a")) is null ? null : await store.GetTextAsync("a")));
            if (won[0] || won[1])
            {
                string winner = won[0] ? "left" : "right";
                stored.Count(text => text == winner).Should().BeGreaterThanOrEqualTo(2);
                (await bench.Open().Mirror.GetTextAsync("a")).Should().Be(winner);
            }
        }

        static Task<bool> TryCreateAsync(MirrorBench.Process process, string content) => Task.Run(async () =>
        {
            try
            {
                await process.Mirror.PutAsync("a", content);
                return true;
            }
            catch (StorageException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_storage_that_takes_nothing_is_left_out_when_patience_is_over_and_the_others_go_on()
    {
        MirrorBench bench = new(3, quorum: 2);
        var time = new PassingTime();
        MirrorBench.Process process = bench.Open(new MirrorOptions { QueueSize = 10_000, TimeProvider = time });
        await process.Mirror.PutAsync("before", "content");
        process.Links[0].OnHang = time.Pass;
        // It is the first that is waited for; the others are the quorum then, and are waited for without a clock.
        process.Links[0].IsStuck = true;

        await process.Mirror.PutAsync("a", Bytes(100_000));

        process.Lagging.Should().Equal("one");
        (await bench.KeysAsync(0)).Should().Equal("before");
        (await bench.KeysAsync(1)).Should().Equal("a", "before");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(0, false)]
    [InlineData(2, false)]
    public async Task A_storage_that_does_not_publish_is_left_out_when_patience_is_over(int hanging, bool creates)
    {
        MirrorBench bench = new(3, quorum: 2);
        var time = new PassingTime();
        MirrorBench.Process process = bench.Open(new MirrorOptions { TimeProvider = time });
        await process.Mirror.PutAsync("before", "content");
        process.Links[hanging].HangsAtEnd = static _ => true;
        process.Links[hanging].OnHang = time.Pass;

        await process.Mirror.PutAsync("a", "content", creates ? WriteOptions.CreateNew : WriteOptions.Replace);

        process.Lagging.Should().Equal(MirrorBench.Names[hanging]);
        (await bench.KeysAsync(hanging)).Should().Equal("before");
        MirrorBench.Process next = bench.Open();
        (await next.Mirror.GetTextAsync("a")).Should().Be("content");
        next.Lagging.Should().Equal(MirrorBench.Names[hanging]);
    }

    [Fact]
    public async Task A_storage_that_does_not_delete_is_left_out_when_patience_is_over()
    {
        MirrorBench bench = new(3, quorum: 2);
        var time = new PassingTime();
        MirrorBench.Process process = bench.Open(new MirrorOptions { TimeProvider = time });
        await process.Mirror.PutAsync("a", "content");
        process.Links[1].HangsAtDeletion = true;
        process.Links[1].OnHang = time.Pass;

        await process.Mirror.DeleteAsync(Key("a"));

        process.Lagging.Should().Equal("two");
        (await process.Mirror.FindAsync(Key("a"))).Should().BeNull();
    }

    [Fact]
    public async Task A_storage_that_refuses_to_list_does_not_keep_the_others_from_it()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("a", "content");
        process.Links[0].RefusesListing = true;

        (await StorageCalls.KeysAsync(process.Mirror)).Should().Equal("a");
    }

    [Fact]
    public async Task A_synchronisation_that_was_cut_off_while_others_wrote_leaves_the_storage_out()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process writer = bench.Open();
        await writer.Mirror.PutAsync("before", "content");
        writer.Links[2].IsDown = true;
        await writer.Mirror.PutAsync("missed", "content");

        // Another process has compared and copied, and is about to say that the storage is complete.
        MirrorBench.Process other = bench.Open();
        bool hasWritten = false;
        other.Links[2].AfterWrite = async key =>
        {
            if (key.Value == "mirror/synchronizing")
            {
                hasWritten = true;
                await writer.Mirror.PutAsync("written past it", "content");
            }
        };
        // It has said so, and dies before it compares once more.
        other.Links[1].AfterWrite = _ =>
        {
            other.Links[2].IsDown = true;
            return Task.CompletedTask;
        };
        await other.Mirror.Invoking(static mirror => mirror.SynchronizeAsync()).Should().ThrowAsync<StorageException>();
        hasWritten.Should().BeTrue();
        (await bench.KeysAsync(2)).Should().NotContain("written past it");

        MirrorBench.Process next = bench.Open();
        await next.Mirror.FindAsync(Key("before"));
        next.Lagging.Should().Equal("three");
        (await next.Mirror.SynchronizeAsync()).Lagging.Should().BeEmpty();
        (await bench.KeysAsync(2)).Should().Equal(await bench.KeysAsync(0));
        bench.Open().Lagging.Should().BeEmpty();
    }

    [Fact]
    public async Task A_slow_storage_holds_nobody_up_before_its_queue_is_full()
    {
        MirrorBench bench = new(2);
        MirrorBench.Process process = bench.Open(new MirrorOptions { QueueSize = 10_000 });
        await process.Mirror.PutAsync("before", "content");
        process.Links[1].IsStuck = true;
        var pipe = new System.IO.Pipelines.Pipe(new System.IO.Pipelines.PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        using var cancellation = new CancellationTokenSource();
        Task<StorageEntry> writing = process.Mirror.WriteAsync(Key("a"), pipe.Reader, WriteOptions.CreateNew, cancellation.Token);
        for (int i = 0; i < 9; i++)
        {
            // Goes on once the mirror has taken it.
            await pipe.Writer.WriteAsync(Bytes(1000));
        }

        await pipe.Writer.WriteAsync(Bytes(1000));
        Task held = pipe.Writer.WriteAsync(Bytes(1000)).AsTask();
        held.IsCompleted.Should().BeFalse();
        await cancellation.CancelAsync();
        await writing.Awaiting(w => w).Should().ThrowAsync<OperationCanceledException>();
        await pipe.Reader.CompleteAsync();
        await held;
    }

    [Fact]
    public async Task One_storage_given_twice_is_refused()
    {
        MemoryStorage store = new();
        MirrorStorage mirror = MirrorOf(store, store);
        StorageException failure = (await mirror.Invoking(m => m.PutAsync("a", "content")).Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.Unsupported);
    }

    [Fact]
    public async Task A_storage_that_was_replaced_by_an_empty_one_is_new_to_the_mirror()
    {
        MirrorBench bench = new(3, quorum: 2);
        await bench.Open().Mirror.PutAsync("a", "content");
        bench.Stores[0] = new MemoryStorage();
        MirrorBench.Process process = bench.Open();

        (await process.Mirror.GetTextAsync("a")).Should().Be("content");
        process.Lagging.Should().Equal("one");
        await process.Mirror.PutAsync("b", "content");
        (await bench.KeysAsync(0)).Should().BeEmpty();

        (await process.Mirror.SynchronizeAsync()).Synchronized.Should().Equal("one");
        (await bench.KeysAsync(0)).Should().Equal("a", "b");
    }

    [Fact]
    public async Task Storages_that_held_something_before_are_mirrors_once_they_are_synchronised()
    {
        MirrorBench bench = new(3);
        await bench.Stores[1].PutAsync("a", "content");
        await bench.Stores[2].PutAsync("b", "content");
        MirrorBench.Process process = bench.Open();
        await BelowQuorumAsync(() => process.Mirror.PutAsync("c", "content"));

        MirrorSynchronization synchronization = await process.Mirror.SynchronizeAsync();

        synchronization.Copied.Should().Be(4);
        synchronization.Deleted.Should().Be(0);
        synchronization.Lagging.Should().BeEmpty();
        await process.Mirror.PutAsync("c", "content");
        for (int i = 0; i < 3; i++)
        {
            (await bench.KeysAsync(i)).Should().Equal("a", "b", "c");
        }
    }

    [Fact]
    public async Task A_repository_that_gets_an_empty_mirror_needs_to_be_synchronised_first()
    {
        MirrorBench bench = new(3, quorum: 2);
        await bench.Stores[0].PutAsync("a", "content");
        MirrorBench.Process process = bench.Open();

        await BelowQuorumAsync(() => process.Mirror.PutAsync("b", "content"));
        (await process.Mirror.SynchronizeAsync()).Synchronized.Should().Equal("two", "three");

        await process.Mirror.PutAsync("b", "content");
        (await bench.KeysAsync(2)).Should().Equal("a", "b");
    }

    [Fact]
    public async Task A_write_past_a_storage_that_is_being_synchronised_keeps_it_out_or_reaches_it()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process writer = bench.Open();
        await writer.Mirror.PutAsync("before", "content");
        writer.Links[2].IsDown = true;
        await writer.Mirror.PutAsync("missed", "content");

        // The writer goes on without the storage while another process brings it up to date.
        MirrorBench.Process other = bench.Open();
        int writes = 0;
        other.Links[2].AfterWrite = async key =>
        {
            if (writes < 6)
            {
                await writer.Mirror.PutAsync($"written {writes++}", "content");
            }
        };
        MirrorSynchronization synchronization = await other.Mirror.SynchronizeAsync();

        MirrorBench.Process next = bench.Open();
        await next.Mirror.FindAsync(Key("before"));
        next.Lagging.Should().Equal(synchronization.Lagging.Select(static one => one.Name));
        if (synchronization.Lagging.Count == 0)
        {
            (await bench.KeysAsync(2)).Should().Equal(await bench.KeysAsync(0));
        }
    }

    [Fact]
    public async Task A_storage_that_does_not_keep_what_it_takes_fails_the_synchronisation()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process process = bench.Open();
        await process.Mirror.PutAsync("before", "content");
        process.Links[2].IsDown = true;
        await process.Mirror.PutAsync("missed", "content");
        process.Links[2].IsDown = false;
        process.Links[2].AfterWrite = async key =>
        {
            if (key.Value == "missed")
            {
                await bench.Stores[2].DeleteAsync(key);
                await bench.Stores[2].PutAsync(key.Value, "damaged");
            }
        };

        await process.Mirror.Invoking(m => m.SynchronizeAsync()).Should().ThrowAsync<StorageException>();

        MirrorBench.Process next = bench.Open();
        await next.Mirror.FindAsync(Key("before"));
        next.Lagging.Should().Equal("three");
    }

    [Fact]
    public async Task A_version_stays_the_objects_when_a_storage_goes_out()
    {
        MirrorBench bench = new(3, quorum: 2);
        MirrorBench.Process process = bench.Open();
        StorageEntry written = await process.Mirror.PutAsync("a", "content");
        process.Links[0].IsDown = true;

        (await process.Mirror.GetAsync("a", new ReadOptions { Version = written.Version })).Should().HaveCount(7);
        await process.Mirror.PutAsync("a", "other", WriteOptions.Replace);
        (await process.Mirror.Invoking(m => m.GetAsync("a", new ReadOptions { Version = written.Version })).Should().ThrowAsync<StorageException>())
            .Which.Kind.Should().Be(StorageErrorKind.VersionMismatch);
    }

    [Fact]
    public void Members_and_options_that_cannot_be_are_refused()
    {
        MirrorMember one = new("one", new MemoryStorage());
        MirrorMember two = new("two", new MemoryStorage());
        MirrorMember three = new("three", new MemoryStorage());

        FluentActions.Invoking(() => new MirrorStorage([one])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new MirrorStorage([one, one])).Should().Throw<ArgumentException>();
        foreach (int quorum in (int[])[0, 1, 4])
        {
            FluentActions.Invoking(() => new MirrorStorage([one, two, three], new MirrorOptions { Quorum = quorum })).Should().Throw<ArgumentException>().WithMessage("*more than half*");
        }

        FluentActions.Invoking(() => new MirrorStorage([one, two], new MirrorOptions { QueueSize = 0 })).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new MirrorStorage([one, two], new MirrorOptions { Patience = TimeSpan.FromDays(3) })).Should().Throw<ArgumentException>();
    }

    private static MirrorStorage MirrorOf(params IStorage[] storages) =>
        new([.. storages.Select(static (storage, i) => new MirrorMember(MirrorBench.Names[i], storage))]);

    private static async Task<StorageException> BelowQuorumAsync(Func<Task> call)
    {
        StorageException failure = (await call.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(StorageErrorKind.BelowQuorum);
        return failure;
    }

    /// <summary>A clock that stands still until all waits of now and later are over at once.</summary>
    private sealed class PassingTime : TimeProvider
    {
        private readonly Lock _lock = new();
        private readonly List<Action> _waiting = [];
        private bool _isOver;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
            {
                if (!_isOver)
                {
                    _waiting.Add(() => callback(state));
                    return new Timer();
                }
            }

            callback(state);
            return new Timer();
        }

        internal void Pass()
        {
            lock (_lock)
            {
                _isOver = true;
            }

            // Nobody adds any more.
            _waiting.ForEach(static wait => wait());
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => false;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
