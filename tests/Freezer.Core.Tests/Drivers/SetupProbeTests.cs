using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Freezer.Drivers;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Drivers;

/// <summary>Trouble with a storage is found when it is set up, not when a backup is due.</summary>
public sealed class SetupProbeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Any_failure_of_the_storage_surfaces_and_a_sound_storage_is_left_as_it_was(bool afterDoing)
    {
        for (int call = 1; ; call++)
        {
            var storage = new MemoryStorage();
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call);
            var faulty = new FaultyStorage(storage, plan);
            Func<Task> check = () => new VolumeBackupDriver(faulty).CheckForSetupErrorAsync();
            if (call > 7)
            {
                await check();
                faulty.Calls.Should().Be(7, "the last one looks for keys");
                (await storage.KeysAsync()).Should().BeEmpty();
                return;
            }

            if (afterDoing && call == 2)
            {
                // The storage refuses the second creation by itself, as it should.
                await check();
                continue;
            }

            (await check.Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(plan.Error, $"call {call} failed");
        }
    }

    [Fact]
    public async Task A_storage_that_cannot_do_what_a_backup_needs_is_named()
    {
        await Unsupported(new StorageCapabilities { LeastConcurrency = 3 }, "*3 operations*");
        await Unsupported(new StorageCapabilities { AtomicCreateLimit = 0 }, "*exactly once*");

        static async Task Unsupported(StorageCapabilities capabilities, string message)
        {
            var storage = new Odd(new MemoryStorage()) { Limits = capabilities };
            Func<Task> check = () => new VolumeBackupDriver(storage).CheckForSetupErrorAsync();
            await check.Should().ThrowAsync<BackupUnsupportedException>().WithMessage(message);
        }
    }

    [Fact]
    public async Task A_storage_that_does_not_keep_its_contract_is_found_out()
    {
        Odd[] storages =
        [
            new(new MemoryStorage()) { Replaces = true },
            new(new MemoryStorage()) { ListsNothing = true },
            new(new MemoryStorage()) { ReadsOther = true },
            new(new MemoryStorage()) { KeepsDeleted = true },
        ];
        string[] messages = ["*created a second time*", "*not listed*", "*came back*", "*still there*"];
        for (int i = 0; i < storages.Length; i++)
        {
            Odd storage = storages[i];
            Func<Task> check = () => new VolumeBackupDriver(storage).CheckForSetupErrorAsync();
            (await check.Should().ThrowAsync<StorageException>().WithMessage(messages[i])).Which.Kind.Should().Be(StorageErrorKind.Corrupt);
        }
    }

    [Fact]
    public async Task What_failed_first_is_told_where_nothing_can_be_removed_either()
    {
        var storage = new Odd(new MemoryStorage()) { Refusal = new StorageException(StorageErrorKind.AccessDenied, "probe/x", "writing is not allowed.") };
        Func<Task> check = () => new VolumeBackupDriver(storage).CheckForSetupErrorAsync();
        (await check.Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(storage.Refusal);
    }

    /// <summary>A storage that is not quite one.</summary>
    private sealed class Odd(IStorage inner) : DelegatingStorage(inner)
    {
        internal StorageCapabilities? Limits { get; init; }

        /// <summary>What every write fails with; deletions fail too then.</summary>
        internal StorageException? Refusal { get; init; }

        internal bool Replaces { get; init; }

        internal bool ListsNothing { get; init; }

        internal bool ReadsOther { get; init; }

        internal bool KeepsDeleted { get; init; }

        public override StorageCapabilities Capabilities => Limits ?? Inner.Capabilities;

        public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
            Refusal is not null ? throw Refusal : Inner.WriteAsync(key, content, Replaces ? WriteOptions.Replace : options, cancellationToken);

        public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
        {
            if (!ReadsOther)
            {
                return await Inner.ReadAsync(key, destination, options, cancellationToken);
            }

            await destination.WriteAsync(new byte[17], cancellationToken);
            return (await Inner.FindAsync(key, cancellationToken))!;
        }

        public override async IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (StorageEntry entry in Inner.ListAsync(prefix, cancellationToken))
            {
                if (!ListsNothing)
                {
                    yield return entry;
                }
            }
        }

        public override Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) =>
            Refusal is not null ? throw new StorageException(StorageErrorKind.AccessDenied, key.Value, "deleting is not allowed.")
            : KeepsDeleted ? Task.CompletedTask : Inner.DeleteAsync(key, cancellationToken);
    }
}
