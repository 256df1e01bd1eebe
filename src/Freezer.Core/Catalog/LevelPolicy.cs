namespace Freezer.Catalog;

/// <summary>Which level comes next: OpenStack Freezer's rules, with a chain's age counted from its level 0.</summary>
internal static class LevelPolicy
{
    /// <summary>Says why a new chain is due, or which level's newest backup to build on.</summary>
    /// <param name="newest">The newest backup of the name.</param>
    /// <param name="options">The level options.</param>
    /// <param name="now">The current time.</param>
    internal static LevelDecision Decide(BackupLocation newest, BackupOptions options, DateTimeOffset now)
    {
        int maxLevel = options.MaxLevel is { } most and > 0 ? most : int.MaxValue;
        int alwaysLevel = options.AlwaysLevel is { } always and > 0 ? always : int.MaxValue;
        if (options.NoIncremental)
        {
            return LevelDecision.NewChain(null);
        }

        if (newest.Level >= maxLevel)
        {
            return LevelDecision.NewChain($"the newest backup has level {newest.Level}, and the highest level is {maxLevel}");
        }

        if (newest.Level > alwaysLevel)
        {
            return LevelDecision.NewChain($"the newest backup has level {newest.Level}, above the level {alwaysLevel} that every backup is to have");
        }

        if (options.RestartAlwaysLevel is { } age && now - DateTimeOffset.FromUnixTimeSeconds(newest.ChainTime) >= age)
        {
            return LevelDecision.NewChain($"the chain's level 0 is {age.TotalDays:0.##} days old or more");
        }

        // At the level that every backup is to have, the next one builds on the level before it again.
        return LevelDecision.BuildOn(newest.Level == alwaysLevel ? newest.Level - 1 : newest.Level);
    }
}

/// <summary>What the level rules say.</summary>
/// <param name="ParentLevel">The level to build on, or <see langword="null"/> for a new chain.</param>
/// <param name="Reason">Why a new chain is begun, where that is worth telling.</param>
internal sealed record LevelDecision(int? ParentLevel, string? Reason)
{
    internal static LevelDecision NewChain(string? reason) => new(null, reason);

    internal static LevelDecision BuildOn(int level) => new(level, null);
}
