using Freezer.Storage;
using Freezer.Testing.StorageChecks;

namespace Freezer.Testing;

/// <summary>What <see cref="IStorage"/> promises, as checks that know no test framework.</summary>
/// <remarks>The checks hold a storage to what its <see cref="StorageCapabilities"/> say, and to nothing beyond the contract. Run each
/// as a test of its own, in any order, also side by side.</remarks>
public static class StorageContract
{
    /// <summary>All checks, in an order that stays the same, each with a name of its own.</summary>
    public static IReadOnlyList<StorageCheck> Checks { get; } =
    [
        .. CapabilityChecks.All,
        .. ContentChecks.All,
        .. KeyChecks.All,
        .. VisibilityChecks.All,
        .. CreateChecks.All,
        .. ReplaceChecks.All,
        .. ReadChecks.All,
        .. RangeChecks.All,
        .. ListChecks.All,
        .. DeleteChecks.All,
        .. PipeChecks.All,
        .. CancellationChecks.All,
        .. ConcurrencyChecks.All,
    ];
}
