using System.Diagnostics;
using System.Globalization;
using Freezer.Tests.Support;

namespace Freezer.Cli.Tests;

public sealed class InterruptionTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void A_signal_cancels_cleanly_and_leaves_nothing(string signal)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no signals");
        string storage = _scratch.Make("store");
        string source = _scratch.Make("source");
        byte[] content = new byte[64 << 20];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(Path.Combine(source, "large"), content);

        // What it logs tells when it is at work; so much to compress keeps it there.
        Process process = FreezerProgram.Start([], "backup", "--storage", storage, "--name", "n", "--compression", "bzip2", "--verbose", "--json", source);
        while (process.StandardError.ReadLine() is { } line && !line.Contains("begins", StringComparison.Ordinal))
        {
        }

        Tool.Run("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        ProgramRun run = FreezerProgram.Finish(process).ShouldEndWith(1);

        ((string?)run.Document["status"]).Should().Be("failed");
        ((string?)run.Document["error"]).Should().Be("The backup was cancelled: nothing of it is listed. Take it again.");
        Directory.EnumerateFiles(storage, "*", SearchOption.AllDirectories).Should().BeEmpty();
    }
}
