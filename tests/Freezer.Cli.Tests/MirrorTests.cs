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
    public void What_makes_no_mirror_is_wrong_usage()
    {
        FreezerProgram.Run("list", "--storage", _scratch.Make("one"), "--quorum", "1").ShouldEndWith(2);
        FreezerProgram.Run("sync", "--storage", _scratch.Make("two")).ShouldEndWith(2);
        FreezerProgram.Run("list", "--storage", _scratch.Make("a"), "--storage", _scratch.Make("b"), "--quorum", "1").ShouldEndWith(2);
    }
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
