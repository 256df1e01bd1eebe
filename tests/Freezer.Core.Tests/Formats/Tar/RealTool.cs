using System.Diagnostics;
using System.Globalization;

namespace Freezer.Tests.Formats.Tar;

/// <summary>Programs of this machine that read and write archives, in a directory of the test's own.</summary>
internal sealed class RealTool : IDisposable
{
    private const int SumLength = 64;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("freezer-tar-");

    internal string Root => _root.FullName;

    /// <summary>Whether devices can be made and owners set here.</summary>
    internal bool IsRoot => Run("id -u").Trim() == "0";

    internal bool HasAttributes
    {
        get
        {
            using Process probe = Start("touch probe && setfattr -n user.probe -v 1 probe; status=$?; rm -f probe; exit $status");
            probe.StandardOutput.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0;
        }
    }

    internal string In(string name) => Path.Combine(Root, name);

    /// <summary>Runs a shell script in the directory, in which a failure of any command is one of the test.</summary>
    internal string Run(string script)
    {
        using Process process = Start("set -e\n" + script);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.Should().Be(0, "{0} said {1}", script, errors.GetAwaiter().GetResult());
        return output;
    }

    /// <summary>What lies below a directory, in the words of <c>find</c>: by name, its type, mode, size, time and target.</summary>
    internal Dictionary<string, FoundFile> Find(string directory)
    {
        string[] fields = Run($"cd '{directory}' && find . -mindepth 1 -printf '%P\\0%y\\0%m\\0%s\\0%T@\\0%l\\0%i\\0%U:%G\\0'").Split('\0');
        var found = new Dictionary<string, FoundFile>();
        for (int i = 0; i + 8 < fields.Length; i += 8)
        {
            found.Add(fields[i], new FoundFile(
                fields[i + 1][0], Convert.ToInt32(fields[i + 2], 8), long.Parse(fields[i + 3], CultureInfo.InvariantCulture),
                fields[i + 4], fields[i + 5], fields[i + 6], fields[i + 7]));
        }

        return found;
    }

    /// <summary>The SHA-256 of every regular file below a directory, by name.</summary>
    internal Dictionary<string, string> Sum(string directory) =>
        Run($"cd '{directory}' && find . -type f -exec sha256sum --zero {{}} +").Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line["./".Length..][(SumLength + 2)..], line => line[..SumLength]);

    // .NET cannot delete names that are not UTF-8.
    public void Dispose() => Run($"rm -rf '{Root}'");

    private Process Start(string script)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = System.Text.Encoding.Latin1,
            ArgumentList = { "-c", script },
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        return Process.Start(start)!;
    }
}

/// <summary>A file-system object; its time in seconds with a fraction, its owner as two ids.</summary>
internal sealed record FoundFile(char Type, int Mode, long Size, string Modified, string Target, string Inode, string Owner);
