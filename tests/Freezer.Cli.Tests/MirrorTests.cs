using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

public sealed class MirrorTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Several_storages_are_a_mirror_which_says_what_it_lacks_until_it_is_synchronised()
    {
        string source = _scratch.Make("source");
        File.WriteAllText(Path.Combine(source, "file"), "content\n");
        string[] stores = [.. ((string[])["one", "two", "three"]).Select(name => Path.Combine(_scratch.Path, name))];
        string[] mirror = ["--storage", stores[0], "--storage", stores[1], "--storage", stores[2], "--quorum", "2"];

        FreezerProgram.Run(["backup", .. mirror, "--name", "n", "--json", source]).ShouldEndWith(0).Document.ContainsKey("lagging").Should().BeFalse();
        Directory.Delete(stores[1], recursive: true);

        JsonObject degraded = FreezerProgram.Run(["backup", .. mirror, "--name", "n", "--json", source]).ShouldEndWith(4).Document;
        ((string?)degraded["status"]).Should().Be("complete-with-degraded-mirror");
        ((string?)degraded["lagging"]![0]!["storage"]).Should().Be(stores[1]);

        JsonObject synchronised = FreezerProgram.Run(["sync", .. mirror, "--json"]).ShouldEndWith(0).Document;
        ((string?)synchronised["synchronized"]![0]).Should().Be(stores[1]);
        FreezerProgram.Run(["backup", .. mirror, "--name", "n", source]).ShouldEndWith(0);
        Directory.Delete(stores[0], recursive: true);
        string destination = Path.Combine(_scratch.Path, "restored");
        FreezerProgram.Run(["restore", .. mirror, "--name", "n", destination]).ShouldEndWith(0);
        File.ReadAllText(Path.Combine(destination, "file")).Should().Be("content\n");
        FreezerProgram.Run("list", "--storage", stores[1], "--json").ShouldEndWith(0).Document["backups"]!.AsArray().Should().HaveCount(3);
    }

    [Fact]
    public void A_bucket_that_cannot_be_opened_is_out_of_the_mirror()
    {
        string source = _scratch.Make("source");
        File.WriteAllText(Path.Combine(source, "file"), "content\n");
        string[] mirror = [.. ((string[])["one", "two"]).SelectMany(name => (string[])["--storage", Path.Combine(_scratch.Path, name)]), "--storage", "s3://bucket/x?endpoint=http://127.0.0.1:9"];

        JsonObject degraded = RunWithoutCredentials(["backup", .. mirror, "--quorum", "2", "--name", "n", "--json", source]).ShouldEndWith(4).Document;
        ((string?)degraded["lagging"]![0]!["storage"]).Should().Be("s3://bucket/x");
        ((string?)degraded["lagging"]![0]!["reason"]).Should().Contain("no usable credentials");
        RunWithoutCredentials(["restore", .. mirror, "--quorum", "2", "--name", "n", Path.Combine(_scratch.Path, "restored")]).ShouldEndWith(0);
        RunWithoutCredentials(["backup", .. mirror, "--name", "n", "--json", source]).ShouldEndWith(1)
            .Document["error"]!.ToString().Should().Contain("3 of 3 storages are needed").And.Contain("no usable credentials");
    }

    [Fact]
    public void What_makes_no_mirror_is_wrong_usage()
    {
        FreezerProgram.Run("list", "--storage", _scratch.Make("one"), "--quorum", "1").ShouldEndWith(2);
        FreezerProgram.Run("sync", "--storage", _scratch.Make("two")).ShouldEndWith(2);
        FreezerProgram.Run("list", "--storage", _scratch.Make("a"), "--storage", _scratch.Make("b"), "--quorum", "1").ShouldEndWith(2);
    }

    private ProgramRun RunWithoutCredentials(string[] arguments) => FreezerProgram.Finish(FreezerProgram.Start(
        [
            "env", "--unset=AWS_ACCESS_KEY_ID", "--unset=AWS_SECRET_ACCESS_KEY", "--unset=AWS_PROFILE", "AWS_EC2_METADATA_DISABLED=true",
            $"HOME={_scratch.Path}", $"AWS_SHARED_CREDENTIALS_FILE={_scratch.Path}/none", $"AWS_CONFIG_FILE={_scratch.Path}/none",
        ],
        arguments));
}

public sealed class CopyTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    [Fact]
    public void A_copy_is_a_storage_of_its_own()
    {
        using ScratchDirectory scratch = new();
        string copy = Path.Combine(scratch.Path, "copy");

        JsonObject first = FreezerProgram.Run(
            "copy", "--storage", sample.Storage, "--name", SampleRepository.Name, "--to", sample.Timestamp(1), "--json", copy).ShouldEndWith(0).Document;
        first["timestamps"]!.AsArray().Should().HaveCount(2);
        ((long)first["copied"]!).Should().Be(8);

        FreezerProgram.Run("copy", "--storage", sample.Storage, "--name", SampleRepository.Name, copy).ShouldEndWith(0).Output.Should().Contain("3 backups");
        Tool.Run("diff", ["-r", sample.Storage, copy]);
        FreezerProgram.Run("copy", "--storage", sample.Storage, "--name", "other", copy).ShouldEndWith(1);
    }
}
