using CustomEngine;
using Freezer.Catalog;
using Freezer.Storage;
using Freezer.Testing;

namespace Freezer.Samples.Tests;

public sealed class FaultExamples
{
    #region A planned fault
    [Fact]
    public async Task A_disk_that_fills_up_fails_the_backup_and_the_next_one_is_fine()
    {
        await using var databases = new Databases();
        string database = await databases.CreateResourceAsync(100_000);
        var full = new StorageException(StorageErrorKind.NoSpace, null, "the disk is full");
        var disk = new MemoryStorage();
        await using var storage = new FaultyStorage(disk, new FaultPlan().FailCall(FaultCall.Write("/data"), full));

        Func<Task> backup = () => new SqliteEngine(storage).BackupAsync(database, "sample");

        (await backup.Should().ThrowAsync<StorageException>()).Which.Should().BeSameAs(full);
        storage.VerifyAllFired();
        await backup();
        (await new BackupCatalog(disk).ListAsync().CountAsync()).Should().Be(1);
    }
    #endregion
}
