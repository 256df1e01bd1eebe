using System.Runtime.CompilerServices;
using System.Text;
using Freezer.Tests.Support;

namespace Freezer.Tests.Engines.Tar.Restore;

/// <summary>Restores as a user without privileges, in a process of its own: this test assembly, started with a variable in its environment.</summary>
internal static class UnprivilegedRestore
{
    private const string Variable = "FREEZER_RESTORE_UNPRIVILEGED";
    private const string Nobody = "65534";

    /// <summary>Replays archives into the bench's destination as nobody, and gives the report, a line each.</summary>
    internal static string[] Run(RestoreBench bench, bool isStrict, params byte[][] archives)
    {
        Xunit.Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "only root can run a program as another user");
        Tool.Require("setpriv");
        string shared = bench.MakeDirectory("archives");
        for (int i = 0; i < archives.Length; i++)
        {
            File.WriteAllBytes(Path.Combine(shared, $"{i}"), archives[i]);
        }

        Tool.Run("chmod", ["755", bench.Scratch]);
        bench.MakeDirectory("destination");
        Tool.Run("chown", [$"{Nobody}:{Nobody}", bench.Root]);
        string assembly = typeof(UnprivilegedRestore).Assembly.Location;
        (int status, string output, string error) = Tool.TryRun(
            "setpriv",
            [
                $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--inh-caps=-all",
                "env", $"{Variable}={(isStrict ? "strict" : "lenient")};{shared};{bench.Root}", "DOTNET_CLI_HOME=/tmp",
                Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
                "exec", assembly,
            ]);
        Xunit.Skip.If(status is not (0 or 1), $"nobody cannot start the tests here: {error}");
        status.Should().Be(0, error);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>No thread but this one may use the assembly before it is initialized, and a restore uses several: it runs when the empty
    /// program has ended.</summary>
    [ModuleInitializer]
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } request)
        {
            return;
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Restore(request.Split(';')).GetAwaiter().GetResult();
            }
            catch (Exception e)
            {
                Console.Error.WriteLine(e);
                Environment.ExitCode = 1;
            }
        };
    }

    private static async Task Restore(string[] request)
    {
        byte[][] archives = [.. Directory.GetFiles(request[1]).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        OperationReport report = await RestoreBench.RunAsync(
            request[2],
            Freezer.Platform.FileTree.ForThisMachine,
            new RestoreOptions { Strict = request[0] == "strict" },
            new StoredChain([.. archives.Select(static (archive, level) => new StoredLevel(Levels.Make(level), archive, null))]),
            default);
        foreach (var skip in report.Skips)
        {
            Console.WriteLine($"skip {skip.Path} {skip.Kind} {skip.Reason}");
        }

        foreach (Note note in report.Notes)
        {
            Console.WriteLine($"note {note.Path} {note.Reason}");
        }
    }
}
