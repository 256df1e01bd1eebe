using Freezer.Storage;
using Microsoft.Extensions.Logging;

namespace Freezer.Testing.EngineChecks;

internal static class RepairChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("A chain whose first index was lost is repaired", Rules.Repair, static s => RepairsAsync(s, "/index", most: 1)),
        new("A chain whose manifests were lost is repaired", Rules.Repair, static s => RepairsAsync(s, "/engine_metadata", most: int.MaxValue)),
    ];

    private static async Task RepairsAsync(EngineScratch s, string lost, int most)
    {
        string resource = await s.ResourceAsync().ConfigureAwait(false);
        await s.BackupAsync(resource).ConfigureAwait(false);
        await s.ChangeAsync(resource, 1).ConfigureAwait(false);
        string state = await s.DescribeAsync(resource).ConfigureAwait(false);
        await s.BackupAsync(resource).ConfigureAwait(false);
        foreach (StorageKey key in (await s.KeysAsync(lost).ConfigureAwait(false)).Take(most))
        {
            await s.Storage.DeleteAsync(key, s.CancellationToken).ConfigureAwait(false);
        }

        var refusals = new Refusals();
        BackupEngine engine = s.Engine(settings: new BackupEngineOptions { Logger = refusals });
        RepairResult repaired = await engine.RepairAsync(EngineScratch.Name, cancellationToken: s.CancellationToken).ConfigureAwait(false);
        EngineScratch.Require(refusals.First is null, refusals.First ?? "");
        s.Expect(repaired.IsWhole, "a chain that is whole again", repaired.Backups.FirstOrDefault(static backup => backup.Obstacle is not null)?.Obstacle ?? "nothing");
        await s.ExpectRestoresAsync(state, what: "the repaired backup").ConfigureAwait(false);
        VerifyResult verified = await s.Engine().VerifyAsync(EngineScratch.Name, new VerifyOptions { All = true, Depth = VerifyDepth.Content }, cancellationToken: s.CancellationToken).ConfigureAwait(false);
        s.Expect(verified.IsSound, "content that is what the repaired manifests say", verified.Defects.Count > 0 ? verified.Defects[0].Reason : "defects");

        await s.ChangeAsync(resource, 2).ConfigureAwait(false);
        string next = await s.DescribeAsync(resource).ConfigureAwait(false);
        BackupResult increment = await s.BackupAsync(resource).ConfigureAwait(false);
        s.Expect(increment.Backup.Level == 2, "a backup that builds on the repaired one", increment.NewChainReason ?? $"level {increment.Backup.Level}");
        await s.ExpectRestoresAsync(next, what: "the backup after the repair").ConfigureAwait(false);
    }

    /// <summary>Hears why an engine does not rebuild a manifest, which it need not be able to.</summary>
    private sealed class Refusals : ILogger
    {
        internal string? First { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            First ??= (exception as BackupUnsupportedException)?.Message;
    }
}
