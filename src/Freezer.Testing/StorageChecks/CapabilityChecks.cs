using System.IO.Pipelines;
using Freezer.Storage;

namespace Freezer.Testing.StorageChecks;

internal static class CapabilityChecks
{
    /// <summary>An object larger than the storage takes is written only where that does not take all day.</summary>
    private const long LongestTry = 256 << 20;

    internal static IEnumerable<StorageCheck> All =>
    [
        new("Capabilities make sense", Rules.Capabilities, static s =>
        {
            StorageCapabilities capabilities = s.Storage.Capabilities;
            s.Expect(capabilities is not null, "capabilities", "null");
            s.Expect(capabilities!.LeastConcurrency >= 1, "LeastConcurrency of 1 or more", $"{capabilities.LeastConcurrency}");
            s.Expect(capabilities.AtomicCreateLimit >= 0, "AtomicCreateLimit of 0 or more", $"{capabilities.AtomicCreateLimit}");
            s.Expect(capabilities.LargestObject is null or > 0, "LargestObject of 1 or more, or null", $"{capabilities.LargestObject}");
            return Task.CompletedTask;
        }),
        new("Capabilities stay as they are", Rules.Capabilities, static async s =>
        {
            StorageCapabilities before = s.Storage.Capabilities;
            await s.PutAsync("a", "content").ConfigureAwait(false);
            s.Expect(s.Storage.Capabilities == before, $"{before}", $"{s.Storage.Capabilities}");
        }),
        new("A backup finds enough concurrency", Rules.Capabilities, static s =>
        {
            int least = s.Storage.Capabilities.LeastConcurrency;
            s.Expect(least >= StorageCapabilities.OperationsOfABackup, $"LeastConcurrency of {StorageCapabilities.OperationsOfABackup} or more", $"{least}");
            return Task.CompletedTask;
        }),
        new("An object that is too large is refused and not cut", "An object longer than LargestObject fails with TooLarge, and nothing is published.", static async s =>
        {
            long? largest = s.Storage.Capabilities.LargestObject;
            StorageScratch.Require(largest is <= LongestTry, $"LargestObject is {(largest is null ? "not limited" : "too large to try")}");
            await s.FailsAsync(() => s.PutAsync("a", StorageScratch.Bytes((int)largest.GetValueOrDefault() + 1)), StorageErrorKind.TooLarge, "writing one byte more than LargestObject").ConfigureAwait(false);
            await s.ExpectMissingAsync("a").ConfigureAwait(false);
        }),
        new("The storage is a feature of its own", Rules.Features, static s =>
        {
            s.Expect(ReferenceEquals(s.Storage.GetFeature<IStorage>(), s.Storage), "GetFeature<IStorage>() to be the storage itself", "something else");
            return Task.CompletedTask;
        }),
        new("A feature that nobody has is null", Rules.Features, static s =>
        {
            s.Expect(s.Storage.GetFeature<PipeScheduler>() is null, "GetFeature<PipeScheduler>() to be null", "an object");
            return Task.CompletedTask;
        }),
    ];
}
