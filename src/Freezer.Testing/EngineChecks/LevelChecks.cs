namespace Freezer.Testing.EngineChecks;

internal static class LevelChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("A second backup builds on the first", Rules.Levels, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            BackupResult increment = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(increment.Backup.Level == 1, "level 1", $"level {increment.Backup.Level}; {increment.NewChainReason}");
            s.Expect(increment.Backup.ParentId == full.Backup.Id, "the first backup as the parent", $"{increment.Backup.ParentId}");
        }),
        new("An incremental restores", Rules.Levels, static async s => await ChainAsync(s, 2).ConfigureAwait(false)),
        new("Every state of a long chain restores", Rules.Levels, static async s => await ChainAsync(s, 6).ConfigureAwait(false)),
        new("An incremental of what has not changed restores", Rules.Levels, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            for (int level = 0; level < 3; level++)
            {
                await s.BackupAsync(resource).ConfigureAwait(false);
            }

            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
        new("What a level did not change is not forgotten at the next", Rules.Levels, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 2).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult last = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(last.Backup.Level == 3, "level 3", $"level {last.Backup.Level}; {last.NewChainReason}");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
        new("An incremental of what has not changed is small", Rules.Differences, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.StoresDifferences, "StoresDifferences is false");
            string resource = await s.ResourceAsync(1 << 20).ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource).ConfigureAwait(false);
            BackupResult increment = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(increment.Backup.BytesStored * 2 < full.Backup.BytesStored, $"less than half of the {full.Backup.BytesStored} bytes of the full backup", $"{increment.Backup.BytesStored}");
        }),
        new("An incremental of a small change is small", Rules.Differences, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.StoresDifferences, "StoresDifferences is false");
            string resource = await s.ResourceAsync(1 << 20).ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            BackupResult increment = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(increment.Backup.BytesStored * 2 < full.Backup.BytesStored, $"less than half of the {full.Backup.BytesStored} bytes of the full backup", $"{increment.Backup.BytesStored}");
        }),
        new("What follows a level that changed little is small as well", Rules.Differences, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.StoresDifferences, "StoresDifferences is false");
            string resource = await s.ResourceAsync(1 << 20).ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            BackupResult third = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(third.Backup.BytesStored * 2 < full.Backup.BytesStored, $"less than half of the {full.Backup.BytesStored} bytes of the full backup: the manifest of level 1 must list the whole resource", $"{third.Backup.BytesStored}");
        }),
        new("A full backup on request begins a new chain", Rules.Levels, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource, new BackupOptions { NoIncremental = true }).ConfigureAwait(false);
            s.Expect(full.Backup.Level == 0, "level 0", $"level {full.Backup.Level}");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
        new("A chain ends at its highest level", Rules.Levels, static s => LevelsAsync(s, new BackupOptions { MaxLevel = 1 }, 0, 1, 0, 1)),
        new("Differentials build on the same level again and again", Rules.Levels, static s => LevelsAsync(s, new BackupOptions { AlwaysLevel = 1 }, 0, 1, 1, 1)),
        new("Differentials of a higher level restore", Rules.Levels, static s => LevelsAsync(s, new BackupOptions { AlwaysLevel = 2 }, 0, 1, 2, 2)),
        new("A backup builds on the parent that it is told", Rules.Levels, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 2).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult third = await s.BackupAsync(resource, new BackupOptions { Parent = full.Backup }).ConfigureAwait(false);
            s.Expect(third.Backup.Level == 1, "level 1, on the full backup", $"level {third.Backup.Level}; {third.NewChainReason}");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
        new("Another resource of the same name begins a new chain", Rules.NewChain, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            string other = await s.ResourceAsync().ConfigureAwait(false);
            await s.ChangeAsync(other, 1).ConfigureAwait(false);
            string state = await s.DescribeAsync(other).ConfigureAwait(false);
            BackupResult result = await s.BackupAsync(other).ConfigureAwait(false);
            s.Expect(result.Backup.Level == 0 && result.NewChainReason is not null, "level 0, and why", $"level {result.Backup.Level}; {result.NewChainReason ?? "no reason"}");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
        new("The same resource on another machine begins a new chain", Rules.NewChain, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            BackupResult result = await s.BackupAsync(resource, engine: s.Engine(settings: new BackupEngineOptions { SourceHost = "another-machine" })).ConfigureAwait(false);
            s.Expect(result.Backup.Level == 0 && result.NewChainReason is not null, "level 0, and why", $"level {result.Backup.Level}; {result.NewChainReason ?? "no reason"}");
        }),
        new("A resource that was empty and is filled restores", Rules.Levels, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.TakesEmptyResources, "TakesEmptyResources is false");
            string resource = await s.ResourceAsync(0).ConfigureAwait(false);
            string empty = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult full = await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            string filled = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ExpectRestoresAsync(filled).ConfigureAwait(false);
            await s.ExpectRestoresAsync(empty, new RestoreOptions { To = full.Backup.Timestamp }, what: "the empty resource").ConfigureAwait(false);
        }),
        new("The next level needs nothing but the storage", Rules.Stateless, static async s =>
        {
            BackupEngine first = s.Engine();
            BackupEngine second = s.Engine();
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource, engine: first).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            await s.BackupAsync(resource, engine: second).ConfigureAwait(false);
            await s.ChangeAsync(resource, 2).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult third = await s.BackupAsync(resource, engine: first).ConfigureAwait(false);
            s.Expect(third.Backup.Level == 2, "level 2", $"level {third.Backup.Level}; {third.NewChainReason}");
            await s.ExpectRestoresAsync(state, engine: second).ConfigureAwait(false);
        }),
    ];

    /// <summary>Takes a chain, and restores each of its states from the newest to the oldest.</summary>
    private static async Task ChainAsync(EngineScratch s, int length)
    {
        string resource = await s.ResourceAsync().ConfigureAwait(false);
        List<(BackupResult Result, string State)> levels = [];
        for (int level = 0; level < length; level++)
        {
            if (level > 0)
            {
                await s.ChangeAsync(resource, level).ConfigureAwait(false);
            }

            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult result = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(result.Backup.Level == level, $"level {level}", $"level {result.Backup.Level}; {result.NewChainReason}");
            levels.Add((result, state));
        }

        for (int level = length - 1; level >= 0; level--)
        {
            await s.ExpectRestoresAsync(levels[level].State, new RestoreOptions { To = levels[level].Result.Backup.Timestamp }, what: $"level {level} of {length}").ConfigureAwait(false);
        }
    }

    private static async Task LevelsAsync(EngineScratch s, BackupOptions how, params int[] expected)
    {
        string resource = await s.ResourceAsync().ConfigureAwait(false);
        for (int i = 0; i < expected.Length; i++)
        {
            if (i > 0)
            {
                await s.ChangeAsync(resource, i).ConfigureAwait(false);
            }

            BackupResult result = await s.BackupAsync(resource, how).ConfigureAwait(false);
            s.Expect(result.Backup.Level == expected[i], $"level {expected[i]} at backup {i + 1}", $"level {result.Backup.Level}; {result.NewChainReason}");
            await s.ExpectRestoresAsync(await s.DescribeAsync(resource).ConfigureAwait(false), what: $"backup {i + 1}").ConfigureAwait(false);
        }
    }
}
