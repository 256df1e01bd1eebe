using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Freezer.Tests.Support;

/// <summary>The calls that this process makes and that change names or wait for the disk.</summary>
internal static class SystemCalls
{
    // A process has one tracer at a time.
    private static readonly SemaphoreSlim _turn = new(1);

    /// <summary>The calls on what lies below a directory, one a line: the call's name, then its arguments with the paths of descriptors.</summary>
    internal static async Task<string[]> TraceAsync(string directory, Func<Task> action)
    {
        await _turn.WaitAsync();
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
                Tool.Run("kill", "-INT", tracer.Id.ToString(CultureInfo.InvariantCulture));
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
            _turn.Release();
        }
    }
}
