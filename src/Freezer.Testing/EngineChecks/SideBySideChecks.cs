namespace Freezer.Testing.EngineChecks;

internal static class SideBySideChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("Backups of one name go on side by side", Rules.SideBySide, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            BackupEngine engine = s.Engine();
            BackupResult[] results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => s.BackupAsync(resource, engine: engine), s.CancellationToken))).ConfigureAwait(false);
            s.Expect(results.Select(static result => result.Backup.Id).Distinct().Count() == 4 && (await s.ListAsync().ConfigureAwait(false)).Count == 5, "5 backups", $"{(await s.ListAsync().ConfigureAwait(false)).Count}");
            foreach (BackupResult result in results)
            {
                await s.ExpectRestoresAsync(state, new RestoreOptions { To = result.Backup.Timestamp }).ConfigureAwait(false);
            }
        }),
        new("Backups of different names go on side by side", Rules.SideBySide, static async s =>
        {
            BackupEngine engine = s.Engine();
            List<(string Resource, string State)> resources = [];
            for (int i = 0; i < 4; i++)
            {
                string resource = await s.ResourceAsync().ConfigureAwait(false);
                await s.ChangeAsync(resource, i + 1).ConfigureAwait(false);
                resources.Add((resource, await s.DescribeAsync(resource).ConfigureAwait(false)));
            }

            await Task.WhenAll(resources.Select((resource, number) => Task.Run(() => s.BackupAsync(resource.Resource, name: $"n{number}", engine: engine), s.CancellationToken))).ConfigureAwait(false);
            for (int i = 0; i < resources.Count; i++)
            {
                await s.ExpectRestoresAsync(resources[i].State, name: $"n{i}").ConfigureAwait(false);
            }
        }),
        new("Restores go on side by side", Rules.SideBySide, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            BackupEngine engine = s.Engine();
            string[] destinations = [.. Enumerable.Range(0, 4).Select(_ => s.Subject.NameDestination())];
            await Task.WhenAll(destinations.Select(destination => Task.Run(() => s.RestoreAsync(destination, engine: engine), s.CancellationToken))).ConfigureAwait(false);
            foreach (string destination in destinations)
            {
                s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, "the resource");
            }
        }),
        new("A backup and a restore go on side by side", Rules.SideBySide, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult first = await s.BackupAsync(resource).ConfigureAwait(false);
            BackupEngine engine = s.Engine();
            string destination = s.Subject.NameDestination();
            Task<RestoreResult> restoring = Task.Run(() => s.RestoreAsync(destination, new RestoreOptions { To = first.Backup.Timestamp }, engine: engine), s.CancellationToken);
            await s.BackupAsync(resource, engine: engine).ConfigureAwait(false);
            await restoring.ConfigureAwait(false);
            s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, "the resource");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
    ];
}
