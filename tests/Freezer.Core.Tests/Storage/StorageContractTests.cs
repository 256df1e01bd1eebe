using Freezer.Storage;
using Freezer.Testing;

namespace Freezer.Tests.Storage;

/// <summary>What <see cref="IStorage"/> promises, for the storages of the library.</summary>
public sealed class MemoryStorageContract
{
    // Neither has parts or blocks for a larger object to show.
    private static readonly CheckOptions _small = new() { LargeObject = 2 << 20 };

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(static _ => Task.FromResult<IStorage>(new MemoryStorage()), _small);
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

public sealed class DelegatingStorageContract
{
    // Neither has parts or blocks for a larger object to show.
    private static readonly CheckOptions _small = new() { LargeObject = 2 << 20 };

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) => check.RunAsync(static _ => Task.FromResult<IStorage>(new Layer(new MemoryStorage())), _small);

    private sealed class Layer(IStorage inner) : DelegatingStorage(inner);
}
