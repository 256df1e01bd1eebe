using System.Globalization;
using System.Text.Json.Nodes;
using Freezer.Cli.Tests;
using Freezer.Engines.Tar;
using Freezer.Storage;
using Freezer.Tests.Support;

namespace Freezer.Interop.Tests;

/// <summary>The backups of one name in one directory, by the program and by the library.</summary>
internal sealed class Store(string path, string name = "host_tree")
{
    internal string Path => path;

    internal string Name => name;

    /// <summary>The library on the same storage.</summary>
    internal TarEngine OpenEngine() => new(new FileStorage(path));

    internal ProgramRun Backup(string source, params string[] options) => FreezerProgram.Run(BackupCommand(source, options));

    internal string[] BackupCommand(string source, params string[] options) =>
        ["backup", "--storage", path, "--name", name, "--json", .. options, "--", source];

    internal string[] RestoreCommand(string destination, params string[] options) =>
        ["restore", "--storage", path, "--name", name, "--json", .. options, "--", destination];

    internal ProgramRun Restore(string destination, params string[] options) => FreezerProgram.Run(RestoreCommand(destination, options));

    /// <summary>What the program lists; every one of them must be sound.</summary>
    internal List<JsonObject> List()
    {
        List<JsonObject> backups = [.. FreezerProgram.Run("list", "--storage", path, "--name", name, "--json")
            .ShouldEndWith(0).Document["backups"]!.AsArray().Select(static backup => backup!.AsObject())];
        backups.Should().OnlyContain(static backup => backup["problem"] == null);
        return backups;
    }

    /// <summary>Restores a backup with the library, and compares it with the tree that it was taken of.</summary>
    internal async Task ShouldRestoreAsync(DateTimeOffset timestamp, TreeSnapshot expected)
    {
        using var target = new ScratchDirectory();
        RestoreResult result = await OpenEngine().RestoreAsync(name, target.Path, new RestoreOptions { To = timestamp });
        result.Outcome.Should().Be(BackupOutcome.Complete);
        result.Backup.Timestamp.Should().Be(timestamp);
        expected.DifferencesTo(TreeSnapshot.Take(target.Path)).Should().BeEmpty();
    }

    /// <summary>The object of a backup, as a file.</summary>
    internal string PathOf(Backup backup, string role) => System.IO.Path.Combine(
        path,
        role == "metadata" ? "metadata" : "data",
        backup.EngineName,
        backup.BackupName,
        Seconds(backup.ChainTimestamp),
        $"{backup.Level}_{Seconds(backup.Timestamp)}",
        role);

    internal static string Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
