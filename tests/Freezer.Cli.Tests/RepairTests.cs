using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

public sealed class RepairTests(SampleRepository sample) : IClassFixture<SampleRepository>, IDisposable
{
    private const int Failed = 1;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Lost_manifests_and_indexes_are_made_again_and_told_to_scripts_and_to_people()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        File.Delete(sample.PathOf(storage, 0, "engine_metadata"));
        File.Delete(sample.PathOf(storage, 1, "index"));
        Run("restore", storage, Path.Combine(_scratch.Path, "refused")).ShouldEndWith(Failed);

        ProgramRun run = Run("repair", storage).ShouldEndWith(0);

        ((string?)run.Document["status"]).Should().Be("complete");
        JsonNode first = run.Document["backups"]!.AsArray()[0]!;
        ((string?)first["outcome"], (bool)first["fromArchive"]!).Should().Be(("repaired", true));
        ((string?)first["problem"]).Should().Contain("engine_metadata is missing");
        Run("restore", storage, Path.Combine(_scratch.Path, "target")).ShouldEndWith(0);
        string text = FreezerProgram.Run("repair", "--storage", storage, "--name", SampleRepository.Name).ShouldEndWith(0).Output;
        text.Should().Contain("level 0").And.Contain("nothing to repair").And.Contain("0 backups repaired");
    }

    [Fact]
    public void What_cannot_be_repaired_ends_with_failure()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        File.Delete(sample.PathOf(storage, 0, "data"));

        ProgramRun run = Run("repair", storage).ShouldEndWith(Failed);

        ((string?)run.Document["status"]).Should().Be("not-whole");
        JsonNode first = run.Document["backups"]!.AsArray()[0]!;
        ((string?)first["outcome"]).Should().Be("not-repaired");
        ((string?)first["obstacle"]).Should().Contain("/data is missing");
        FreezerProgram.Run("repair", "--storage", storage, "--name", SampleRepository.Name).ShouldEndWith(Failed).Output.Should().Contain("NOT REPAIRED");
        FreezerProgram.Run("repair", "--storage", storage, "--name", "other", "--json").ShouldEndWith(Failed);
        FreezerProgram.Run("repair", "--storage", storage, "--name", SampleRepository.Name, "--all", "--to", "5").ShouldEndWith(2);
    }

    private static ProgramRun Run(string verb, string storage, params string[] arguments) =>
        FreezerProgram.Run([verb, "--storage", storage, "--name", SampleRepository.Name, "--json", .. arguments]);
}
