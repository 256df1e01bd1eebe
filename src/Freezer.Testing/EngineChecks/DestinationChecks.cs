namespace Freezer.Testing.EngineChecks;

internal static class DestinationChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("A destination that holds something is refused and stays as it is", Rules.Destination, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.ProtectsDestinations, "ProtectsDestinations is false");
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            string used = await s.ResourceAsync().ConfigureAwait(false);
            await s.ChangeAsync(used, 1).ConfigureAwait(false);
            string before = await s.DescribeAsync(used).ConfigureAwait(false);
            await s.ThrowsAsync<BackupException>(() => s.RestoreAsync(used), "a restore to a destination that holds something to fail with a BackupException").ConfigureAwait(false);
            s.ExpectSame(await s.DescribeAsync(used).ConfigureAwait(false), before, "the destination, which was refused,");
        }),
        new("A destination that holds something is taken with Overwrite", Rules.Overwrite, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.RestoresOverStates, "RestoresOverStates is false");
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            string destination = s.Subject.NameDestination();
            await s.RestoreAsync(destination).ConfigureAwait(false);
            await s.RestoreAsync(destination, new RestoreOptions { Overwrite = true }).ConfigureAwait(false);
            s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, "the resource, restored over itself,");
        }),
        new("A later state is restored over an earlier one", Rules.Overwrite, static s => OverAsync(s, earlierFirst: true)),
        new("An earlier state is restored over a later one", Rules.Overwrite, static async s =>
        {
            // Names that only a later level contained are not the business of an earlier state: it is compared over a state of its own.
            EngineScratch.Require(s.Subject.Traits.RestoresOverStates, "RestoresOverStates is false");
            await OverAsync(s, earlierFirst: false).ConfigureAwait(false);
        }),
        new("A backup that is not there leaves the destination alone", Rules.Before, static async s =>
        {
            string destination = s.Subject.NameDestination();
            await s.ThrowsAsync<BackupNotFoundException>(() => s.RestoreAsync(destination), "a restore of an unknown name to fail with a BackupNotFoundException").ConfigureAwait(false);
            s.Expect(await s.Subject.DescribeAsync(destination, s.CancellationToken).ConfigureAwait(false) is null, "nothing at the destination", "something");
        }),
        new("A date before the first backup leaves the destination alone", Rules.Before, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            string destination = s.Subject.NameDestination();
            await s.ThrowsAsync<BackupNotFoundException>(
                () => s.RestoreAsync(destination, new RestoreOptions { To = DateTimeOffset.UnixEpoch }), "a restore to a date before the first backup to fail with a BackupNotFoundException").ConfigureAwait(false);
            s.Expect(await s.Subject.DescribeAsync(destination, s.CancellationToken).ConfigureAwait(false) is null, "nothing at the destination", "something");
        }),
    ];

    private static async Task OverAsync(EngineScratch s, bool earlierFirst)
    {
        EngineScratch.Require(s.Subject.Traits.RestoresOverStates, "RestoresOverStates is false");
        string resource = await s.ResourceAsync().ConfigureAwait(false);
        await s.ChangeAsync(resource, 1).ConfigureAwait(false);
        string[] states = [await s.DescribeAsync(resource).ConfigureAwait(false), ""];
        BackupResult first = await s.BackupAsync(resource).ConfigureAwait(false);
        await s.ChangeAsync(resource, 2).ConfigureAwait(false);
        states[1] = await s.DescribeAsync(resource).ConfigureAwait(false);
        BackupResult second = await s.BackupAsync(resource).ConfigureAwait(false);
        string destination = s.Subject.NameDestination();
        BackupResult[] order = earlierFirst ? [first, second] : [second, first];
        await s.RestoreAsync(destination, new RestoreOptions { To = order[0].Backup.Timestamp }).ConfigureAwait(false);
        await s.RestoreAsync(destination, new RestoreOptions { To = order[1].Backup.Timestamp, Overwrite = true }).ConfigureAwait(false);
        string seen = await s.DescribeAsync(destination).ConfigureAwait(false);
        if (earlierFirst)
        {
            s.ExpectSame(seen, states[1], "the later state, restored over the earlier one,");
            return;
        }

        // What only the later level knew is no name of the earlier chain, and is therefore not removed; all of the earlier state must be there.
        string[] missing = [.. states[0].Split('\n').Except(seen.Split('\n'))];
        s.Expect(missing.Length == 0, "all of the earlier state", $"without {string.Join(" | ", missing.Take(5))}");
    }
}
