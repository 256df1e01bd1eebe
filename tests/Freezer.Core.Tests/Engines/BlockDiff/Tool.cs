using System.Diagnostics;

namespace Freezer.Tests.Engines.BlockDiff;

/// <summary>Runs the programs that volumes are checked with.</summary>
internal static class Tool
{
    private static readonly string[] Places = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    internal static bool IsThere(string name) => Places.Any(place => File.Exists(Path.Combine(place, name)));

    /// <summary>Skips a test, by name, where a program is missing.</summary>
    internal static void Require(params string[] names)
    {
        foreach (string name in names)
        {
            Xunit.Skip.IfNot(IsThere(name), $"{name} is not installed");
        }
    }

    internal static async Task<(int ExitCode, string Output)> TryRunAsync(string name, params string[] arguments)
    {
        string path = Places.Select(place => Path.Combine(place, name)).First(File.Exists);
        using Process process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    internal static async Task<string> RunAsync(string name, params string[] arguments)
    {
        (int exitCode, string output) = await TryRunAsync(name, arguments);
        exitCode.Should().Be(0, "{0} {1} said: {2}", name, string.Join(' ', arguments), output);
        return output.Trim();
    }
}
