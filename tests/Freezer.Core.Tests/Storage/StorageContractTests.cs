using Freezer.Storage;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Storage;

/// <summary>What <see cref="IStorage"/> promises, for the storages of the library.</summary>
public abstract class StorageContractTests
{
    // In memory there are no parts or blocks for a larger object to show.
    private static readonly CheckOptions _small = new() { LargeObject = 2 << 20 };

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    protected abstract Task<IStorage> CreateAsync();

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(_ => CreateAsync(), _small);
}

public sealed class MemoryStorageContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(new MemoryStorage());
}

public sealed class FileStorageContract : IDisposable
{
    // Several of the pieces that it reads and writes at once.
    private static readonly CheckOptions _options = new() { LargeObject = 4 << 20 };

    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    public void Dispose()
    {
        string[] temporaries = _scratch.Temporaries();
        _scratch.Dispose();
        temporaries.Should().BeEmpty("no call leaves an unfinished file behind, whatever its outcome");
    }

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(_ => Task.FromResult<IStorage>(new FileStorage(_scratch["root/of storage"])), _options);
}

public sealed class DelegatingStorageContract : StorageContractTests
{
    protected override Task<IStorage> CreateAsync() => Task.FromResult<IStorage>(new Layer(new MemoryStorage()));

    private sealed class Layer(IStorage inner) : DelegatingStorage(inner);
}
