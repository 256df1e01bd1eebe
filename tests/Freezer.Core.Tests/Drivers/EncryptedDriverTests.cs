using System.Text;
using Freezer.Drivers;
using Freezer.Tests.Support;

namespace Freezer.Tests.Drivers;

/// <summary>Volumes in an encrypted repository, record by record.</summary>
public sealed class EncryptedDriverTests : IDisposable
{
    private readonly EncryptedRepository _repository = EncryptedRepository.CreateAsync().GetAwaiter().GetResult();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Volumes_and_their_records_are_secret_and_come_back()
    {
        var bench = new DriverBench(_repository.Storage, keys: _repository.Keys);
        await bench.Driver.CheckForSetupErrorAsync();
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        BackupRecord increment = await bench.BackupAsync(DriverBench.Image(1), full);

        increment.ParentId.Should().Be(full.Id);
        (await bench.ListAsync()).Should().Equal(full, increment);
        (await bench.RestoreAsync(full)).Should().Equal(DriverBench.Image(0));
        (await bench.RestoreAsync(increment)).Should().Equal(DriverBench.Image(1));
        // Names in records, as they are and as a document escapes them, and a block of the volume.
        (await _repository.FindAsync(
            Encoding.UTF8.GetBytes(full.DisplayName!), "nightly"u8.ToArray(), Encoding.UTF8.GetBytes(full.DisplayDescription!), "rbd diff"u8.ToArray(), "frzblock"u8.ToArray(), DriverBench.Image(0)[..64]))
            .Should().BeEmpty();

        IReadOnlyDictionary<string, string> exported = await bench.Driver.ExportRecordAsync(increment);
        (await bench.Driver.ImportRecordAsync(exported)).Should().Be(increment);
        await bench.Driver.DeleteBackupAsync(increment);
        await bench.Driver.DeleteBackupAsync(full);
        (await _repository.Storage.KeysAsync("data")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_key_that_is_missing_or_is_another_repositorys_is_an_error_of_the_setup()
    {
        using EncryptedRepository other = await EncryptedRepository.CreateAsync();
        foreach (DriverBench bench in (DriverBench[])[new(_repository.Storage), new(_repository.Storage, keys: other.Keys)])
        {
            await FluentActions.Awaiting(() => bench.Driver.CheckForSetupErrorAsync()).Should().ThrowAsync<BackupKeyException>();
        }

        (await _repository.Storage.KeysAsync("probe")).Should().BeEmpty();
    }

    [Fact]
    public async Task Without_the_key_nothing_is_backed_up_and_nothing_is_restored()
    {
        BackupRecord full = await new DriverBench(_repository.Storage, keys: _repository.Keys).BackupAsync(DriverBench.Image(0));
        var keyless = new DriverBench(_repository.Storage);

        await FluentActions.Awaiting(() => keyless.BackupAsync(DriverBench.Image(1))).Should().ThrowAsync<BackupKeyException>();
        await FluentActions.Awaiting(() => keyless.RestoreAsync(full)).Should().ThrowAsync<BackupException>().WithMessage("*encrypted*");
        (await keyless.ListAsync()).Should().ContainSingle(static record => record.Status == BackupStatus.Error && record.FailReason!.Contains("no key was given"));
    }
}
