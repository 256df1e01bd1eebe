using Freezer.Drivers;
using Freezer.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace Freezer.Tests.Drivers;

/// <summary>The metadata of volumes: a JSON document, whose version decides what is restored.</summary>
public sealed class VolumeMetadataTests
{
    private static readonly VolumeMetadata _sample = new()
    {
        Base = new Dictionary<string, string> { ["display_name"] = "root disk", ["display_description"] = "ü", ["encryption_key_id"] = "k1", ["size"] = "10" },
        Volume = new Dictionary<string, string> { ["owner"] = "me", [""] = "" },
        Image = new Dictionary<string, string> { ["os"] = "debian" },
    };

    [Fact]
    public async Task The_metadata_is_backed_up_and_restored_to_the_volume()
    {
        var provider = new Provider { ["v1"] = _sample, [DriverBench.VolumeId] = _sample };
        var bench = new DriverBench(new MemoryStorage(), provider);
        string json = await bench.Driver.GetMetadataAsync("v1");
        json.Should().StartWith("{\"version\":2,");
        await bench.Driver.PutMetadataAsync("v2", json);
        provider["v2"].Base.Should().BeEquivalentTo(_sample.Base.Where(static pair => pair.Key != "size").ToDictionary());
        provider["v2"].Volume.Should().BeEquivalentTo(_sample.Volume);
        provider["v2"].Image.Should().BeEquivalentTo(_sample.Image);

        BackupRecord record = await bench.BackupAsync(DriverBench.Image(0), withMetadata: true);
        record.HasMetadata.Should().BeTrue();
        (await bench.RestoreAsync(record, new VolumeRestoreOptions { WithMetadata = false })).Should().Equal(DriverBench.Image(0));
        provider.Should().NotContainKey("another-volume");
        await bench.RestoreAsync(record);
        provider["another-volume"].Should().BeEquivalentTo(provider["v2"]);

        BackupRecord without = await bench.BackupAsync(DriverBench.Image(1), record);
        without.HasMetadata.Should().BeFalse();
        provider.Remove("another-volume");
        await bench.RestoreAsync(without);
        provider.Should().NotContainKey("another-volume");
    }

    [Fact]
    public async Task A_restore_that_cannot_restore_the_metadata_says_so_before_it_writes()
    {
        var storage = new MemoryStorage();
        BackupRecord record = await new DriverBench(storage, new Provider { [DriverBench.VolumeId] = _sample }).BackupAsync(DriverBench.Image(0), withMetadata: true);
        var bench = new DriverBench(storage);
        Func<Task> restore = () => bench.RestoreAsync(record);
        await restore.Should().ThrowAsync<InvalidOperationException>().WithMessage("*leave metadata out*");
        bench.Volumes.ByName.Should().BeEmpty();
        (await bench.RestoreAsync(record, new VolumeRestoreOptions { WithMetadata = false })).Should().Equal(DriverBench.Image(0));
    }

    [Fact]
    public void Version_1_restores_the_name_and_the_description_only()
    {
        // As OpenStack Cinder writes it: all that it keeps of a volume, of whatever kind.
        const string Json = """
            {"version": 1, "volume-base-metadata": {"id": "x", "size": 10, "bootable": true, "display_name": "root", "display_description": null,
             "encryption_key_id": "k1", "attachments": [{"a": 1}]}, "volume-metadata": {"number": 5}, "something-new": {"a": "b"}}
            """;
        VolumeMetadata metadata = VolumeMetadataDocument.Read(Json);
        metadata.Base.Should().Equal(new Dictionary<string, string> { ["display_name"] = "root" });
        metadata.Volume.Should().Equal(new Dictionary<string, string> { ["number"] = "5" });
        metadata.Image.Should().BeEmpty();
        VolumeMetadataDocument.Read(Json.Replace("\"version\": 1", "\"version\": 2")).Base.Should().ContainKey("encryption_key_id");
    }

    [Theory]
    [InlineData("{\"version\":3}", typeof(BackupUnsupportedException))]
    [InlineData("{\"version\":0}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":-1}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":99999999999}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":\"2\"}", typeof(BackupDamagedException))]
    [InlineData("{\"volume-metadata\":{}}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":2,\"volume-metadata\":[]}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":2,\"volume-metadata\":{\"a\":\"\\ud800\"}}", typeof(BackupDamagedException))]
    [InlineData("{\"version\":2,\"volume-metadata\":{\"\\ud800\":\"a\"}}", typeof(BackupDamagedException))]
    [InlineData("null", typeof(BackupDamagedException))]
    [InlineData("[]", typeof(BackupDamagedException))]
    [InlineData("", typeof(BackupDamagedException))]
    public async Task What_is_no_metadata_is_a_documented_error(string json, Type error)
    {
        var provider = new Provider();
        var driver = new DriverBench(new MemoryStorage(), provider).Driver;
        Func<Task> put = () => driver.PutMetadataAsync("v", json);
        (await put.Should().ThrowAsync<BackupException>()).Which.Should().BeOfType(error);
        provider.Should().BeEmpty();
    }

    [Fact]
    public void A_document_that_is_cut_or_of_which_a_bit_is_flipped_is_read_or_a_documented_error()
    {
        string json = VolumeMetadataDocument.Write(_sample);
        for (int i = 0; i < json.Length; i++)
        {
            string cut = json[..i];
            FluentActions.Invoking(() => VolumeMetadataDocument.Read(cut)).Should().Throw<BackupDamagedException>();
            char[] text = json.ToCharArray();
            for (int bit = 0; bit < 16; bit++)
            {
                text[i] = (char)(json[i] ^ (1 << bit));
                try
                {
                    VolumeMetadataDocument.Read(new string(text)).Should().NotBeNull();
                }
                catch (BackupException exception)
                {
                    exception.Should().Match(static e => e is BackupDamagedException || e is BackupUnsupportedException);
                }
            }
        }
    }

    [Fact]
    public void Any_metadata_comes_back_as_it_was()
    {
        Gen<Dictionary<string, string>> values =
            from names in Gen.ArrayOf(Gen.Elements("a", "", "ü", "\"", "\0", "😀"))
            from value in Gen.Elements("", "text", "\\\"", "\r\n", "😀")
            select names.Distinct().ToDictionary(static name => name, _ => value);
        Prop.ForAll(values.ToArbitrary(), values.ToArbitrary(), static (volume, image) =>
        {
            VolumeMetadata read = VolumeMetadataDocument.Read(VolumeMetadataDocument.Write(new VolumeMetadata { Volume = volume, Image = image }));
            read.Volume.Should().Equal(volume);
            read.Image.Should().Equal(image);
        }).QuickCheckThrowOnFailure();
    }

    private sealed class Provider : Dictionary<string, VolumeMetadata>, IVolumeMetadataProvider
    {
        public Task<VolumeMetadata> GetAsync(string volumeId, CancellationToken cancellationToken = default) => Task.FromResult(this[volumeId]);

        public Task PutAsync(string volumeId, VolumeMetadata metadata, CancellationToken cancellationToken = default)
        {
            this[volumeId] = metadata;
            return Task.CompletedTask;
        }
    }
}
