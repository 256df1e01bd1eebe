using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

public sealed class VerbosityTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_person_reads_a_summary_and_no_progress_where_there_is_no_terminal()
    {
        File.WriteAllText(Path.Combine(_scratch.Make("source"), "a"), "1");

        ProgramRun run = Backup().ShouldEndWith(0);

        run.Error.Should().BeEmpty();
        run.Output.Should().StartWith("Backed up tar/n level 0 of ").And.Contain(" stored (");
    }

    [Fact]
    public void Verbose_tells_what_happens_on_standard_error()
    {
        _scratch.Make("source");

        Backup("--verbose").ShouldEndWith(0).Error.Should().Contain("Information: Backup n of ").And.Contain("is committed");
    }

    [Fact]
    public void A_stack_trace_is_for_those_who_ask_for_it()
    {
        Backup().ShouldEndWith(1).Error.Should().NotContain("   at ");
        Backup("--verbose").ShouldEndWith(1).Error.Should().Contain("   at ");
    }

    private ProgramRun Backup(params string[] options) =>
        FreezerProgram.Run(["backup", "--storage", Path.Combine(_scratch.Path, "store"), "--name", "n", .. options, Path.Combine(_scratch.Path, "source")]);
}
