using System.Diagnostics;
using System.Text;

namespace Freezer.Tests.Support;

/// <summary>Programs of this machine that stored bytes must agree with.</summary>
internal static class Tool
{
    /// <summary>Skips the test, by the program's name, where it is not installed.</summary>
    internal static void Require(string name) =>
        Skip.IfNot(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator).Any(path => File.Exists(System.IO.Path.Combine(path, name))),
            $"{name} is not installed");

    /// <summary>Runs a program and gives what it printed. It must end with status 0.</summary>
    internal static string Run(string name, IEnumerable<string> arguments, byte[]? input = null)
    {
        (int status, string output, string error) = TryRun(name, arguments, input);
        return status == 0 ? output : throw new InvalidOperationException($"{name} ended with status {status}: {error}{output}");
    }

    internal static (int Status, string Output, string Error) TryRun(string name, IEnumerable<string> arguments, byte[]? input = null)
    {
        var start = new ProcessStartInfo(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException(name);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.BaseStream.Write(input ?? []);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program that has seen enough closes its input; its status says whether that was right.
            process.WaitForExit();
        }

        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
