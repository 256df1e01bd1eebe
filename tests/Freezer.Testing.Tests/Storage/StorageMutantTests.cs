using Xunit.Abstractions;

namespace Freezer.Testing.Tests.Storage;

/// <summary>A check that cannot fail is worth nothing: each of these storages breaks one rule, and the check of that rule has to say so.</summary>
public sealed class StorageMutantTests(ITestOutputHelper output)
{
    // Only what hangs meets the deadline, so it may be short.
    private static readonly CheckOptions _options = new() { Deadline = TimeSpan.FromSeconds(2), LargeObject = 1 << 20 };

    [Fact]
    public async Task Every_broken_storage_is_caught()
    {
        string?[] escaped = await Task.WhenAll(StorageMutant.All.Select(EscapesAsync));

        int caught = escaped.Count(static reason => reason is null);
        output.WriteLine($"{caught} of {escaped.Length} broken storages were caught: {100.0 * caught / escaped.Length:0.#} %.");
        foreach (StorageMutant mutant in StorageMutant.All)
        {
            output.WriteLine($"  a storage that {mutant.Flaw}: '{mutant.CaughtBy}'");
        }

        escaped.Length.Should().BeGreaterThanOrEqualTo(30);
        escaped.Where(static reason => reason is not null).Should().BeEmpty();
    }

    private static async Task<string?> EscapesAsync(StorageMutant mutant)
    {
        StorageCheck? check = StorageContract.Checks.SingleOrDefault(check => check.Name == mutant.CaughtBy);
        if (check is null)
        {
            return $"There is no check '{mutant.CaughtBy}'.";
        }

        try
        {
            CheckOutcome outcome = await check.RunAsync(_ => Task.FromResult(mutant.Make()), _options);
            return $"A storage that {mutant.Flaw} passes '{check.Name}' ({outcome.NotApplicable ?? "it holds"}).";
        }
        catch (ContractViolationException violation)
        {
            return violation.Check == check.Name && violation.Message.Contains(check.Description, StringComparison.Ordinal) ? null : $"The violation does not name its check: {violation.Message}";
        }
    }
}
