using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

/// <summary>What cannot be meant ends with status 2 and a message that says what is wrong.</summary>
public sealed class WrongUsageTests : IDisposable
{
    private const int WrongUsage = 2;

    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string, string> CommandLines => new()
    {
        { "", "Say what to do: backup, restore, list, verify, repair, key, copy, sync." },
        { "frobnicate", "There is no verb 'frobnicate'; there are backup, restore, list, verify, repair, key, copy, sync." },
        { "backup --name n SOURCE", "Option '--storage' is required." },
        { "backup --storage STORE SOURCE", "Option '--name' is required." },
        { "backup --storage STORE --name n", "Required argument 'SOURCE' missing for command: 'backup'." },
        { "backup --storage STORE --name n --exlude x SOURCE", "There is no option --exlude." },
        { "backup --storage STORE --name n SOURCE -x", "There is no option -x." },
        { "backup --storage STORE --name n --name m SOURCE", "Option '--name' expects a single argument but 2 were provided." },
        { "backup --storage STORE --name EMPTY SOURCE", "'' cannot name a backup: it is empty." },
        { "backup --storage STORE --name a/b SOURCE", "'a/b' cannot name a backup: it holds a '/'." },
        { "backup --storage STORE --name .. SOURCE", "'..' cannot name a backup" },
        { "backup --storage EMPTY --name n SOURCE", "The storage is empty" },
        { "backup --storage ftp://host/x --name n SOURCE", "of the kind 'ftp', and this program knows these: a path, file:///PATH, and s3://BUCKET/PREFIX" },
        { "backup --storage s3:bucket --name n SOURCE", "is not of the form s3://BUCKET/PREFIX?endpoint=URL" },
        { "backup --storage s3:///x --name n SOURCE", "is not of the form s3://BUCKET/PREFIX?endpoint=URL" },
        { "backup --storage s3://bucket/x?end=1 --name n SOURCE", "has a parameter 'end'" },
        { "backup --storage s3://bucket/x?endpoint=host:80 --name n SOURCE", "has the endpoint 'host:80', and http://HOST:PORT" },
        { "backup --storage s3://bucket/x?path-style=maybe --name n SOURCE", "is not of the form s3://BUCKET/PREFIX?endpoint=URL" },
        { "backup --storage rclone:remote:x --name n SOURCE", "of the kind 'rclone'" },
        { "backup --storage file://host/x --name n SOURCE", "is not of the form file:///PATH" },
        { "backup --storage STORE --name n --engine dump SOURCE", "There is no engine 'dump'; there are tar and block." },
        { "backup --storage STORE --name n --compression lz9 SOURCE", "There is no compression 'lz9'; there are none, gzip, zstd, bzip2, xz." },
        { "backup --storage STORE --name n --compression zstd:fast SOURCE", "--compression: A compression is the name of a codec" },
        { "backup --storage STORE --name n --compression gzip:99 SOURCE", "gzip has the levels 1 to 9." },
        { "backup --storage STORE --name n --queue-size 0 SOURCE", "--queue-size: '0' is not a number of bytes" },
        { "backup --storage STORE --name n --max-level -1 SOURCE", "--max-level" },
        { "backup --storage STORE --name n --always-level two SOURCE", "--always-level: 'two' is not a level" },
        { "backup --storage STORE --name n --restart-always-level soon SOURCE", "--restart-always-level: 'soon' is not a number of days." },
        { "backup --storage STORE --name n --restart-always-level=-Infinity SOURCE", "--restart-always-level: '-Infinity' is not a number of days." },
        { "backup --storage STORE --name n --engine block SOURCE SOURCE", "The engine block backs up one volume" },
        { "backup --storage STORE --name n --engine block --exclude x SOURCE", "--exclude is an option of the engine tar." },
        { "restore --storage STORE --name n --to yesterday TARGET", "'yesterday' is not a time" },
        { "restore --storage STORE --name n --to 2026-02-30 TARGET", "'2026-02-30' is not a time" },
        { "restore --storage STORE --name n --include ../x TARGET", "--include: The path '../x' is not relative" },
        { "restore --storage STORE --name n TARGET TARGET", "TARGET" },
        { "backup --storage ~/store --name n SOURCE", "begins with a ~ that the shell did not replace" },
        { "backup --storage STORE --name n --exclude caf\uFFFD SOURCE", "is not UTF-8 text" },
        { "restore --storage STORE --name n --most-content 5X TARGET", "--most-content: '5X' is not a size" },
        { "restore --storage STORE --name n --most-content 9000000000G TARGET", "is not a size" },
        { "list", "Option '--storage' is required." },
        { "backup --storage STORE --name n --passphrase-file P --key-file K SOURCE", "--passphrase-file and --key-file exclude one another." },
        { "key", "Say what to do: add, change, remove, list, rotate." },
        { "key frobnicate", "There is no verb 'frobnicate'; there are add, change, remove, list, rotate." },
        { "key remove --storage STORE --key-file K", "Required argument 'SLOT' missing for command: 'remove'." },
        { "key rotate --storage STORE", "Give a key that opens the repository" },
    };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(CommandLines))]
    public void A_command_line_that_cannot_be_meant_is_refused(string commandLine, string message)
    {
        string[] arguments = [.. commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Resolve)];

        ProgramRun run = FreezerProgram.Run([.. arguments, "--json"]).ShouldEndWith(WrongUsage);

        ((string?)run.Document["status"]).Should().Be("failed");
        ((string?)run.Document["error"]).Should().Contain(message.Replace("TARGET", Resolve("TARGET"), StringComparison.Ordinal));
        Directory.Exists(Resolve("STORE")).Should().BeFalse();
        Directory.Exists(Resolve("TARGET")).Should().BeFalse();
    }

    [Fact]
    public void A_person_is_told_on_standard_error_and_shown_the_way()
    {
        ProgramRun run = FreezerProgram.Run("backup", "--name", "n").ShouldEndWith(WrongUsage);

        run.Output.Should().BeEmpty();
        run.Error.Should().StartWith("freezer: ").And.Contain("See freezer backup --help.").And.NotContain("   at ");
    }

    [Theory]
    [InlineData("--help", "restore <DESTINATION>")]
    [InlineData("backup --help", "--restart-always-level <DAYS>")]
    [InlineData("restore --help", "--include <PATH>")]
    [InlineData("list --help", "--storage <URI>")]
    [InlineData("--version", "0.1.0")]
    public void Help_is_no_error(string commandLine, string content) =>
        FreezerProgram.Run(commandLine.Split(' ')).ShouldEndWith(0).Output.Should().Contain(content);

    private string Resolve(string word) => word switch
    {
        "STORE" => Path.Combine(_scratch.Path, "store"),
        "TARGET" => Path.Combine(_scratch.Path, "target"),
        "SOURCE" => _scratch.Make("source"),
        "EMPTY" => "",
        _ => word,
    };
}
