using System.Diagnostics;
using System.Text;

namespace Freezer.Tests.Platform;

/// <summary>Runs a program of this machine; a test that needs one which is missing is skipped by its name.</summary>
internal static class Tool
{
    internal static byte[] RunForBytes(string program, params string[] arguments)
    {
        Skip.If(Find(program) is null, $"{program} is not installed");
        var start = new ProcessStartInfo(Find(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        process.ExitCode.Should().Be(0, "{0} says: {1}", program, errors.Result);
        return output.ToArray();
    }

    internal static string Run(string program, params string[] arguments) => Encoding.UTF8.GetString(RunForBytes(program, arguments));

    private static string? Find(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin"
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Join(folder, program))
            .FirstOrDefault(File.Exists);
}
