using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

public sealed class ListTests(SampleRepository sample) : IClassFixture<SampleRepository>
{
    private static readonly string[] _members =
    [
        "engine", "name", "level", "timestamp", "chain", "id", "parent", "outcome", "entries", "bytesRead", "bytesStored", "skipped",
        "compression", "host", "source", "foreign", "encrypted", "problem",
    ];

    [Fact]
    public void The_document_holds_every_backup_as_its_own_report_told()
    {
        ProgramRun run = FreezerProgram.Run("list", "--storage", sample.Storage, "--json").ShouldEndWith(0);

        ((string?)run.Document["status"]).Should().Be("complete");
        JsonArray backups = run.Document["backups"]!.AsArray();
        backups.Should().HaveCount(3);
        for (int level = 0; level < 3; level++)
        {
            backups[level]!.AsObject().Select(static member => member.Key).Should().BeEquivalentTo(_members);
            foreach (string member in (string[])["engine", "name", "level", "timestamp", "id", "parent", "entries", "bytesRead", "bytesStored", "skipped"])
            {
                JsonNode.DeepEquals(backups[level]![member], sample.Backups[level][member]).Should().BeTrue(member);
            }
        }
    }

    [Fact]
    public void A_person_sees_a_table()
    {
        string[] lines = FreezerProgram.Run("list", "--storage", sample.Storage).ShouldEndWith(0).Output.TrimEnd().Split('\n');

        lines.Should().HaveCount(4);
        lines[0].Should().StartWith("NAME");
        lines[3].Should().StartWith("tar/sample").And.EndWith("complete");
    }

    [Theory]
    [InlineData("--name", "sample", 3)]
    [InlineData("--name", "other", 0)]
    [InlineData("--engine", "tar", 3)]
    [InlineData("--engine", "block", 0)]
    public void A_name_and_an_engine_leave_others_out(string option, string value, int count) =>
        FreezerProgram.Run("list", "--storage", sample.Storage, option, value, "--json").ShouldEndWith(0).Document["backups"]!.AsArray().Should().HaveCount(count);
}
