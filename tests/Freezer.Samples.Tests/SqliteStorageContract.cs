using CustomStorage;
using Freezer.Storage;
using Freezer.Testing;

namespace Freezer.Samples.Tests;

#region Test of the storage
public sealed class SqliteStorageContract : IDisposable
{
    // Many chunks of the storage, and quick.
    private static readonly CheckOptions _options = new() { LargeObject = 4 << 20 };

    private readonly string _folder = Directory.CreateTempSubdirectory("freezer-sample-").FullName;

    public static TheoryData<StorageCheck> Checks => new(StorageContract.Checks);

    [Theory, MemberData(nameof(Checks))]
    public Task Holds(StorageCheck check) =>
        check.RunAsync(_ => Task.FromResult<IStorage>(new SqliteStorage(Path.Combine(_folder, "objects.db"))), _options);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
#endregion
