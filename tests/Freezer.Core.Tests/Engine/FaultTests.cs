using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;
using Xunit.Abstractions;

namespace Freezer.Tests.Engine;

/// <summary>A fault at every call of the storage and at every read of the source, of each engine: it is reported with its cause, loses nothing and leaves nothing half done.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const string Name = "home";

    /// <summary>An operation that has not ended by then never will.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    public static TheoryData<string, bool> EnginesAndMoments => new() { { "tar", false }, { "tar", true }, { "block", false }, { "block", true } };

    public static TheoryData<string> Engines => ["tar", "block"];

    [Theory, MemberData(nameof(EnginesAndMoments))]
    public async Task A_backup_whose_storage_fails_at_any_call_loses_nothing(string engine, bool afterDoing)
    {
        int calls = 0;
        for (bool fired = true; fired; calls++)
        {
            using FaultBench bench = FaultBench.Of(engine);
            string before = await bench.TakeFullAsync(Name);
            bench.Change();
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(calls + 1) : new FaultPlan().FailCall(calls + 1);
            var faulty = new FaultyStorage(bench.Storage, plan);
            try
            {
                await bench.EngineOn(faulty).BackupAsync(bench.Resource, Name).WaitAsync(Deadline);
                (await ListAsync(bench, engine)).Should().HaveCount(2);
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Causes(failure).Should().Contain(plan.Error, $"call {calls + 1} failed");
                (await ListAsync(bench, engine)).Should().ContainSingle($"call {calls + 1} was reported as a failure");
            }

            fired = faulty.AllFired;
            await ShouldGoOnAsync(bench, engine, before);
        }

        Report(engine, calls - 1);
    }

    [Theory, MemberData(nameof(EnginesAndMoments))]
    public async Task A_restore_whose_storage_fails_at_any_call_throws_its_cause(string engine, bool afterDoing)
    {
        using FaultBench bench = FaultBench.Of(engine);
        await bench.TakeFullAsync(Name);
        bench.Change();
        await bench.Engine.BackupAsync(bench.Resource, Name);
        string expected = bench.Source();
        int calls = 0;
        for (bool fired = true; fired; calls++)
        {
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(calls + 1) : new FaultPlan().FailCall(calls + 1);
            var faulty = new FaultyStorage(bench.Storage, plan);
            string destination = bench.NewDestination();
            try
            {
                await bench.EngineOn(faulty).RestoreAsync(Name, destination).WaitAsync(Deadline);
                faulty.AllFired.Should().BeFalse($"call {calls + 1} failed");
                bench.Restored(destination).Should().Be(expected);
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Causes(failure).Should().Contain(plan.Error, $"call {calls + 1} failed");
            }

            fired = faulty.AllFired;
            await bench.Engine.RestoreAsync(Name, destination, new RestoreOptions { Overwrite = true });
            bench.Restored(destination).Should().Be(expected, "the next restore mends what this one left");
        }

        Report(engine, calls - 1);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_source_that_fails_at_any_read_is_never_a_complete_backup(string engine)
    {
        int reads = 0;
        for (bool fired = true; fired; reads++)
        {
            using FaultBench bench = FaultBench.Of(engine);
            string before = await bench.TakeFullAsync(Name);
            bench.Change();
            bench.FailAtRead(reads + 1);
            try
            {
                BackupResult result = await bench.Engine.BackupAsync(bench.Resource, Name).WaitAsync(Deadline);
                if (bench.HasFailed)
                {
                    result.Outcome.Should().Be(BackupOutcome.CompleteWithSkips, $"read {reads + 1} failed");
                    result.Skips.Should().Contain(static skip => skip.Reason.Contains(FaultBench.Fault, StringComparison.Ordinal));
                }
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
            {
                Causes(failure).Should().Contain(cause => cause.Message.Contains(FaultBench.Fault, StringComparison.Ordinal), $"read {reads + 1} failed");
                (await ListAsync(bench, engine)).Should().ContainSingle($"read {reads + 1} was reported as a failure");
            }

            fired = bench.HasFailed;
            bench.FailAtRead(0);
            await ShouldGoOnAsync(bench, engine, before);
        }

        Report(engine, reads - 1);
    }

    private void Report(string engine, int faults)
    {
        output.WriteLine($"{engine}: {faults} faults, each of which fired.");
        faults.Should().BeGreaterThan(4);
    }

    /// <summary>The next backup is complete and restores, and the one before the fault still does.</summary>
    private static async Task ShouldGoOnAsync(FaultBench bench, string engine, string before)
    {
        (await bench.Engine.BackupAsync(bench.Resource, Name).WaitAsync(Deadline)).Outcome.Should().Be(BackupOutcome.Complete);
        List<Backup> listed = await ListAsync(bench, engine);
        listed.Should().OnlyContain(static backup => backup.Problem == null);
        (await RestoreAsync(bench, null)).Should().Be(bench.Source());
        (await RestoreAsync(bench, listed[0].Timestamp)).Should().Be(before);
    }

    private static async Task<string> RestoreAsync(FaultBench bench, DateTimeOffset? to)
    {
        string destination = bench.NewDestination();
        await bench.Engine.RestoreAsync(Name, destination, new RestoreOptions { To = to }).WaitAsync(Deadline);
        return bench.Restored(destination);
    }

    private static async Task<List<Backup>> ListAsync(FaultBench bench, string engine)
    {
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(bench.Storage).ListAsync(engine, Name))
        {
            backups.Add(backup);
        }

        return backups;
    }

    private static IEnumerable<Exception> Causes(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            yield return exception;
        }
    }
}
