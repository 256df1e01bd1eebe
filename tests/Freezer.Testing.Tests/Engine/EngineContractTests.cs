using Xunit.Abstractions;

namespace Freezer.Testing.Tests.Engine;

public sealed class EngineContractTests(ITestOutputHelper output)
{
    private static readonly CheckOptions _options = new() { LargeObject = 1 << 20, Deadline = TimeSpan.FromSeconds(10) };

    /// <summary>An engine that breaks one rule, and the check that is there to find it.</summary>
    private static readonly (Flaw Flaw, string CaughtBy)[] _mutants =
    [
        (Flaw.DropsLastEntry, "A full backup restores"),
        (Flaw.ForgetsRemovals, "Every state of a long chain restores"),
        (Flaw.ListsOnlyChanges, "What follows a level that changed little is small as well"),
        (Flaw.ComparesLengths, "Every state of a long chain restores"),
        (Flaw.StoresEverything, "An incremental of what has not changed is small"),
        (Flaw.ReturnsEarlyFromRestore, "A full backup restores"),
        (Flaw.HidesCauses, "A storage that fails at any call of a restore is the failure that surfaces"),
        (Flaw.SwallowsFailures, "A storage that fails at any call of a restore is the failure that surfaces"),
        (Flaw.SwallowsFailures, "A bit that flipped in data never restores something else"),
        (Flaw.SwallowsFailures, "A read of data that is short never restores something else"),
        (Flaw.TakesMissingForEmpty, "A resource that is not there fails the backup"),
        (Flaw.ChangesItsName, "The engine's name is constant"),
        (Flaw.HasBadName, "The engine's name is one word in lower case"),
        (Flaw.CountsNothing, "A backup counts what it read"),
        (Flaw.CountsNothing, "A restore counts what it wrote"),
        (Flaw.CountsBackwards, "A backup counts what it read"),
        (Flaw.RemembersManifest, "The next level needs nothing but the storage"),
        (Flaw.MarksItsResource, "A backup only reads its resource"),
        (Flaw.TakesUsedDestinations, "A destination that holds something is refused and stays as it is"),
        (Flaw.DisposesTheStorage, "The storage is as usable as before"),
        (Flaw.SkipsALevel, "An incremental restores"),
        (Flaw.TakesCrumbsForAll, "A backup through a queue of one byte restores"),
        (Flaw.WrapsCancellation, "A restore whose storage hangs can be cancelled"),
        (Flaw.MixesOperations, "Two resources of one engine do not mix"),
        (Flaw.SkipsEmptyContent, "A full backup restores"),
        (Flaw.RebuildsEmptyManifests, "A chain whose manifests were lost is repaired"),
    ];

    public static TheoryData<EngineCheck> Checks => new(EngineContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public async Task A_sound_engine_passes(EngineCheck check)
    {
        CheckOutcome outcome = await check.RunAsync(static _ => Task.FromResult<EngineSubject>(new MapSubject()), new CheckOptions { LargeObject = 1 << 20 });

        // Codecs come with the system, and may be missing.
        (outcome.NotApplicable is null || check.Name.StartsWith("A backup that is compressed", StringComparison.Ordinal)).Should().BeTrue(outcome.NotApplicable);
    }

    [Fact]
    public async Task Every_broken_engine_is_caught()
    {
        string?[] escaped = await Task.WhenAll(_mutants.Select(static mutant => EscapesAsync(mutant.Flaw, mutant.CaughtBy)));

        int caught = escaped.Count(static reason => reason is null);
        output.WriteLine($"{caught} of {escaped.Length} broken engines were caught: {100.0 * caught / escaped.Length:0.#} %.");
        foreach ((Flaw flaw, string caughtBy) in _mutants)
        {
            output.WriteLine($"  {flaw}: '{caughtBy}'");
        }

        escaped.Where(static reason => reason is not null).Should().BeEmpty();
        _mutants.Select(static mutant => mutant.Flaw).Should().Contain(Enum.GetValues<Flaw>().Except([Flaw.None]));
    }

    [Fact]
    public void Every_check_has_a_name_of_its_own_and_a_rule()
    {
        EngineContract.Checks.Select(static check => check.Name).Should().OnlyHaveUniqueItems();
        EngineContract.Checks.Should().OnlyContain(static check => check.Description.Length > 20 && check.ToString() == check.Name);
        EngineContract.Checks.Count.Should().BeGreaterThan(60);
    }

    private static async Task<string?> EscapesAsync(Flaw flaw, string caughtBy)
    {
        EngineCheck? check = EngineContract.Checks.SingleOrDefault(check => check.Name == caughtBy);
        if (check is null)
        {
            return $"There is no check '{caughtBy}'.";
        }

        try
        {
            CheckOutcome outcome = await check.RunAsync(_ => Task.FromResult<EngineSubject>(new MapSubject(flaw)), _options);
            return $"{flaw} passes '{caughtBy}' ({outcome.NotApplicable ?? "it holds"}).";
        }
        catch (ContractViolationException violation)
        {
            return violation.Check == caughtBy ? null : violation.Message;
        }
    }
}
