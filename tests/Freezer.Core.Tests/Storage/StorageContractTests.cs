using Freezer.Storage;

namespace Freezer.Tests.Storage;

/// <summary>What <see cref="IStorage"/> promises, checked for one storage. The parts stand in files of their own.</summary>
public abstract partial class StorageContractTests : IAsyncLifetime
{
    protected IStorage Storage { get; private set; } = null!;

    public async Task InitializeAsync() => Storage = await CreateAsync();

    public virtual async Task DisposeAsync() => await Storage.DisposeAsync();

    protected abstract Task<IStorage> CreateAsync();

    private static async Task<StorageException> FailsAsync(Func<Task> call, StorageErrorKind kind)
    {
        StorageException failure = (await call.Should().ThrowAsync<StorageException>()).Which;
        failure.Kind.Should().Be(kind);
        return failure;
    }
}
