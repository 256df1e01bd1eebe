using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

/// <summary>What is wrong with a storage is said by name, and nothing half-restored passes for a success.</summary>
public sealed class DamagedRepositoryTests(SampleRepository sample) : IClassFixture<SampleRepository>, IDisposable
{
    private const int Failed = 1;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_missing_level_in_the_middle_is_found_before_anything_is_written()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        File.Delete(sample.PathOf(storage, 1, "metadata"));

        ProgramRun run = Restore(storage).ShouldEndWith(Failed);

        ((string?)run.Document["error"]).Should().Contain("level 1").And.Contain("missing");
        Directory.Exists(Target).Should().BeFalse();
    }

    [Theory]
    [InlineData("data")]
    [InlineData("engine_metadata")]
    [InlineData("index")]
    public void A_missing_object_is_found_before_anything_is_written(string role)
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        File.Delete(sample.PathOf(storage, 2, role));

        ProgramRun run = Restore(storage).ShouldEndWith(Failed);

        ((string?)run.Document["error"]).Should().Contain($"/{role} is missing");
        Directory.Exists(Target).Should().BeFalse();
    }

    [Fact]
    public void A_damaged_archive_is_named()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        Scramble(sample.PathOf(storage, 0, "data"));

        ProgramRun run = Restore(storage).ShouldEndWith(Failed);

        ((string?)run.Document["error"]).Should().Contain("tar/sample level 0").And.Contain("damaged");
    }

    [Fact]
    public void A_metadata_document_that_is_not_JSON_is_named_and_listed()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        File.WriteAllText(sample.PathOf(storage, 2, "metadata"), "not JSON");

        ((string?)Restore(storage).ShouldEndWith(Failed).Document["error"]).Should().Contain("/metadata").And.Contain("not a JSON document");
        ((string?)FreezerProgram.Run("list", "--storage", storage, "--json").ShouldEndWith(0).Document["backups"]![2]!["problem"]).Should().Contain("not a JSON document");
    }

    [Fact]
    public void An_altered_metadata_document_is_named()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        string metadata = sample.PathOf(storage, 2, "metadata");
        File.WriteAllText(metadata, File.ReadAllText(metadata).Replace("\"entries\":", "\"entries\":1", StringComparison.Ordinal));

        ((string?)Restore(storage).ShouldEndWith(Failed).Document["error"]).Should().Contain("/metadata").And.Contain("altered");
    }

    [Fact]
    public void A_newer_format_asks_for_a_newer_version()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        SampleRepository.Rewrite(sample.PathOf(storage, 2, "metadata"), "\"format\":1", "\"format\":99");

        ((string?)Restore(storage).ShouldEndWith(Failed).Document["error"]).Should().Contain("format 99").And.Contain("newer version");
    }

    [Fact]
    public void An_unknown_codec_is_named()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        string compression = ((string)sample.Backups[2]["compression"]!).Split(':')[0];
        SampleRepository.Rewrite(sample.PathOf(storage, 2, "metadata"), $"\"compression\":\"{compression}\"", "\"compression\":\"lz9\"");

        ((string?)Restore(storage).ShouldEndWith(Failed).Document["error"]).Should().Contain("lz9");
    }

    [Fact]
    public void A_backup_on_a_damaged_chain_begins_a_new_one_and_says_why()
    {
        string storage = sample.CopyTo(Path.Combine(_scratch.Path, "store"));
        File.WriteAllText(sample.PathOf(storage, 2, "metadata"), "not JSON");
        string source = _scratch.Make("source");

        ProgramRun run = FreezerProgram.Run("backup", "--storage", storage, "--name", SampleRepository.Name, "--json", source).ShouldEndWith(0);

        ((int?)run.Document["level"]).Should().Be(0);
        ((string?)run.Document["newChainReason"]).Should().Contain("not a JSON document");
    }

    private string Target => Path.Combine(_scratch.Path, "target");

    private ProgramRun Restore(string storage) => FreezerProgram.Run("restore", "--storage", storage, "--name", SampleRepository.Name, "--json", Target);

    /// <summary>Inverts all but the beginning, so that the damage hits what a restore needs.</summary>
    private static void Scramble(string path)
    {
        const int Beginning = 16;
        byte[] bytes = File.ReadAllBytes(path);
        foreach (ref byte value in bytes.AsSpan(Beginning))
        {
            value ^= 0xFF;
        }

        File.WriteAllBytes(path, bytes);
    }
}
