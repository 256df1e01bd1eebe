using Freezer.Testing.EngineChecks;

namespace Freezer.Testing;

/// <summary>What a <see cref="BackupEngine"/> promises together with the workflow, as checks that know no test framework.</summary>
/// <remarks>The checks see an engine as an application does: through backups, restores and what the storage holds. Run each as a
/// test of its own, in any order, also side by side.</remarks>
public static class EngineContract
{
    /// <summary>All checks, in an order that stays the same, each with a name of its own.</summary>
    public static IReadOnlyList<EngineCheck> Checks { get; } =
    [
        .. RoundTripChecks.All,
        .. LevelChecks.All,
        .. DestinationChecks.All,
        .. FaultChecks.All,
        .. DamageChecks.All,
        .. RepairChecks.All,
        .. StopChecks.All,
        .. ReportChecks.All,
        .. SideBySideChecks.All,
    ];
}
