using Freezer.Catalog;
using Freezer.Drivers;
using Freezer.Engines.BlockDiff;
using Freezer.Storage;
using Freezer.Tests.Engines.BlockDiff;
using Freezer.Testing;
using Freezer.Tests.Support;

namespace Freezer.Tests.Drivers;

/// <summary>The life of a volume's backups, record by record.</summary>
public sealed class VolumeBackupDriverTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_volume_is_backed_up_restored_exported_imported_and_deleted(bool onFiles)
    {
        await using IStorage storage = onFiles ? new FileStorage(_scratch.Make("storage")) : new MemoryStorage();
        var bench = new DriverBench(storage);
        await bench.Driver.CheckForSetupErrorAsync();

        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        BackupRecord first = await bench.BackupAsync(DriverBench.Image(1), full);
        BackupRecord second = await bench.BackupAsync(DriverBench.Image(2), first);
        BackupRecord[] records = [full, first, second];
        records.Should().OnlyContain(static record => record.Status == BackupStatus.Available && record.Percent == 100 && record.Size == DriverBench.Image(0).Length);
        records.Select(static record => record.ParentId).Should().Equal(null, full.Id, first.Id);

        (await bench.ListAsync()).Should().Equal(records, "what was returned can be told from the storage alone");
        for (int i = 0; i < records.Length; i++)
        {
            (await bench.RestoreAsync(records[i])).Should().Equal(DriverBench.Image(i));
        }

        Func<Task> delete = () => bench.Driver.DeleteBackupAsync(full);
        await delete.Should().ThrowAsync<BackupException>().WithMessage($"*{full.Id}*{first.Id} ('nightly*");

        // An installation that knows nothing, on a copy of the objects.
        await using var elsewhere = new MemoryStorage();
        await storage.CopyToAsync(elsewhere);
        var fresh = new DriverBench(elsewhere);
        foreach (BackupRecord record in records)
        {
            IReadOnlyDictionary<string, string> info = await bench.Driver.ExportRecordAsync(record);
            BackupRecord imported = await fresh.Driver.ImportRecordAsync(info);
            imported.Should().Be(record);
            (await fresh.RestoreAsync(imported)).Should().Equal(DriverBench.Image(Array.IndexOf(records, record)));
        }

        foreach (BackupRecord record in records.Reverse())
        {
            (await bench.Driver.DeleteBackupAsync(record)).Status.Should().Be(BackupStatus.Deleted);
        }

        (await storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Increments_of_one_parent_stand_side_by_side()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        BackupRecord first = await bench.BackupAsync(DriverBench.Image(1), full);
        BackupRecord second = await bench.BackupAsync(DriverBench.Image(2), full);
        await bench.Driver.DeleteBackupAsync(first);
        (await bench.RestoreAsync(second)).Should().Equal(DriverBench.Image(2));
        (await bench.ListAsync()).Should().Equal(full, second);
    }

    [Fact]
    public async Task An_increment_stores_and_reads_what_has_changed()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        await bench.BackupAsync(DriverBench.Image(0), full);
        List<Backup> backups = [];
        await foreach (Backup backup in new BackupCatalog(storage).ListAsync("block", DriverBench.VolumeId))
        {
            backups.Add(backup);
        }

        backups.Select(static backup => backup.Level).Should().Equal(0, 1);
        backups[1].BytesStored.Should().BeLessThan(backups[0].BytesStored / 10);
    }

    [Fact]
    public async Task A_parent_of_another_size_leads_to_a_full_backup()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        byte[] grown = [.. DriverBench.Image(1), .. Images.Dense(3)];
        BackupRecord record = await bench.BackupAsync(grown, full);
        record.ParentId.Should().BeNull();
        record.IsIncremental.Should().BeFalse();
        record.Size.Should().Be(grown.Length);
        await bench.Driver.DeleteBackupAsync(full);
        (await bench.RestoreAsync(record)).Should().Equal(grown);
        (await bench.ListAsync()).Should().Equal(record);
    }

    [Fact]
    public async Task A_cancelled_backup_leaves_nothing()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        using var source = new CancellationTokenSource();
        bench.Volumes.Add("v", DriverBench.Image(0)).BeforeRead = _ => source.Cancel();
        var reports = new Reports<BackupRecord>();
        Func<Task> backup = () => bench.Driver.BackupAsync(DriverBench.NewRecord(), "v", progress: reports, cancellationToken: source.Token);
        await backup.Should().ThrowAsync<OperationCanceledException>();
        reports.Last.Status.Should().Be(BackupStatus.Error);
        (await storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_source_that_fails_leaves_nothing_and_the_record_says_why()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        var cause = new IOException("The disk is broken.");
        bench.Volumes.Add("v", DriverBench.Image(0)).BeforeRead = _ => throw cause;
        var reports = new Reports<BackupRecord>();
        BackupRecord record = DriverBench.NewRecord();
        Func<Task> backup = () => bench.Driver.BackupAsync(record, "v", progress: reports);
        (await backup.Should().ThrowAsync<BackupException>()).WithMessage("*byte 0*").Which.InnerException.Should().BeSameAs(cause);
        reports.Last.Should().Be(record with { Status = BackupStatus.Error, FailReason = "The volume cannot be read at byte 0: The disk is broken.", Service = VolumeBackupDriver.ServiceName });
        (await storage.KeysAsync()).Should().BeEmpty();

        BackupRecord deleted = await bench.Driver.DeleteBackupAsync(reports.Last);
        deleted.Status.Should().Be(BackupStatus.Deleted);
        deleted.FailReason.Should().BeNull();
    }

    [Fact]
    public async Task The_record_is_told_of_as_it_changes()
    {
        var bench = new DriverBench(new MemoryStorage());
        var reports = new Reports<BackupRecord>();
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0), progress: reports);
        reports.All.First().Status.Should().Be(BackupStatus.Creating);
        reports.All.Select(static report => report.Percent).Should().BeInAscendingOrder().And.StartWith(0).And.EndWith(100).And.HaveCountGreaterThan(2);
        reports.Last.Should().Be(record);

        reports = new Reports<BackupRecord>();
        await bench.RestoreAsync(record, progress: reports);
        reports.All.First().Should().Be(record with { Status = BackupStatus.Restoring, Percent = 0 });
        reports.All.Skip(1).SkipLast(1).Should().OnlyContain(static report => report.Status == BackupStatus.Restoring);
        reports.Last.Should().Be(record);

        reports = new Reports<BackupRecord>();
        await bench.Driver.DeleteBackupAsync(record, reports);
        reports.All.Select(static report => report.Status).Should().Equal(BackupStatus.Deleting, BackupStatus.Deleted);
    }

    [Fact]
    public async Task A_failed_restore_leaves_the_backup_available()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0));
        bench.Volumes.Add("target", []).BeforeWrite = _ => throw new IOException("The disk is broken.");
        var reports = new Reports<BackupRecord>();
        Func<Task> restore = () => bench.Driver.RestoreAsync(record, "x", "target", progress: reports);
        await restore.Should().ThrowAsync<IOException>().WithMessage("*broken*");
        reports.Last.Should().Be(record with { FailReason = "The disk is broken." });
        (await bench.RestoreAsync(record)).Should().Equal(DriverBench.Image(0));
    }

    [Fact]
    public async Task A_backup_that_is_deleted_when_its_restore_begins_is_not_mistaken_for_the_one_before()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        await bench.BackupAsync(DriverBench.Image(0));
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(1));
        var intercepted = new InterceptedStorage(storage);
        intercepted.AfterRead = _ =>
        {
            intercepted.AfterRead = null;
            return bench.Driver.DeleteBackupAsync(record);
        };
        Func<Task> restore = () => new DriverBench(intercepted).RestoreAsync(record);
        await restore.Should().ThrowAsync<BackupNotFoundException>().WithMessage("*was deleted when its restore began*");
    }

    [Fact]
    public async Task Images_are_read_and_written_by_path_and_written_over_only_on_request()
    {
        string image = Path.Combine(_scratch.Path, "image");
        string copy = Path.Combine(_scratch.Path, "copy");
        await File.WriteAllBytesAsync(image, DriverBench.Image(0));
        var driver = new VolumeBackupDriver(new MemoryStorage());
        BackupRecord record = await driver.BackupAsync(DriverBench.NewRecord(), image);
        await driver.RestoreAsync(record, "x", copy);
        (await File.ReadAllBytesAsync(copy)).Should().Equal(DriverBench.Image(0));

        await File.WriteAllBytesAsync(copy, [1]);
        Func<Task> restore = () => driver.RestoreAsync(record, "x", copy);
        await restore.Should().ThrowAsync<BackupException>().WithMessage("*not empty*");
        await driver.RestoreAsync(record, "x", copy, new VolumeRestoreOptions { Overwrite = true });
        (await File.ReadAllBytesAsync(copy)).Should().Equal(DriverBench.Image(0));
        Func<Task> missing = () => driver.BackupAsync(DriverBench.NewRecord(), Path.Combine(_scratch.Path, "nothing"));
        await missing.Should().ThrowAsync<FileNotFoundException>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_that_fails_is_finished_by_the_next_one(bool afterDoing)
    {
        for (int call = 1; ; call++)
        {
            var storage = new MemoryStorage();
            BackupRecord record = await new DriverBench(storage).BackupAsync(DriverBench.Image(0));
            FaultPlan plan = afterDoing ? new FaultPlan().LoseAnswer(call) : new FaultPlan().FailCall(call);
            var faulty = new FaultyStorage(storage, plan);
            var reports = new Reports<BackupRecord>();
            try
            {
                await new DriverBench(faulty).Driver.DeleteBackupAsync(record, reports);
            }
            catch (StorageException exception)
            {
                exception.Should().BeSameAs(plan.Error);
                reports.Last.Status.Should().Be(BackupStatus.ErrorDeleting);
                await new DriverBench(storage).Driver.DeleteBackupAsync(reports.Last);
            }

            (await storage.KeysAsync()).Should().BeEmpty($"call {call} failed");
            if (!faulty.AllFired)
            {
                call.Should().BeGreaterThan(8);
                return;
            }
        }
    }

    [Fact]
    public async Task Wrong_records_are_refused_before_anything_happens()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        BackupRecord existing = await bench.BackupAsync(DriverBench.Image(0));
        List<string> keys = await storage.KeysAsync();
        bench.Volumes.Add("v", DriverBench.Image(0));
        BackupRecord record = DriverBench.NewRecord();

        await Refused<ArgumentException>(() => bench.Driver.BackupAsync(record with { Id = Guid.Empty }, "v"), "*no identity*");
        await Refused<ArgumentException>(() => bench.Driver.BackupAsync(record with { ParentId = record.Id }, "v"), "*build on itself*");
        await Refused<ArgumentException>(() => bench.Driver.BackupAsync(record, ""), "*volume*");
        await Refused<ArgumentException>(() => bench.Driver.BackupAsync(record with { DisplayDescription = new string('x', 70_000) }, "v"), "*have 70* bytes, and 65536*shorten*");
        await Refused<BackupException>(() => bench.Driver.BackupAsync(record with { Id = existing.Id }, "v"), "*already*");
        await Refused<BackupNotFoundException>(() => bench.Driver.BackupAsync(record with { ParentId = Guid.NewGuid() }, "v"), "*parent*");
        await Refused<InvalidOperationException>(() => bench.Driver.BackupAsync(record, "v", withMetadata: true), "*Metadata*");
        foreach (string name in new[] { "", "..", "a/b", "a\nb" })
        {
            await Refused<ArgumentException>(() => bench.Driver.BackupAsync(record with { VolumeId = name }, "v"), "*cannot name a volume*");
            await Refused<ArgumentException>(() => bench.Driver.RestoreAsync(existing, name, "v"), "*cannot name a volume*");
            await Refused<ArgumentException>(() => bench.Driver.DeleteBackupAsync(record with { VolumeId = name }), "*cannot name a volume*");
            await Refused<ArgumentException>(() => bench.ListAsync(name), "*cannot name a volume*");
        }

        foreach (string place in new[] { "", "x", "../../etc/passwd", existing.ServiceMetadata!.Replace("block/", "tar/"), existing.ServiceMetadata.Replace(DriverBench.VolumeId, "other") })
        {
            await Refused<ArgumentException>(() => bench.Driver.RestoreAsync(existing with { ServiceMetadata = place }, "x", "y"), "*not where a backup*");
            await Refused<ArgumentException>(() => bench.Driver.DeleteBackupAsync(existing with { ServiceMetadata = place }), "*not where a backup*");
        }

        await Refused<BackupNotFoundException>(() => bench.RestoreAsync(record), $"*{record.Id}*");
        await Refused<BackupNotFoundException>(() => bench.RestoreAsync(existing with { Id = record.Id }), $"*{record.Id}*");
        await Refused<BackupException>(() => bench.Driver.ExportRecordAsync(record), "*not available*");
        await Refused<BackupNotFoundException>(() => bench.Driver.ExportRecordAsync(record with { Status = BackupStatus.Available }), $"*{record.Id}*");
        (await storage.KeysAsync()).Should().Equal(keys);
        (await bench.ListAsync()).Should().Equal(existing);
    }

    [Fact]
    public async Task A_record_without_its_place_is_found_by_its_identity()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        BackupRecord first = await bench.BackupAsync(DriverBench.Image(1), full);
        (await bench.RestoreAsync(full with { ServiceMetadata = null })).Should().Equal(DriverBench.Image(0));
        await bench.Driver.DeleteBackupAsync(first with { ServiceMetadata = null });
        (await bench.ListAsync()).Should().Equal(full);
    }

    [Fact]
    public async Task The_listing_is_by_volume_and_leaves_out_what_no_driver_took()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0));
        bench.Volumes.Add("v", DriverBench.Image(1));
        BackupRecord other = await bench.Driver.BackupAsync(DriverBench.NewRecord() with { VolumeId = "b" }, "v");
        await new BlockDiffEngine(storage, new BlockDiffEngineOptions { Volumes = bench.Volumes }).BackupAsync("v", "by-hand");
        (await bench.ListAsync()).Should().Equal(record, other);
        (await bench.ListAsync("b")).Should().Equal(other);
        (await bench.ListAsync("c")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_damaged_backup_is_listed_as_such_and_can_be_deleted()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0));
        StorageKey key = StorageKey.Parse((await storage.KeysAsync("metadata")).Single());
        await storage.WriteAsync(key, new MemoryStream("{}"u8.ToArray()), WriteOptions.Replace);
        BackupRecord listed = (await bench.ListAsync()).Single();
        listed.Status.Should().Be(BackupStatus.Error);
        listed.FailReason.Should().NotBeNullOrEmpty();
        listed.VolumeId.Should().Be(record.VolumeId);
        await Refused<BackupDamagedException>(() => bench.RestoreAsync(record), "*cannot be used*");
        await Refused<BackupDamagedException>(() => bench.Driver.ExportRecordAsync(record), "*cannot be used*");
        await bench.Driver.DeleteBackupAsync(listed);
        (await storage.KeysAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_record_that_points_to_the_backup_of_another_one_deletes_nothing()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0));
        List<string> keys = await storage.KeysAsync();

        // As an application makes one that copies a record to take the next backup, and clears up when that has failed.
        BackupRecord copied = record with { Id = Guid.NewGuid() };
        await Refused<BackupException>(() => bench.Driver.DeleteBackupAsync(copied), $"*{copied.Id}*{record.Id}*");

        (await storage.KeysAsync()).Should().Equal(keys);
        (await bench.RestoreAsync(record)).Should().Equal(DriverBench.Image(0));
    }

    [Fact]
    public async Task What_did_not_happen_leaves_no_record_that_says_it_still_does()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        await bench.BackupAsync(DriverBench.Image(1), full);
        var reports = new Reports<BackupRecord>();

        // As an application that notes what it is about to do before it asks the driver.
        await Refused<BackupException>(() => bench.Driver.DeleteBackupAsync(full with { Status = BackupStatus.Deleting }, reports), "*cannot be deleted*");
        reports.Last.Should().Match<BackupRecord>(static record => record.Status == BackupStatus.Available && record.Percent == 100 && record.FailReason != null);

        bench.Volumes.Add("target", []).BeforeWrite = _ => throw new IOException("The disk is broken.");
        Func<Task> restore = () => bench.Driver.RestoreAsync(full with { Status = BackupStatus.Restoring, Percent = 7 }, "x", "target", progress: reports);
        await restore.Should().ThrowAsync<IOException>();
        reports.Last.Should().Be(full with { FailReason = "The disk is broken." });
    }

    [Fact]
    public async Task A_record_of_a_newer_version_is_named_as_such_and_not_as_missing()
    {
        var storage = new MemoryStorage();
        var bench = new DriverBench(storage);
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0));
        var newer = new BlockDiffEngine(storage, new BlockDiffEngineOptions { BlockSize = BlockTestBed.SmallBlock, Volumes = bench.Volumes });
        string json = RecordDocument.Write(record).Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal);
        bench.Volumes.Add("v", DriverBench.Image(1));
        Backup backup = (await newer.BackupAsync("v", DriverBench.VolumeId, new BackupOptions { Facts = new Dictionary<string, string> { ["volume_backup_record"] = json } })).Backup;
        BackupRecord known = record with { Id = Guid.NewGuid(), ServiceMetadata = StoredPlace.Format(backup) };

        await Refused<BackupUnsupportedException>(() => bench.RestoreAsync(known), "*version 2*newer version*");
        await Refused<BackupUnsupportedException>(() => bench.Driver.ExportRecordAsync(known), "*version 2*");
        (await bench.ListAsync()).Last().FailReason.Should().Contain("version 2");
    }

    [Fact]
    public async Task An_export_that_lies_is_told_better_by_the_storage()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord full = await bench.BackupAsync(DriverBench.Image(0));
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(1), full);
        BackupRecord lie = record with { Size = 1, ParentId = null, HasMetadata = true, ObjectCount = 99, CreatedAt = DateTimeOffset.UnixEpoch, DisplayName = "renamed" };

        BackupRecord imported = await bench.Driver.ImportRecordAsync(await bench.Driver.ExportRecordAsync(lie));

        imported.Should().Be(record with { DisplayName = "renamed" });
    }

    [Fact]
    public async Task A_backup_that_is_not_trusted_is_restored_within_limits()
    {
        var bench = new DriverBench(new MemoryStorage());
        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0));
        var limits = new ReaderLimits { LargestFile = record.Size - 1 };

        await Refused<BackupException>(() => bench.RestoreAsync(record, new VolumeRestoreOptions { Untrusted = true, Limits = limits }), "*not trusted*LargestFile*");
        await Refused<BackupException>(
            () => bench.RestoreAsync(record, new VolumeRestoreOptions { Untrusted = true, Limits = new ReaderLimits { MostContent = 1000 } }), "*MostContent*");
        (await bench.RestoreAsync(record, new VolumeRestoreOptions { Untrusted = true })).Should().Equal(DriverBench.Image(0));
        (await bench.RestoreAsync(record, new VolumeRestoreOptions { Limits = limits })).Should().Equal(DriverBench.Image(0), "limits hold for what is not trusted");
    }

    private static async Task Refused<TException>(Func<Task> action, string message)
        where TException : Exception => await action.Should().ThrowAsync<TException>().WithMessage(message);
}
