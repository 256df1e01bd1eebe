using Freezer.Storage;

namespace Freezer.Testing.EngineChecks;

internal static class DamageChecks
{
    private static readonly string[] _objects = ["/data", "/engine_metadata", "/index"];

    private static readonly string[] _troubles = ["damaged", "empty", "missing"];

    internal static IEnumerable<EngineCheck> All =>
    [
        .. _objects.Select(static name => new EngineCheck($"A bit that flipped in {name[1..]} never restores something else", Rules.Damage, async s =>
        {
            (string resource, string state) = await ChainAsync(s).ConfigureAwait(false);
            StorageEntry entry = (await s.Storage.FindAsync((await s.KeysAsync(name).ConfigureAwait(false))[0], s.CancellationToken).ConfigureAwait(false))!;
            for (int place = 0; place < 8; place++)
            {
                long bit = entry.Length * place;
                await RestoresOrFailsAsync(s, new FaultPlan().FlipBit(FaultCall.Read(name), Math.Min(bit, (entry.Length * 8) - 1)), state, $"{resource}, bit {bit} of {name}").ConfigureAwait(false);
            }
        })),
        .. _objects.Select(static name => new EngineCheck($"A read of {name[1..]} that is short never restores something else", Rules.Damage, async s =>
        {
            (string resource, string state) = await ChainAsync(s).ConfigureAwait(false);
            foreach (long bytes in (long[])[0, 1, 100, 10_000])
            {
                await RestoresOrFailsAsync(s, new FaultPlan().ShortRead(FaultCall.Read(name), bytes), state, $"{resource}, {name} cut to {bytes} bytes").ConfigureAwait(false);
            }
        })),
        .. _objects.Select(static name => new EngineCheck($"A {name[1..]} that is missing leaves the destination alone", Rules.Before, async s =>
        {
            (_, string state) = await ChainAsync(s).ConfigureAwait(false);
            await s.Storage.DeleteAsync((await s.KeysAsync(name).ConfigureAwait(false))[0], s.CancellationToken).ConfigureAwait(false);
            string destination = s.Subject.NameDestination();
            try
            {
                await s.RestoreAsync(destination).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not ContractViolationException)
            {
                s.Expect(failure is BackupException, "a BackupException that names what is missing", CheckRun.Describe(failure));
                s.Expect(await s.Subject.DescribeAsync(destination, s.CancellationToken).ConfigureAwait(false) is null, "nothing at the destination", "something");
                return;
            }

            s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, "the resource, restored without it,");
        })),
        new("A level that is missing leaves the destination alone", Rules.Before, static async s =>
        {
            (string resource, _) = await ChainAsync(s).ConfigureAwait(false);
            await s.ChangeAsync(resource, 2).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            StorageKey middle = (await s.KeysAsync("/metadata").ConfigureAwait(false)).Single(static key => key.Value.Contains("/1_", StringComparison.Ordinal));
            await s.Storage.DeleteAsync(middle, s.CancellationToken).ConfigureAwait(false);
            string destination = s.Subject.NameDestination();
            await s.ThrowsAsync<BackupDamagedException>(() => s.RestoreAsync(destination), "a chain with a gap to fail with a BackupDamagedException").ConfigureAwait(false);
            s.Expect(await s.Subject.DescribeAsync(destination, s.CancellationToken).ConfigureAwait(false) is null, "nothing at the destination", "something");
        }),
        .. _troubles.Select(static how => new EngineCheck($"A parent's manifest that is {how} makes a new chain", Rules.NewChain, async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            StorageKey manifest = (await s.KeysAsync("/engine_metadata").ConfigureAwait(false))[0];
            using var content = new MemoryStream();
            await s.Storage.ReadAsync(manifest, content, ReadOptions.Whole, s.CancellationToken).ConfigureAwait(false);
            byte[] bytes = content.ToArray();
            EngineScratch.Require(bytes.Length > 0, "the engine writes no manifest");
            if (how == "missing")
            {
                await s.Storage.DeleteAsync(manifest, s.CancellationToken).ConfigureAwait(false);
            }
            else
            {
                bytes[bytes.Length / 2] ^= 0x10;
                using var changed = new MemoryStream(how == "empty" ? [] : bytes);
                await s.Storage.WriteAsync(manifest, changed, WriteOptions.Replace, s.CancellationToken).ConfigureAwait(false);
            }

            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult result = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(result.Backup.Level == 0 && result.NewChainReason is not null, "level 0, and why", $"level {result.Backup.Level}; {result.NewChainReason ?? "no reason"}");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        })),
    ];

    private static async Task<(string Resource, string State)> ChainAsync(EngineScratch s)
    {
        string resource = await s.ResourceAsync().ConfigureAwait(false);
        await s.BackupAsync(resource).ConfigureAwait(false);
        await s.ChangeAsync(resource, 1).ConfigureAwait(false);
        string state = await s.DescribeAsync(resource).ConfigureAwait(false);
        await s.BackupAsync(resource).ConfigureAwait(false);
        return (resource, state);
    }

    private static async Task RestoresOrFailsAsync(EngineScratch s, FaultPlan plan, string state, string what)
    {
        string destination = s.Subject.NameDestination();
        try
        {
            await s.RestoreAsync(destination, engine: s.Engine(new FaultyStorage(s.Storage, plan))).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not ContractViolationException)
        {
            s.Expect(failure is not OperationCanceledException, "an error that names the damage", CheckRun.Describe(failure));
            return;
        }

        // What an engine does not need for this restore may be damaged: what it restored must be right all the same.
        s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, what);
    }
}
