using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Freezer.Cli.Tests;

/// <summary>The program as it was built, run as a process.</summary>
internal static class FreezerProgram
{
    internal static string Path { get; } = Built("FreezerProgram");

    /// <summary>The sample that decrypts without the library.</summary>
    private static string Decryptor => Built("DecryptorProgram");

    private static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    internal static ProgramRun Run(params string[] arguments) => Finish(Start([], arguments));

    /// <summary>Runs the decryptor, and gives what it wrote as it is.</summary>
    internal static (int Status, byte[] Output) Decrypt(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Host, ["exec", Decryptor, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        error.GetAwaiter().GetResult().Should().Match(text => text.Length == 0 || process.ExitCode != 0);
        return (process.ExitCode, output.ToArray());
    }

    /// <summary>Runs the program as a user who owns nothing.</summary>
    internal static ProgramRun RunAsNobody(params string[] arguments) => Finish(Start(AsNobody, arguments));

    /// <summary>What makes another program run as that user.</summary>
    internal static string[] AsNobody { get; } = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    private static string Built(string name) => System.IO.Path.GetFullPath(
        typeof(FreezerProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == name).Value!);

    internal static Process Start(string[] wrapper, params string[] arguments)
    {
        string[] command = [.. wrapper, Host, "exec", Path, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        return Process.Start(start) ?? throw new InvalidOperationException(command[0]);
    }

    internal static ProgramRun Finish(Process process)
    {
        using (process)
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            process.WaitForExit();
            return new ProgramRun(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
    }
}

/// <summary>How a run ended.</summary>
internal sealed record ProgramRun(int Status, string Output, string Error)
{
    /// <summary>The one document on standard output; anything else there is an error.</summary>
    internal JsonObject Document => JsonNode.Parse(Output, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false })!.AsObject();

    internal ProgramRun ShouldEndWith(int status)
    {
        Status.Should().Be(status, "it said: {0}{1}", Error, Output);
        return this;
    }
}
