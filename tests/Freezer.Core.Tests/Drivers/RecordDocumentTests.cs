using System.Text;
using Freezer.Drivers;
using Freezer.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Drivers;

/// <summary>Records as text: what comes back is what was written, or a documented error.</summary>
public sealed class RecordDocumentTests
{
    private static readonly BackupRecord _sample = new()
    {
        Id = Guid.Parse("b3ab6a3c-6f0a-4a37-8f1d-3a38b2b0a001"),
        VolumeId = "volume-1",
        ParentId = Guid.Parse("b3ab6a3c-6f0a-4a37-8f1d-3a38b2b0a000"),
        Status = BackupStatus.Available,
        Percent = 100,
        Size = 1L << 40,
        DisplayName = "nightly",
        DataTimestamp = new DateTimeOffset(2026, 3, 1, 12, 0, 0, 123, TimeSpan.FromHours(2)),
        ServiceMetadata = "block/volume-1/1/1_2/0",
        ObjectCount = 4,
    };

    [Fact]
    public void An_export_comes_back_as_it_was()
    {
        Gen<BackupRecord> records =
            from id in ArbMap.Default.GeneratorFor<Guid>()
            from parent in ArbMap.Default.GeneratorFor<Guid?>()
            from status in Gen.Elements(Enum.GetValues<BackupStatus>())
            from size in ArbMap.Default.GeneratorFor<long>()
            from texts in Gen.ArrayOf(Gen.Elements("", "ü", "\"\\", "\0\r\n", "😀", "</script>", null), 8)
            from timestamp in ArbMap.Default.GeneratorFor<DateTimeOffset?>()
            from flag in ArbMap.Default.GeneratorFor<bool>()
            select new BackupRecord
            {
                Id = id,
                VolumeId = texts[0] ?? "v",
                ParentId = parent,
                Status = status,
                Percent = (int)(size % 100),
                FailReason = texts[1],
                Size = size,
                DisplayName = texts[2],
                DisplayDescription = texts[3],
                AvailabilityZone = texts[4],
                Container = texts[5],
                SnapshotId = texts[6],
                DataTimestamp = timestamp,
                CreatedAt = timestamp,
                Service = texts[7],
                ObjectCount = (int)size,
                HasMetadata = flag,
            };
        Prop.ForAll(records.ToArbitrary(), static record => RecordDocument.Import(RecordDocument.Export(record)) == record).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_export_is_json_in_base64()
    {
        string json = Encoding.UTF8.GetString(Convert.FromBase64String(RecordDocument.Export(_sample)));
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(json);
        string record = document.RootElement.GetProperty("record").GetString()!;
        record.Should().StartWith("{\"version\":1,").And.Contain("\"display_name\":\"nightly\"").And.Contain("\"status\":\"Available\"").And.NotContain("is_incremental");
    }

    [Fact]
    public void An_export_that_is_cut_is_damaged_at_every_length()
    {
        string text = RecordDocument.Export(_sample);
        for (int length = 0; length < text.Length; length++)
        {
            string cut = text[..length];
            FluentActions.Invoking(() => RecordDocument.Import(cut)).Should().Throw<BackupDamagedException>($"it has {length} characters");
        }
    }

    [Fact]
    public void An_export_of_which_a_bit_is_flipped_is_damaged_or_the_same()
    {
        char[] text = RecordDocument.Export(_sample).ToCharArray();
        int same = 0;
        for (int i = 0; i < text.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                text[i] ^= (char)(1 << bit);
                try
                {
                    // The bits that base64 does not use at its end, for one.
                    RecordDocument.Import(new string(text)).Should().Be(_sample, $"bit {bit} of character {i} was flipped");
                    same++;
                }
                catch (BackupDamagedException exception)
                {
                    exception.Message.Should().NotBeEmpty();
                }

                text[i] ^= (char)(1 << bit);
            }
        }

        same.Should().BeLessThan(16);
    }

    [Theory]
    [InlineData("{\"version\":2,\"anything\":[]}", typeof(BackupUnsupportedException))]
    [InlineData("{\"version\":0}", typeof(BackupDamagedException))]
    [InlineData("{}", typeof(BackupDamagedException))]
    [InlineData("null", typeof(BackupDamagedException))]
    [InlineData("[]", typeof(BackupDamagedException))]
    [InlineData("{\"version\":1}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":1,\"record\":null}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":1,\"record\":{\"id\":\"b3ab6a3c-6f0a-4a37-8f1d-3a38b2b0a001\"}}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":1,\"record\":{\"id\":\"b3ab6a3c-6f0a-4a37-8f1d-3a38b2b0a001\",\"volume_id\":null}}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":1,\"record\":{\"id\":\"b3ab6a3c-6f0a-4a37-8f1d-3a38b2b0a001\",\"volume_id\":\"\\ud800\"}}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":1,\"record\":{\"id\":\"b3ab6a3c-6f0a-4a37-8f1d-3a38b2b0a001\",\"volume_id\":\"v\",\"status\":\"Frozen\"}}", typeof(BackupDamagedException))]
    public void What_is_no_record_is_a_documented_error(string json, Type error) =>
        FluentActions.Invoking(() => RecordDocument.Read(json)).Should().Throw<BackupException>().Which.Should().BeOfType(error);

    [Fact]
    public void Members_that_are_not_known_are_ignored() =>
        RecordDocument.Read(RecordDocument.Write(_sample).Replace("\"volume_id\"", "\"colour\":\"red\",\"volume_id\"")).Should().Be(_sample);

    [Fact]
    public async Task An_import_names_what_is_wrong()
    {
        var driver = new VolumeBackupDriver(new MemoryStorage());
        Dictionary<string, string> info = new() { [DriverInfo.Service] = VolumeBackupDriver.ServiceName, [DriverInfo.Url] = RecordDocument.Export(_sample with { ServiceMetadata = null }) };
        await FluentActions.Awaiting(() => driver.ImportRecordAsync(info)).Should().ThrowAsync<BackupNotFoundException>().WithMessage($"*{_sample.Id}*");
        info[DriverInfo.Service] = "cinder.backup.drivers.ceph.CephBackupDriver";
        await FluentActions.Awaiting(() => driver.ImportRecordAsync(info)).Should().ThrowAsync<BackupUnsupportedException>().WithMessage("*CephBackupDriver*");
        info.Remove(DriverInfo.Service);
        await FluentActions.Awaiting(() => driver.ImportRecordAsync(info)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*backup_service*");

        foreach (BackupRecord hostile in new[]
        {
            _sample with { VolumeId = "../../etc" }, _sample with { Id = Guid.Empty }, _sample with { ServiceMetadata = "block/../x/1/0_1/0" },
            _sample with { ServiceMetadata = "x" },
        })
        {
            info[DriverInfo.Service] = VolumeBackupDriver.ServiceName;
            info[DriverInfo.Url] = RecordDocument.Export(hostile);
            await FluentActions.Awaiting(() => driver.ImportRecordAsync(info)).Should().ThrowAsync<BackupDamagedException>();
        }

        info[DriverInfo.Url] = new string('A', RecordDocument.LongestExport + 1);
        await FluentActions.Awaiting(() => driver.ImportRecordAsync(info)).Should().ThrowAsync<BackupDamagedException>().WithMessage("*cannot have more*");
    }
}
