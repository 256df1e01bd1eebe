using System.Collections.Concurrent;

namespace Freezer.Testing.EngineChecks;

internal static class ReportChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("The engine's name is one word in lower case", Rules.Name, static s =>
        {
            string name = s.Engine().Name;
            s.Expect(name.Length > 0 && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)), "letters in lower case and digits", $"'{name}'");
            return Task.CompletedTask;
        }),
        new("The engine's name is constant", Rules.Name, static s =>
        {
            BackupEngine engine = s.Engine();
            string name = engine.Name;
            s.Expect(engine.Name == name && s.Engine().Name == name, $"'{name}' each time", $"'{engine.Name}' and '{s.Engine().Name}'");
            return Task.CompletedTask;
        }),
        new("A backup counts what it read", Rules.Progress, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.ReportsProgress, "ReportsProgress is false");
            BackupResult result = await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            s.Expect(result.Backup.Entries > 0, "entries to be counted", $"{result.Backup.Entries}");
            s.Expect(result.Backup.BytesRead >= EngineScratch.ContentLength / 2, $"about {EngineScratch.ContentLength} bytes to be read", $"{result.Backup.BytesRead}");
        }),
        new("A restore counts what it wrote", Rules.Progress, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.ReportsProgress, "ReportsProgress is false");
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            RestoreResult result = await s.RestoreAsync(s.Subject.NameDestination()).ConfigureAwait(false);
            s.Expect(result.Entries > 0, "entries to be counted", $"{result.Entries}");
            s.Expect(result.BytesWritten >= EngineScratch.ContentLength / 2, $"about {EngineScratch.ContentLength} bytes to be written", $"{result.BytesWritten}");
        }),
        new("The progress of a backup ends with its result", Rules.Progress, static async s =>
        {
            var reports = new Reports();
            BackupResult result = await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false), progress: reports).ConfigureAwait(false);
            Expect(s, reports, result.Backup.BytesRead, result.Backup.Entries);
        }),
        new("The progress of a restore ends with its result", Rules.Progress, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            var reports = new Reports();
            RestoreResult result = await s.RestoreAsync(s.Subject.NameDestination(), progress: reports).ConfigureAwait(false);
            Expect(s, reports, result.BytesWritten, result.Entries);
        }),
        new("A restore is complete where the backup was", Rules.RoundTrip, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            RestoreResult result = await s.RestoreAsync(s.Subject.NameDestination()).ConfigureAwait(false);
            s.Expect(result.Outcome == BackupOutcome.Complete, "a complete restore", $"{result.Skipped} skips, the first: {(result.Skips.Count > 0 ? result.Skips[0] : null)}");
        }),
        new("What a result says is what is listed", Rules.Metadata, static async s =>
        {
            BackupResult result = await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            List<Backup> listed = await s.ListAsync().ConfigureAwait(false);
            s.Expect(listed.Count == 1, "one backup", $"{listed.Count}");
            Backup seen = listed[0];
            s.Expect((seen.Id, seen.Level, seen.Timestamp, seen.Entries, seen.BytesRead, seen.BytesStored) == (result.Backup.Id, result.Backup.Level, result.Backup.Timestamp, result.Backup.Entries, result.Backup.BytesRead, result.Backup.BytesStored), $"{result.Backup}", $"{seen}");
            s.Expect(seen.Problem is null, "no problem", seen.Problem ?? "");
        }),
        new("What the engine says of a backup is listed", Rules.Metadata, static async s =>
        {
            BackupResult result = await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            Backup seen = (await s.ListAsync().ConfigureAwait(false))[0];
            s.Expect(Text(seen.EngineFacts) == Text(result.Backup.EngineFacts), Text(result.Backup.EngineFacts), Text(seen.EngineFacts));
        }),
        new("What the application says of a backup is listed", Rules.Metadata, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false), new BackupOptions { Facts = new Dictionary<string, string> { ["ticket"] = "42", ["who"] = "p\u00e4r" } }).ConfigureAwait(false);
            Backup seen = (await s.ListAsync().ConfigureAwait(false))[0];
            s.Expect(Text(seen.Facts) == "ticket=42, who=p\u00e4r", "ticket=42, who=p\u00e4r", Text(seen.Facts));
        }),
        new("A name with odd characters names a backup", Rules.Metadata, static async s =>
        {
            const string Odd = "host.example_my data (2)";
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource, name: Odd).ConfigureAwait(false);
            await s.ExpectRestoresAsync(state, name: Odd).ConfigureAwait(false);
        }),
        new("The storage is as usable as before", Rules.Storage, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            await s.RestoreAsync(s.Subject.NameDestination()).ConfigureAwait(false);
            s.Expect((await s.KeysAsync().ConfigureAwait(false)).Count > 0, "objects in the storage", "none");
        }),
        new("A backup leaves no claim behind", Rules.Metadata, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            s.Expect((await s.KeysAsync("/claim").ConfigureAwait(false)).Count == 0, "no claim", string.Join(", ", await s.KeysAsync("/claim").ConfigureAwait(false)));
        }),
    ];

    private static void Expect(EngineScratch s, Reports reports, long bytes, long entries)
    {
        BackupProgress[] all = [.. reports.All];
        s.Expect(all.Length > 0, "a report at the end", "none");
        s.Expect((all[^1].Bytes, all[^1].Entries) == (bytes, entries), $"{bytes} bytes and {entries} entries at the end", $"{all[^1]}");
        for (int i = 1; i < all.Length; i++)
        {
            s.Expect(all[i].Bytes >= all[i - 1].Bytes && all[i].Entries >= all[i - 1].Entries, "counts that rise", $"{all[i - 1]}, then {all[i]}");
        }
    }

    private static string Text(IReadOnlyDictionary<string, string> facts) =>
        string.Join(", ", facts.OrderBy(static fact => fact.Key, StringComparer.Ordinal).Select(static fact => $"{fact.Key}={fact.Value}"));

    private sealed class Reports : IProgress<BackupProgress>
    {
        internal ConcurrentQueue<BackupProgress> All { get; } = new();

        public void Report(BackupProgress value) => All.Enqueue(value);
    }
}
