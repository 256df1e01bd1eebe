using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.EngineChecks;

internal static class StopChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("A backup that was cancelled before it began does nothing", Rules.Cancellation, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            await CancelsAsync(s, () => s.BackupAsync(resource, token: new CancellationToken(canceled: true))).ConfigureAwait(false);
            s.Expect((await s.KeysAsync().ConfigureAwait(false)).Count == 0, "an empty storage", string.Join(", ", await s.KeysAsync().ConfigureAwait(false)));
        }),
        new("A restore that was cancelled before it began does nothing", Rules.Cancellation, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            string destination = s.Subject.NameDestination();
            await CancelsAsync(s, () => s.RestoreAsync(destination, token: new CancellationToken(canceled: true))).ConfigureAwait(false);
            s.Expect(await s.Subject.DescribeAsync(destination, s.CancellationToken).ConfigureAwait(false) is null, "nothing at the destination", "something");
        }),
        new("A backup whose storage hangs can be cancelled", Rules.Cancellation, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            using var cancellation = new CancellationTokenSource();
            var storage = new CancellingStorage(new FaultyStorage(s.Storage, new FaultPlan().Hang(FaultCall.Write("/data"))), cancellation, static (verb, key) => verb == StorageVerb.Write && key.EndsWith("/data", StringComparison.Ordinal));
            await CancelsAsync(s, () => s.BackupAsync(resource, engine: s.Engine(storage), token: cancellation.Token)).ConfigureAwait(false);
            s.Expect((await s.ListAsync().ConfigureAwait(false)).Count == 0, "nothing to be listed", "a backup");
        }),
        new("A restore whose storage hangs can be cancelled", Rules.Cancellation, static async s =>
        {
            await s.BackupAsync(await s.ResourceAsync().ConfigureAwait(false)).ConfigureAwait(false);
            using var cancellation = new CancellationTokenSource();
            var storage = new CancellingStorage(new FaultyStorage(s.Storage, new FaultPlan().Hang(FaultCall.Read("/data"))), cancellation, static (verb, key) => verb == StorageVerb.Read && key.EndsWith("/data", StringComparison.Ordinal));
            await CancelsAsync(s, () => s.RestoreAsync(s.Subject.NameDestination(), engine: s.Engine(storage), token: cancellation.Token)).ConfigureAwait(false);
        }),
        new("A backup that is cancelled at any call is listed or it is not", Rules.Cancellation, static async s =>
        {
            string resource = await s.ResourceAsync(20_000).ConfigureAwait(false);
            await s.BackupAsync(resource, EngineScratch.ShortChains).ConfigureAwait(false);
            for (int call = 1; ; call++)
            {
                await s.ChangeAsync(resource, call).ConfigureAwait(false);
                using var cancellation = new CancellationTokenSource();
                int number = 0;
                int wanted = call;
                var storage = new CancellingStorage(s.Storage, cancellation, (_, _) => Interlocked.Increment(ref number) == wanted);
                int before = (await s.ListAsync().ConfigureAwait(false)).Count;
                try
                {
                    await s.BackupAsync(resource, EngineScratch.ShortChains, engine: s.Engine(storage), token: cancellation.Token).ConfigureAwait(false);
                    int after = (await s.ListAsync().ConfigureAwait(false)).Count;
                    s.Expect(after == before + 1, "a backup that was acknowledged to be listed", $"{after - before} more");
                }
                catch (OperationCanceledException)
                {
                    await s.BackupAsync(resource, EngineScratch.ShortChains).ConfigureAwait(false);
                }

                await s.ExpectRestoresAsync(await s.DescribeAsync(resource).ConfigureAwait(false), what: $"the resource, after a backup was cancelled at call {call},").ConfigureAwait(false);
                if (number < call)
                {
                    return;
                }
            }
        }),
        new("A restore that is cancelled at any call ends so or is whole", Rules.Cancellation, static async s =>
        {
            string resource = await s.ResourceAsync(20_000).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ChangeAsync(resource, 1).ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            for (int call = 1; ; call++)
            {
                using var cancellation = new CancellationTokenSource();
                int number = 0;
                int wanted = call;
                var storage = new CancellingStorage(s.Storage, cancellation, (_, _) => Interlocked.Increment(ref number) == wanted);
                string destination = s.Subject.NameDestination();
                try
                {
                    await s.RestoreAsync(destination, engine: s.Engine(storage), token: cancellation.Token).ConfigureAwait(false);
                    s.ExpectSame(await s.DescribeAsync(destination).ConfigureAwait(false), state, $"the resource, whose restore was cancelled at call {call} and reported success,");
                }
                catch (OperationCanceledException) when (number >= call)
                {
                    continue;
                }

                if (number < call)
                {
                    return;
                }
            }
        }),
    ];

    private static Task<OperationCanceledException> CancelsAsync(EngineScratch s, Func<Task> call) =>
        s.ThrowsAsync<OperationCanceledException>(call, "an OperationCanceledException, as it is and not inside another exception");

    /// <summary>Cancels as a call with a certain key or prefix begins.</summary>
    private sealed class CancellingStorage(IStorage inner, CancellationTokenSource cancellation, Func<StorageVerb, string, bool> when) : DelegatingStorage(inner)
    {
        public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
            Begin(StorageVerb.Write, key.Value, Inner.WriteAsync(key, content, options, cancellationToken));

        public override Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default) =>
            Begin(StorageVerb.Read, key.Value, Inner.ReadAsync(key, destination, options, cancellationToken));

        public override Task<StorageEntry?> FindAsync(StorageKey key, CancellationToken cancellationToken = default) =>
            Begin(StorageVerb.Find, key.Value, Inner.FindAsync(key, cancellationToken));

        public override IAsyncEnumerable<StorageEntry> ListAsync(StoragePrefix prefix, CancellationToken cancellationToken = default) =>
            Begin(StorageVerb.List, prefix.Value, Inner.ListAsync(prefix, cancellationToken));

        public override Task DeleteAsync(StorageKey key, CancellationToken cancellationToken = default) =>
            Begin(StorageVerb.Delete, key.Value, Inner.DeleteAsync(key, cancellationToken));

        /// <summary>The call has begun already, so that it is cancelled amid what it does.</summary>
        private TCall Begin<TCall>(StorageVerb verb, string key, TCall call)
        {
            if (when(verb, key))
            {
                cancellation.Cancel();
            }

            return call;
        }
    }
}
