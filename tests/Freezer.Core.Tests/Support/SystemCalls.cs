using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Freezer.Tests.Support;

/// <summary>The calls that this process makes and that change names or wait for the disk.</summary>
internal static partial class SystemCalls
{
    private const int SigInt = 2;

    /// <summary>The calls on what lies below a directory, one a line: the call's name, then its arguments with the paths of descriptors.</summary>
    internal static async Task<string[]> TraceAsync(string directory, Func<Task> action)
    {
        string log = Path.GetTempFileName();
        try
        {
            using Process tracer = Process.Start(new ProcessStartInfo("strace",
            [
                "-f", "-y", "-s", "4096", "-o", log, "-e", "trace=fsync,fdatasync,link,linkat,unlink,unlinkat,rename,renameat,renameat2,rmdir",
                "-p", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ])
            { RedirectStandardError = true })!;
            try
            {
                // It says that it is attached to all threads; until then calls would go by unseen.
                string? line = await tracer.StandardError.ReadLineAsync();
                Skip.If(line?.Contains("attached", StringComparison.Ordinal) != true, "strace may not attach to this process");
                Task draining = tracer.StandardError.ReadToEndAsync();
                await action();
                Kill(tracer.Id, SigInt).Should().Be(0);
                await tracer.WaitForExitAsync();
                await draining;
            }
            finally
            {
                if (!tracer.HasExited)
                {
                    tracer.Kill();
                }
            }

            return [.. (await File.ReadAllLinesAsync(log))
                .Where(call => call.Contains(directory, StringComparison.Ordinal) && !call.Contains("resumed", StringComparison.Ordinal))
                .Select(call => Regex.Replace(call, @"^\d+\s+(\w+)\(", "$1 "))];
        }
        finally
        {
            File.Delete(log);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>Tests that trace this process: one at a time, and with nothing beside them. A tracer that lets go while a process is being started waits for it, and it for the tracer.</summary>
[CollectionDefinition(nameof(SystemCalls), DisableParallelization = true)]
public sealed class SystemCallsDefinition;
