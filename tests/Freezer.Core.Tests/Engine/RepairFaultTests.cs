using Freezer.Catalog;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engine;

/// <summary>A fault at every call of the storage while a chain is repaired: what restored before restores, and the next repair ends what this one began.</summary>
public sealed class RepairFaultTests
{
    private const string Name = "home";

    /// <summary>An operation that has not ended by then never will.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    public static TheoryData<string, bool> EnginesAndMoments => new() { { "tar", false }, { "tar", true }, { "block", false }, { "block", true } };

    [Theory, MemberData(nameof(EnginesAndMoments))]
    public async Task A_repair_whose_storage_fails_at_any_call_loses_nothing(string engine, bool afterDoing)
    {
        using FaultBench bench = FaultBench.Of(engine);
        string before = await bench.TakeFullAsync(Name);
        Backup full = await NewestAsync(bench);
        bench.Change();
        await bench.Engine.BackupAsync(bench.Resource, Name);
        // The increment restores without the manifest of level 0.
        await bench.Storage.DamageAsync(DamagedObjects.KeyOf(full, "engine_metadata"), Damage.Flipped, new Random(1));
        int calls = 0;
        for (bool fired = true; fired; calls++)
        {
            using FaultBench damaged = FaultBench.Of(engine);
            await bench.Storage.CopyToAsync(damaged.Storage);
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(calls + 1) : new FaultPlan().FailCall(calls + 1);
            var faulty = new FaultyStorage(damaged.Storage, plan);
            try
            {
                (await damaged.EngineOn(faulty).RepairAsync(Name).WaitAsync(Deadline)).IsWhole.Should().BeTrue();
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                CausesOf(failure).Should().Contain(plan.Error, $"call {calls + 1} failed");
            }

            fired = faulty.AllFired;
            (await RestoreAsync(damaged, null)).Should().Be(bench.Source(), $"call {calls + 1} failed");
            (await damaged.Engine.RepairAsync(Name).WaitAsync(Deadline)).IsWhole.Should().BeTrue();
            (await RestoreAsync(damaged, full.Timestamp)).Should().Be(before, $"call {calls + 1} failed");
            (await RestoreAsync(damaged, null)).Should().Be(bench.Source(), $"call {calls + 1} failed");
        }

        calls.Should().BeGreaterThan(15);
    }

    private static async Task<string> RestoreAsync(FaultBench bench, DateTimeOffset? to)
    {
        string destination = bench.NewDestination();
        await bench.Engine.RestoreAsync(Name, destination, new RestoreOptions { To = to }).WaitAsync(Deadline);
        return bench.Restored(destination);
    }

    private static async Task<Backup> NewestAsync(FaultBench bench)
    {
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(bench.Storage).ListAsync())
        {
            backups.Add(backup);
        }

        return backups[^1];
    }

    private static IEnumerable<Exception> CausesOf(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
        }
    }
}
