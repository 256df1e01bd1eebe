using System.Globalization;
using Freezer.Cli.Tests;
using Freezer.Tests.Support;
using Xunit.Abstractions;

namespace Freezer.Interop.Tests;

/// <summary>The memory of a backup and of a restore does not grow with what is backed up.</summary>
public sealed class MemoryTests(ITestOutputHelper output) : IDisposable
{
    private const int LargestPeak = 150 << 10;

    /// <summary>What is in flight is so much for each core.</summary>
    private const string Cores = "DOTNET_PROCESSOR_COUNT=2";

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public void A_tree_of_30_000_small_files_takes_little_memory()
    {
        const int Folders = 100;
        const int Files = 300;
        string source = _scratch.Make("source");
        for (int i = 0; i < Folders; i++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(source, $"folder-{i}")).FullName;
            for (int j = 0; j < Files; j++)
            {
                File.WriteAllText(Path.Combine(folder, $"file-{j}"), $"content of {i} {j}");
            }
        }

        Check(source, (Folders * Files) + Folders);
    }

    [SkippableFact]
    public void A_file_of_1_GiB_takes_little_memory()
    {
        string source = _scratch.Make("source");
        LargeFile.Write(Path.Combine(source, "large"), 1 << 30);
        Check(source, entries: 1);
    }

    private void Check(string source, int entries)
    {
        Tool.Require("time");
        var store = new Store(Path.Combine(_scratch.Path, "store"));
        string target = Path.Combine(_scratch.Path, "target");

        ((long)Measure("full backup", store.BackupCommand(source)).Document["entries"]!).Should().BeGreaterThanOrEqualTo(entries);
        Measure("incremental backup", store.BackupCommand(source));
        ((long)Measure("restore", store.RestoreCommand(target)).Document["entries"]!).Should().BeGreaterThanOrEqualTo(entries);
    }

    private ProgramRun Measure(string what, string[] command)
    {
        string peak = Path.Combine(_scratch.Path, "peak");
        ProgramRun run = FreezerProgram.Finish(FreezerProgram.Start(["time", "-f", "%M", "-o", peak, "env", Cores], command)).ShouldEndWith(0);
        int kibibytes = int.Parse(File.ReadAllText(peak), CultureInfo.InvariantCulture);
        output.WriteLine($"{what}: {kibibytes >> 10} MiB, {run.Document["seconds"]} s");
        kibibytes.Should().BeLessThan(LargestPeak, "this is the {0}", what);
        return run;
    }
}
