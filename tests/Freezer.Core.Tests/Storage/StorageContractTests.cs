using Freezer.Storage;
using Freezer.Testing;

namespace Freezer.Tests.Storage;

/// <summary>What <see cref="IStorage"/> promises, for the storages of the library.</summary>
public sealed class MemoryStorageContract
{
    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(static _ => Task.FromResult<IStorage>(new MemoryStorage()));
}

public sealed class FileStorageContract : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    public void Dispose()
    {
        string[] temporaries = _scratch.Temporaries();
        _scratch.Dispose();
        temporaries.Should().BeEmpty("no call leaves an unfinished file behind, whatever its outcome");
    }

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(_ => Task.FromResult<IStorage>(new FileStorage(_scratch["root/of storage"])));
}

public sealed class DelegatingStorageContract
{
    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(static _ => Task.FromResult<IStorage>(new Layer(new MemoryStorage())));

    private sealed class Layer(IStorage inner) : DelegatingStorage(inner);
}
