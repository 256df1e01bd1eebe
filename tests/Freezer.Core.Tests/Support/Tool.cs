using System.Diagnostics;
using System.Text;

namespace Freezer.Tests.Support;

/// <summary>Programs of this machine that stored bytes must agree with.</summary>
internal static class Tool
{
    // Those of the administrator are not on everybody's path.
    private static readonly string[] _folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), "/usr/local/sbin", "/usr/sbin", "/sbin"];

    internal static bool Exists(string name) => Find(name) is not null;

    /// <summary>Skips the test, by the program's name, where one is not installed.</summary>
    internal static void Require(params string[] names)
    {
        foreach (string name in names)
        {
            Skip.IfNot(Exists(name), $"{name} is not installed");
        }
    }

    /// <summary>Runs a program and gives what it printed. It must end with status 0.</summary>
    internal static string Run(string name, params IEnumerable<string> arguments) => Encoding.UTF8.GetString(RunForBytes(name, arguments));

    internal static byte[] RunForBytes(string name, params IEnumerable<string> arguments)
    {
        (int status, byte[] output, string error) = RunToItsEnd(name, arguments, []);
        return status == 0 ? output : throw new InvalidOperationException($"{name} ended with status {status}: {error}{Encoding.UTF8.GetString(output)}");
    }

    internal static (int Status, string Output, string Error) TryRun(string name, params IEnumerable<string> arguments) => TryRunWith([], name, arguments);

    /// <summary>Runs a program that reads what it is given.</summary>
    internal static (int Status, string Output, string Error) TryRunWith(byte[] input, string name, params IEnumerable<string> arguments)
    {
        (int status, byte[] output, string error) = RunToItsEnd(name, arguments, input);
        return (status, Encoding.UTF8.GetString(output), error);
    }

    private static (int Status, byte[] Output, string Error) RunToItsEnd(string name, IEnumerable<string> arguments, byte[] input)
    {
        var start = new ProcessStartInfo(Find(name) ?? name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException(name);
        Task<string> error = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        Task copying = process.StandardOutput.BaseStream.CopyToAsync(output);
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program that has seen enough closes its input; its status says whether that was right.
        }

        copying.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, output.ToArray(), error.GetAwaiter().GetResult());
    }

    private static string? Find(string name) => _folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
