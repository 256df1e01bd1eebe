using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

public sealed class VerifyTests(SampleRepository sample) : IClassFixture<SampleRepository>, IDisposable
{
    private const int Failed = 1;
    private const int WithSkips = 3;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("structure")]
    [InlineData("stored")]
    [InlineData("content")]
    public void A_sound_repository_ends_with_success(string depth)
    {
        ProgramRun run = Verify(sample.Storage, "--all", "--depth", depth).ShouldEndWith(0);

        ((string?)run.Document["status"]).Should().Be("complete");
        ((string?)run.Document["depth"]).Should().Be(depth);
        run.Document["defects"]!.AsArray().Should().BeEmpty();
        run.Document["backups"]!.AsArray().Select(static backup => ((int)backup!["backup"]!["level"]!, (bool)backup["restores"]!)).Should().Equal((0, true), (1, true), (2, true));
    }

    [Fact]
    public void A_defect_ends_with_failure_and_is_told_to_scripts_and_to_people()
    {
        string storage = DamagedCopy();

        ProgramRun run = Verify(storage, "--all", "--depth", "content").ShouldEndWith(Failed);
        ((string?)run.Document["status"]).Should().Be("defective");
        JsonNode defect = run.Document["defects"]!.AsArray().Should().ContainSingle().Subject!;
        ((string?)defect["kind"]).Should().Be("altered");
        ((string?)defect["object"]).Should().EndWith("/data").And.StartWith("data/tar/sample/");
        defect["lost"]!.AsArray().Select(static lost => ((string?)lost!["path"], (int)lost["backup"]!["level"]!)).Should().Contain(("file-1", 1));
        run.Document["backups"]!.AsArray().Select(static backup => (bool)backup!["restores"]!).Take(2).Should().Equal([true, false], "whether level 2 stores the file once more depends on how soon it followed");

        string text = FreezerProgram.Run("verify", "--storage", storage, "--name", SampleRepository.Name, "--all", "--depth", "content").ShouldEndWith(Failed).Output;
        text.Should().Contain("Lost: file-1 in tar/sample level 1").And.Contain("level 0 of").And.Contain(": restores").And.Contain("1 defect;");
    }

    [Fact]
    public void What_is_sound_of_a_damaged_backup_is_restored_and_what_is_lost_is_listed()
    {
        string storage = DamagedCopy();
        string target = Path.Combine(_scratch.Path, "target");

        ProgramRun run = FreezerProgram.Run("restore", "--storage", storage, "--name", SampleRepository.Name, "--to", sample.Timestamp(1), "--skip-damaged", "--json", target).ShouldEndWith(WithSkips);

        run.Document["skips"]!.AsArray().Select(static skip => ((string?)skip!["path"], (string?)skip["kind"])).Should().Contain(("file-1", "damaged"));
        Directory.EnumerateFileSystemEntries(target).Select(Path.GetFileName).Should().NotContain("file-1");
    }

    [Fact]
    public void A_name_that_was_never_used_and_a_depth_that_there_is_not_are_told()
    {
        FreezerProgram.Run("verify", "--storage", sample.Storage, "--name", "other", "--json").ShouldEndWith(Failed);
        FreezerProgram.Run("verify", "--storage", sample.Storage, "--name", SampleRepository.Name, "--depth", "abyss").ShouldEndWith(2).Error.Should().Contain("abyss");
        FreezerProgram.Run("verify", "--storage", sample.Storage, "--name", SampleRepository.Name, "--all", "--to", "5").ShouldEndWith(2);
    }

    /// <summary>A copy whose archive of level 1 is damaged.</summary>
    private string DamagedCopy()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        string archive = sample.PathOf(storage, 1, "data");
        byte[] bytes = File.ReadAllBytes(archive);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(archive, bytes);
        return storage;
    }

    private static ProgramRun Verify(string storage, params string[] options) =>
        FreezerProgram.Run(["verify", "--storage", storage, "--name", SampleRepository.Name, "--json", .. options]);
}
