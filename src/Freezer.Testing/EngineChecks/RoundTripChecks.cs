using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.EngineChecks;

internal static class RoundTripChecks
{
    internal static IEnumerable<EngineCheck> All =>
    [
        new("A full backup restores", Rules.RoundTrip, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            BackupResult result = await s.BackupAsync(resource).ConfigureAwait(false);
            s.Expect(result.Backup.Level == 0, "the first backup to have level 0", $"level {result.Backup.Level}");
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
        }),
        new("A large resource restores", Rules.RoundTrip, static s => RoundTripAsync(s, length: s.Options.LargeObject)),
        new("A resource of one byte restores", Rules.RoundTrip, static s => RoundTripAsync(s, length: 1)),
        new("An empty resource restores", Rules.RoundTrip, static async s =>
        {
            EngineScratch.Require(s.Subject.Traits.TakesEmptyResources, "TakesEmptyResources is false");
            await RoundTripAsync(s, length: 0).ConfigureAwait(false);
        }),
        .. new[] { Compression.None, Compression.Gzip, Compression.Zstd, Compression.Bzip2, Compression.Xz }.Select(static compression =>
            new EngineCheck($"A backup that is compressed with {compression.Codec} restores", Rules.RoundTrip, async s =>
            {
                try
                {
                    await RoundTripAsync(s, new BackupOptions { Compression = compression }).ConfigureAwait(false);
                }
                catch (CompressionUnavailableException missing)
                {
                    EngineScratch.Require(false, missing.Message);
                }
            })),
        new("A backup in the smallest frames restores", Rules.RoundTrip, static s => RoundTripAsync(s, new BackupOptions { FrameSize = 64 << 10, Compression = Compression.Gzip })),
        new("A backup through a queue of one byte restores", Rules.Backpressure, static s =>
            RoundTripAsync(s, new BackupOptions { QueueSize = 1, FrameSize = 64 << 10, Compression = Compression.None }, new RestoreOptions { QueueSize = 1 })),
        new("A backup on one core restores", Rules.RoundTrip, static s => RoundTripAsync(s, settings: new BackupEngineOptions { Parallelism = 1 })),
        new("A storage that takes and gives crumbs changes nothing", Rules.Backpressure, static s => RoundTripAsync(s, storage: new CrumblingStorage(s.Storage))),
        new("A backup restores twice", Rules.RoundTrip, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            await s.ExpectRestoresAsync(state).ConfigureAwait(false);
            await s.ExpectRestoresAsync(state, what: "the resource, restored once more,").ConfigureAwait(false);
        }),
        new("A backup only reads its resource", Rules.Untouched, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            s.ExpectSame(await s.DescribeAsync(resource).ConfigureAwait(false), state, "the resource, which was only backed up,");
            await s.BackupAsync(resource).ConfigureAwait(false);
            s.ExpectSame(await s.DescribeAsync(resource).ConfigureAwait(false), state, "the resource, which was only backed up,");
        }),
        new("What is restored can be backed up", Rules.RoundTrip, static async s =>
        {
            string resource = await s.ResourceAsync().ConfigureAwait(false);
            string state = await s.DescribeAsync(resource).ConfigureAwait(false);
            await s.BackupAsync(resource).ConfigureAwait(false);
            string copy = s.Subject.NameDestination();
            await s.RestoreAsync(copy).ConfigureAwait(false);
            await s.BackupAsync(copy, name: "copy").ConfigureAwait(false);
            await s.ExpectRestoresAsync(state, name: "copy").ConfigureAwait(false);
        }),
        new("Two resources of one engine do not mix", Rules.Stateless, static async s =>
        {
            BackupEngine engine = s.Engine();
            string first = await s.ResourceAsync().ConfigureAwait(false);
            string second = await s.ResourceAsync().ConfigureAwait(false);
            await s.ChangeAsync(second, 1).ConfigureAwait(false);
            string firstState = await s.DescribeAsync(first).ConfigureAwait(false);
            string secondState = await s.DescribeAsync(second).ConfigureAwait(false);
            await s.BackupAsync(first, name: "first", engine: engine).ConfigureAwait(false);
            await s.BackupAsync(second, name: "second", engine: engine).ConfigureAwait(false);
            await s.ExpectRestoresAsync(firstState, name: "first", engine: engine).ConfigureAwait(false);
            await s.ExpectRestoresAsync(secondState, name: "second", engine: engine).ConfigureAwait(false);
        }),
    ];

    private static async Task RoundTripAsync(
        EngineScratch s, BackupOptions? how = null, RestoreOptions? back = null, int length = EngineScratch.ContentLength, BackupEngineOptions? settings = null, IStorage? storage = null)
    {
        string resource = await s.ResourceAsync(length).ConfigureAwait(false);
        string state = await s.DescribeAsync(resource).ConfigureAwait(false);
        BackupEngine engine = s.Engine(storage, settings);
        await s.BackupAsync(resource, how, engine: engine).ConfigureAwait(false);
        await s.ExpectRestoresAsync(state, back, engine: engine).ConfigureAwait(false);
        await s.ChangeAsync(resource, 1).ConfigureAwait(false);
        state = await s.DescribeAsync(resource).ConfigureAwait(false);
        await s.BackupAsync(resource, how, engine: engine).ConfigureAwait(false);
        await s.ExpectRestoresAsync(state, back, engine: engine, what: "the changed resource").ConfigureAwait(false);
    }

    /// <summary>Takes what it is given in pieces of odd lengths, and gives no more memory than it is asked for.</summary>
    private sealed class CrumblingStorage(IStorage inner) : DelegatingStorage(inner)
    {
        public override Task<StorageEntry> WriteAsync(StorageKey key, PipeReader content, WriteOptions options, CancellationToken cancellationToken = default) =>
            Inner.WriteAsync(key, new HostilePipeReader(content) { MostBytes = 997, HasEmptyReads = true }, options, cancellationToken);

        public override async Task<StorageEntry> ReadAsync(StorageKey key, PipeWriter destination, ReadOptions options, CancellationToken cancellationToken = default)
        {
            using var content = new MemoryStream();
            StorageEntry entry = await Inner.ReadAsync(key, content, options, cancellationToken).ConfigureAwait(false);
            byte[] bytes = content.ToArray();
            FlushResult flushed = default;
            for (int offset = 0; offset < bytes.Length && !flushed.IsCompleted; offset += 997)
            {
                flushed = await destination.WriteAsync(bytes.AsMemory(offset, Math.Min(997, bytes.Length - offset)), cancellationToken).ConfigureAwait(false);
            }

            return entry;
        }
    }
}
