using System.Text.Json.Nodes;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

/// <summary>The main job, as a script would have it done.</summary>
public sealed class BackupAndRestoreTests(SampleRepository sample) : IClassFixture<SampleRepository>, IDisposable
{
    private const int Failed = 1;
    private const int CompleteWithSkips = 3;

    private static readonly string[] _backupMembers =
    [
        "status", "error", "engine", "name", "level", "timestamp", "id", "parent", "entries", "skipped", "skips", "notes", "seconds",
        "bytesRead", "bytesStored", "compression", "newChainReason",
    ];

    private static readonly string[] _restoreMembers =
    [
        "status", "error", "engine", "name", "level", "timestamp", "id", "parent", "entries", "skipped", "skips", "notes", "seconds",
        "destination", "bytesWritten",
    ];

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Levels_rise_and_name_their_parents()
    {
        for (int level = 0; level < 3; level++)
        {
            JsonObject document = sample.Backups[level];
            document.Select(static member => member.Key).Should().BeEquivalentTo(_backupMembers);
            ((string?)document["status"]).Should().Be("complete");
            ((string?)document["engine"]).Should().Be("tar");
            ((string?)document["name"]).Should().Be(SampleRepository.Name);
            ((int?)document["level"]).Should().Be(level);
            ((string?)document["parent"]).Should().Be(level == 0 ? null : (string?)sample.Backups[level - 1]["id"]);
            ((long?)document["skipped"]).Should().Be(0);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Each_level_comes_back_by_its_time(int level)
    {
        ProgramRun run = Restore("--to", sample.Timestamp(level)).ShouldEndWith(0);

        run.Document.Select(static member => member.Key).Should().BeEquivalentTo(_restoreMembers);
        ((int?)run.Document["level"]).Should().Be(level);
        ((string?)run.Document["id"]).Should().Be((string?)sample.Backups[level]["id"]);
        Directory.GetFiles(Target).Select(Path.GetFileName).Should().BeEquivalentTo(Enumerable.Range(0, level + 1).Select(static number => $"file-{number}"));
    }

    [Fact]
    public void A_date_means_its_end()
    {
        string date = DateTimeOffset.FromUnixTimeSeconds((long)sample.Backups[2]["timestamp"]!).ToString("yyyy-MM-dd", null);

        ((int?)Restore("--to", date).ShouldEndWith(0).Document["level"]).Should().Be(2);
    }

    [Fact]
    public void A_time_is_UTC_unless_it_has_a_zone()
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds((long)sample.Backups[1]["timestamp"]!);

        ((int?)Restore("--to", time.ToString("yyyy-MM-ddTHH:mm:ss", null)).ShouldEndWith(0).Document["level"]).Should().Be(1);
        ((int?)Restore("--overwrite", "--to", time.ToOffset(TimeSpan.FromHours(5)).ToString("yyyy-MM-dd HH:mm:sszzz", null)).ShouldEndWith(0).Document["level"]).Should().Be(1);
    }

    [Fact]
    public void Include_restores_what_it_names_alone()
    {
        Restore("--include", "./file-1").ShouldEndWith(0);

        Directory.GetFiles(Target).Select(Path.GetFileName).Should().Equal("file-1");
    }

    [Fact]
    public void Include_of_what_is_not_there_fails() =>
        ((string?)Restore("--include", "file-9").ShouldEndWith(Failed).Document["error"]).Should().Contain("file-9");

    [Fact]
    public void A_date_before_the_first_backup_says_which_one_is_first() =>
        ((string?)Restore("--to", "2001-01-01").ShouldEndWith(Failed).Document["error"]).Should().Contain("2001-01-01").And.Contain("the first one is of");

    [Fact]
    public void An_unknown_name_fails()
    {
        ProgramRun run = FreezerProgram.Run("restore", "--storage", sample.Storage, "--name", "nobody", "--json", Target).ShouldEndWith(Failed);

        ((string?)run.Document["status"]).Should().Be("failed");
        ((string?)run.Document["name"]).Should().Be("nobody");
        ((string?)run.Document["error"]).Should().Contain("'nobody'");
    }

    [Fact]
    public void A_storage_that_is_not_there_is_not_an_empty_one()
    {
        string storage = Path.Combine(_scratch.Path, "nowhere");

        ((string?)FreezerProgram.Run("list", "--storage", storage, "--json").ShouldEndWith(Failed).Document["error"]).Should().Contain("There is no storage at");
        ((string?)FreezerProgram.Run("restore", "--storage", storage, "--name", "n", "--json", Target).ShouldEndWith(Failed).Document["error"]).Should().Contain("There is no storage at");
        Directory.Exists(storage).Should().BeFalse();
    }

    [Fact]
    public void A_source_that_does_not_exist_fails_and_leaves_no_backup()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        string source = Path.Combine(_scratch.Path, "nothing");

        ((string?)Backup(storage, source).ShouldEndWith(Failed).Document["error"]).Should().Contain(source);
        Directory.EnumerateFiles(_scratch.Make("store"), "*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public void A_destination_that_is_a_file_fails()
    {
        File.WriteAllText(Target, "mine");

        ((string?)Restore().ShouldEndWith(Failed).Document["error"]).Should().Contain(Target);
        File.ReadAllText(Target).Should().Be("mine");
    }

    [Fact]
    public void A_destination_with_something_in_it_wants_overwrite()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "mine"), "mine");

        Restore().ShouldEndWith(Failed);
        Directory.GetFiles(Target).Should().ContainSingle();

        Restore("--overwrite").ShouldEndWith(0);
        File.ReadAllText(Path.Combine(Target, "mine")).Should().Be("mine");
        Directory.GetFiles(Target).Should().HaveCount(4);
    }

    [Fact]
    public void Several_sources_each_keep_their_names()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        File.WriteAllText(Path.Combine(_scratch.Make("one"), "a"), "1");
        File.WriteAllText(Path.Combine(_scratch.Make("two"), "a"), "2");

        Backup(storage, Path.Combine(_scratch.Path, "one"), Path.Combine(_scratch.Path, "two")).ShouldEndWith(0);
        FreezerProgram.Run("restore", "--storage", storage, "--name", "n", Target).ShouldEndWith(0);

        File.ReadAllText(Path.Combine(Target, "one", "a")).Should().Be("1");
        File.ReadAllText(Path.Combine(Target, "two", "a")).Should().Be("2");
    }

    [Fact]
    public void What_is_excluded_is_left_out()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        string source = _scratch.Make("source");
        File.WriteAllText(Path.Combine(source, "kept"), "1");
        File.WriteAllText(Path.Combine(source, "left.tmp"), "2");
        File.WriteAllText(Path.Combine(source, "left.log"), "3");

        Backup(storage, "--exclude", "*.tmp", source, "--exclude=*.log").ShouldEndWith(0);
        FreezerProgram.Run("restore", "--storage", storage, "--name", "n", Target).ShouldEndWith(0);

        Directory.GetFiles(Target).Select(Path.GetFileName).Should().Equal("kept");
    }

    [Fact]
    public void Options_may_follow_and_two_hyphens_end_them()
    {
        string source = _scratch.Make("--odd");
        File.WriteAllText(Path.Combine(source, "a"), "1");

        FreezerProgram.Run("backup", source, "--name", "n", "--storage", $"file://{_scratch.Path}/store", "--json").ShouldEndWith(0);
        ProgramRun run = FreezerProgram.Run("backup", "--json", "--storage", Path.Combine(_scratch.Path, "store"), "--name", "n", "--", "--odd").ShouldEndWith(Failed);

        ((string?)run.Document["error"]).Should().Contain("--odd", "the current directory has no such source");
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip:1")]
    [InlineData("zstd:1")]
    [InlineData("bzip2:1")]
    [InlineData("xz:0")]
    public void Every_compression_comes_back(string compression)
    {
        string storage = Path.Combine(_scratch.Path, "store");
        File.WriteAllText(Path.Combine(_scratch.Make("source"), "a"), new string('a', 100_000));

        ProgramRun run = Backup(storage, "--compression", compression, Path.Combine(_scratch.Path, "source")).ShouldEndWith(0);
        FreezerProgram.Run("restore", "--storage", storage, "--name", "n", Target).ShouldEndWith(0);

        ((string?)run.Document["compression"]).Should().StartWith(compression);
        File.ReadAllText(Path.Combine(Target, "a")).Should().Be(new string('a', 100_000));
    }

    [Fact]
    public void A_volume_comes_back()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        string volume = Path.Combine(_scratch.Path, "volume");
        byte[] content = new byte[1 << 20];
        new Random(7).NextBytes(content.AsSpan(100_000, 300_000));
        File.WriteAllBytes(volume, content);

        ((int?)Backup(storage, "--engine", "block", volume).ShouldEndWith(0).Document["level"]).Should().Be(0);
        ((int?)Backup(storage, "--engine", "block", volume).ShouldEndWith(0).Document["level"]).Should().Be(1);
        FreezerProgram.Run("restore", "--storage", storage, "--name", "n", "--engine", "block", Target).ShouldEndWith(0);

        File.ReadAllBytes(Target).Should().Equal(content);
    }

    [Fact]
    public void A_volume_that_is_named_in_another_way_is_the_same_one()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        string volume = Path.Combine(_scratch.Path, "volume");
        File.WriteAllBytes(volume, new byte[5000]);

        Backup(storage, "--engine", "block", volume).ShouldEndWith(0);
        ProgramRun run = Backup(storage, "--engine", "block", Path.GetRelativePath(Environment.CurrentDirectory, volume)).ShouldEndWith(0);

        ((int?)run.Document["level"]).Should().Be(1, "it said: {0}", run.Document["newChainReason"]);
    }

    [Fact]
    public void Where_only_a_volume_has_the_name_the_engine_is_asked_for()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        string volume = Path.Combine(_scratch.Path, "volume");
        File.WriteAllBytes(volume, new byte[5000]);
        Backup(storage, "--engine", "block", volume).ShouldEndWith(0);
        string[] restore = ["restore", "--storage", storage, "--name", "n", "--json", Target];

        ((string?)FreezerProgram.Run(restore).ShouldEndWith(Failed).Document["error"]).Should().Contain("give --engine block");
        ((string?)FreezerProgram.Run([.. restore, "--engine", "tar"]).ShouldEndWith(Failed).Document["error"]).Should().NotContain("give --engine block");
    }

    [Fact]
    public void What_is_written_over_and_how_much_comes_out_is_asked_for_by_the_names_of_the_options()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "mine"), "mine");

        ((string?)Restore().ShouldEndWith(Failed).Document["error"]).Should().Contain("--overwrite").And.NotContain("RestoreOptions");
        ((string?)Restore("--overwrite", "--most-content", "100").ShouldEndWith(Failed).Document["error"]).Should().Contain("not trusted").And.Contain("--most-content");
        Restore("--overwrite", "--most-content", "1M").ShouldEndWith(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_storage_below_the_source_is_left_out_of_its_own_backup(bool severalSources)
    {
        string source = _scratch.Make("source");
        string storage = Path.Combine(source, "odd [*] name ", "store");
        File.WriteAllText(Path.Combine(source, "a"), "1");
        string[] sources = severalSources ? [source, _scratch.Make("other")] : [source];

        Backup(storage, sources).ShouldEndWith(0);
        Backup(storage, sources).ShouldEndWith(0);
        FreezerProgram.Run("restore", "--storage", storage, "--name", "n", Target).ShouldEndWith(0);

        Directory.EnumerateFiles(Target, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Should().Equal("a");
        ((string?)Backup(source, source).ShouldEndWith(2).Document["error"]).Should().Contain("is the storage itself");
    }

    [Fact]
    public void A_storage_that_is_a_file_is_named_as_such()
    {
        string storage = Path.Combine(_scratch.Path, "store");
        File.WriteAllText(storage, "mine");

        ((string?)Backup(storage, _scratch.Make("source")).ShouldEndWith(Failed).Document["error"]).Should().Contain($"'{storage}': it is a file");
    }

    [SkippableTheory]
    [InlineData("--json")]
    [InlineData("--verbose")]
    public void A_report_that_cannot_be_written_is_a_failure_without_a_crash(string option)
    {
        Skip.IfNot(File.Exists("/dev/full"), "there is no /dev/full");

        ProgramRun run = FreezerProgram.Finish(FreezerProgram.Start(["sh", "-c", "exec \"$@\" > /dev/full", "sh"], "list", "--storage", sample.Storage, option)).ShouldEndWith(Failed);

        run.Error.Should().Contain("freezer: It ended with the status 'complete', but the report cannot be written: ").And.NotContain("   at ");
    }

    [SkippableFact]
    public void What_cannot_be_read_is_skipped_and_told()
    {
        RequireNobody();
        string source = _scratch.Make("source");
        string storage = _scratch.Make("store");
        File.WriteAllText(Path.Combine(source, "open"), "1");
        File.WriteAllText(Path.Combine(source, "closed"), "2");
        Tool.Run("chmod", ["0600", Path.Combine(source, "closed")]);
        Tool.Run("chmod", ["0755", _scratch.Path, source]);
        Tool.Run("chmod", ["0777", storage]);
        string[] backup = ["backup", "--storage", storage, "--name", "n", source];

        ProgramRun run = FreezerProgram.RunAsNobody([.. backup, "--json"]).ShouldEndWith(CompleteWithSkips);
        ((string?)run.Document["status"]).Should().Be("complete-with-skips");
        ((long?)run.Document["skipped"]).Should().Be(1);
        JsonNode skip = run.Document["skips"]!.AsArray().Should().ContainSingle().Subject!;
        ((string?)skip["path"]).Should().Be("closed");
        ((string?)skip["kind"]).Should().Be("unreadable");
        ((string?)skip["reason"]).Should().NotBeEmpty();

        FreezerProgram.RunAsNobody(backup).ShouldEndWith(CompleteWithSkips).Output.Should().Contain("1 entry was skipped").And.Contain("closed: ");
        FreezerProgram.RunAsNobody([.. backup, "--fail-on-skip"]).ShouldEndWith(Failed).Error.Should().Contain("closed");
    }

    [SkippableFact]
    public void A_source_and_a_storage_without_permission_fail()
    {
        RequireNobody();
        string closed = _scratch.Make("closed");
        string source = _scratch.Make("source");
        Tool.Run("chmod", ["0700", closed]);
        Tool.Run("chmod", ["0755", _scratch.Path, source]);

        FreezerProgram.RunAsNobody("backup", "--storage", Path.Combine(closed, "store"), "--name", "n", source).ShouldEndWith(Failed).Error.Should().StartWith("freezer: ").And.NotContain("   at ");
        Tool.Run("chmod", ["0777", _scratch.Make("store")]);
        FreezerProgram.RunAsNobody("backup", "--storage", Path.Combine(_scratch.Path, "store"), "--name", "n", closed).ShouldEndWith(Failed).Error.Should().Contain(closed);
    }

    private string Target => Path.Combine(_scratch.Path, "target");

    private ProgramRun Restore(params string[] options) =>
        FreezerProgram.Run(["restore", "--storage", sample.Storage, "--name", SampleRepository.Name, "--json", .. options, Target]);

    private static ProgramRun Backup(string storage, params string[] arguments) =>
        FreezerProgram.Run(["backup", "--storage", storage, "--name", "n", "--json", .. arguments]);

    /// <summary>Permissions mean nothing to root: the program runs as somebody else, who must be able to read it.</summary>
    private static void RequireNobody()
    {
        Tool.Require("setpriv");
        string[] command = FreezerProgram.AsNobody;
        Skip.IfNot(
            Tool.TryRun(command[0], [.. command[1..], "test", "-r", FreezerProgram.Path]).Status == 0,
            "setpriv cannot run the program as another user");
    }
}
