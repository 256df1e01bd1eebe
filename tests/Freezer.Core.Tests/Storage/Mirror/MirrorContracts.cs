using Freezer.Storage;

namespace Freezer.Tests.Storage.Mirror;

public sealed class MirrorOfTwoContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(
        new MirrorStorage([new("one", new MemoryStorage()), new("two", new MemoryStorage())]));
}

public sealed class MirrorWithAQuorumContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(
        new MirrorStorage([new("one", new MemoryStorage()), new("two", new MemoryStorage()), new("three", new MemoryStorage())], new MirrorOptions { Quorum = 2 }));
}

/// <summary>A mirror that one of three storages is out of.</summary>
public sealed class DegradedMirrorContract : StorageContractTests
{
    protected override async Task<IStorage> CreateAsync()
    {
        var gone = new MemoryStorage();
        await gone.DisposeAsync();
        return new MirrorStorage([new("one", gone), new("two", new MemoryStorage()), new("three", new MemoryStorage())], new MirrorOptions { Quorum = 2 });
    }
}
