using Freezer.Storage;

namespace Freezer.Tests.Storage.Layers;

public sealed class RetryContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult(new MemoryStorage().WithRetry());
}

public sealed class LimitContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult(new MemoryStorage().WithLimit(4));
}

public sealed class BandwidthContract : StorageContractTests
{
    private static readonly BandwidthOptions _fast = new() { WrittenPerSecond = 4L << 30, ReadPerSecond = 4L << 30 };

    protected override Task<IStorage> CreateAsync() => Task.FromResult(new MemoryStorage().WithBandwidthLimit(_fast));
}

public sealed class TimeoutContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult(new MemoryStorage().WithTimeout(TimeSpan.FromMinutes(5)));
}

public sealed class AllLayersContract : StorageContractTests
{
    private static readonly BandwidthOptions _fast = new() { WrittenPerSecond = 4L << 30, ReadPerSecond = 4L << 30 };

    protected override Task<IStorage> CreateAsync() =>
        Task.FromResult(new MemoryStorage().WithTimeout(TimeSpan.FromMinutes(5)).WithBandwidthLimit(_fast).WithLimit(4).WithRetry());
}
