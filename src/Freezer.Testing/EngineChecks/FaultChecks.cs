namespace Freezer.Testing.EngineChecks;

internal static class FaultChecks
{
    private static readonly long[] _places = [0, 1, 1_000, 100_000];

    internal static IEnumerable<EngineCheck> All =>
    [
        new("A storage that fails at any call of a backup is the failure that surfaces", Rules.Fault, static s => AtEveryCallAsync(s, afterDoing: false)),
        new("A storage whose answer is lost at any call of a backup loses nothing", Rules.Fault, static s => AtEveryCallAsync(s, afterDoing: true)),
        .. _places.Select(static place => new EngineCheck($"An archive that cannot be stored after {place} bytes fails the backup", Rules.Fault, s =>
            FailsAsync(s, new FaultPlan().FailAfterBytes(FaultCall.Write("/data"), place)))),
        new("A manifest that cannot be stored fails the backup", Rules.Fault, static s => FailsAsync(s, new FaultPlan().FailCall(FaultCall.Write("/engine_metadata")))),
        new("A manifest that cannot be stored to its end fails the backup", Rules.Fault, static s => FailsAsync(s, new FaultPlan().FailAfterBytes(FaultCall.Write("/engine_metadata"), 10))),
        new("An archive that the storage cuts fails the backup", Rules.Fault, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            var faulty = new FaultyStorage(s.Storage, new FaultPlan().Truncate(FaultCall.Write("/data"), 10));
            await s.ThrowsAsync<Exception>(() => s.BackupAsync(resource, engine: s.Engine(faulty)), "a backup whose archive was cut to fail").ConfigureAwait(false);
            faulty.VerifyAllFired();
            s.Expect((await s.ListAsync().ConfigureAwait(false)).Count == 0, "nothing to be listed", "a backup");
        }),
        new("A resource that is not there fails the backup", Rules.Missing, static async s =>
        {
            string nothing = s.Subject.NameDestination();
            Exception failure = await s.ThrowsAsync<Exception>(() => s.BackupAsync(nothing), "a backup of a resource that is not there to fail").ConfigureAwait(false);
            s.Expect(failure is not OperationCanceledException, "an error that tells what is missing", CheckRun.Describe(failure));
            s.Expect((await s.ListAsync().ConfigureAwait(false)).Count == 0, "nothing to be listed", "a backup");
        }),
        new("A backup that failed leaves no objects behind", Rules.Fault, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            var plan = new FaultPlan().FailAfterBytes(FaultCall.Write("/data"), 1_000);
            await s.ThrowsAsync<Exception>(() => s.BackupAsync(resource, engine: s.Engine(new FaultyStorage(s.Storage, plan))), "the backup to fail").ConfigureAwait(false);
            s.Expect((await s.KeysAsync().ConfigureAwait(false)).Count == 0, "an empty storage", string.Join(", ", await s.KeysAsync().ConfigureAwait(false)));
        }),
        new("A storage that fails at any call of a restore is the failure that surfaces", Rules.RestoreFault, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            for (int call = 1; ; call++)
            {
                var plan = new FaultPlan().FailCall(call);
                var faulty = new FaultyStorage(s.Storage, plan);
                string destination = s.Subject.NameDestination();
                try
                {
                    await s.RestoreAsync(destination, engine: s.Engine(faulty)).ConfigureAwait(false);
                }
                catch (Exception failure) when (faulty.AllFired)
                {
                    s.Expect(EngineScratch.IsCausedBy(failure, plan.Error), $"the failure of call {call}, or one with it inside", CheckRun.Describe(failure));
                    continue;
                }

                s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, $"the resource, which was reported as restored although call {call} failed,");
                if (!faulty.AllFired)
                {
                    return;
                }
            }
        }),
        new("A restore that failed half-way can be repeated", Rules.RestoreFault, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.RestoresOverStates, "RestoresOverStates is false");
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource, new BackupOptions { Compression = Compression.None, FrameSize = 64 << 10 }).ConfigureAwait(false);
            string destination = s.Subject.NameDestination();
            var faulty = new FaultyStorage(s.Storage, new FaultPlan().FailAfterBytes(FaultCall.Read("/data"), 100_000));
            await s.ThrowsAsync<Exception>(() => s.RestoreAsync(destination, engine: s.Engine(faulty)), "a restore whose archive breaks off to fail").ConfigureAwait(false);
            await s.RestoreAsync(destination, new RestoreOptions { Overwrite = true }).ConfigureAwait(false);
            s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, "the resource");
        }),
    ];

    private static async Task AtEveryCallAsync(EngineScratch s, bool afterDoing)
    {
        string resource = await s.ResourceAsync(20_000).ConfigureAwait(false);
        await s.BackupAsync(resource, EngineScratch.ShortChains).ConfigureAwait(false);
        int step = 1;
        for (int call = 1; ; call++)
        {
            await s.ChangeAsync(resource, step++).ConfigureAwait(false);
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call);
            var faulty = new FaultyStorage(s.Storage, plan);
            int before = (await s.ListAsync().ConfigureAwait(false)).Count;
            bool failed = false;
            try
            {
                await s.BackupAsync(resource, EngineScratch.ShortChains, engine: s.Engine(faulty)).ConfigureAwait(false);
            }
            catch (Exception failure) when (faulty.AllFired && failure is not ContractViolationException)
            {
                s.Expect(EngineScratch.IsCausedBy(failure, plan.Error), $"the failure of call {call}, or one with it inside", CheckRun.Describe(failure));
                failed = true;
            }

            int after = (await s.ListAsync().ConfigureAwait(false)).Count;
            s.Expect(after == before + (failed ? 0 : 1), failed ? "nothing more to be listed" : "the backup to be listed", $"{after - before} more, after call {call} failed");
            if (failed)
            {
                await s.BackupAsync(resource, EngineScratch.ShortChains).ConfigureAwait(false);
            }

            await s.ExpectRestoresAsync(await s.DescribeAsync(resource).ConfigureAwait(false), what: $"the resource, after call {call} had failed,").ConfigureAwait(false);
            if (!faulty.AllFired)
            {
                return;
            }
        }
    }

    private static async Task FailsAsync(EngineScratch s, FaultPlan plan)
    {
        string resource = await s.ResourceAsync().ConfigureAwait(false);
        string state = await s.DescribeAsync(resource).ConfigureAwait(false);
        var faulty = new FaultyStorage(s.Storage, plan);
        Exception failure = await s.ThrowsAsync<Exception>(() => s.BackupAsync(resource, engine: s.Engine(faulty)), "the backup to fail").ConfigureAwait(false);
        s.Expect(EngineScratch.IsCausedBy(failure, plan.Error), "the storage's failure, or one with it inside", CheckRun.Describe(failure));
        s.Expect((await s.ListAsync().ConfigureAwait(false)).Count == 0, "nothing to be listed", "a backup");
        await s.BackupAsync(resource).ConfigureAwait(false);
        await s.ExpectRestoresAsync(state).ConfigureAwait(false);
    }
}
